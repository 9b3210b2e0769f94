/** What a checkpoint holds of the dataflow, and the way back. */

import { type ErrorJson, errorFromJson } from '../base/errors.ts'
import type { Section } from '../operator/operator.ts'
import { type QueryPlan, tablesOf } from '../plan/physical.ts'
import type { TableReaderState } from '../source/table-reader.ts'
import type { Dataflow } from './dataflow.ts'
import type { StageState } from './pipeline.ts'
import type { Query } from './query.ts'

/** The part of a checkpoint that is not operator state. JSON. */
export interface DataflowMeta {
  readonly nowUs: number
  readonly cursors: readonly CursorMeta[]
  readonly queries: readonly QueryMeta[]
}

interface CursorMeta {
  readonly id: string
  readonly paused: boolean
  readonly tables: Readonly<Record<string, TableReaderState>>
}

interface QueryMeta {
  readonly id: string
  /** null: it reads no more. */
  readonly cursor: string | null
  readonly watermarkUs: number | null
  readonly nextSeq: number
  readonly rowsIn: number
  readonly rowsOut: number
  readonly lateRows: number
  readonly ended: boolean
  readonly error?: ErrorJson
  readonly stages: readonly { readonly name: string; readonly watermarkUs: number | null }[]
}

export interface DataflowSnapshot {
  readonly meta: DataflowMeta
  /** Copies: the pipeline may go on at once. By `<query>/<stage>/<section>`. */
  readonly sections: Map<string, Section>
}

/** JSON has no Infinity: null is "none yet", and "ended" is said by the query. */
const finite = (us: number): number | null => (Number.isFinite(us) ? us : null)

export function takeSnapshot(dataflow: Dataflow): DataflowSnapshot {
  const sections = new Map<string, Section>()
  const cursors = [...dataflow.cursors.values()].map(
    (cursor): CursorMeta => ({
      id: cursor.id,
      paused: cursor.paused,
      tables: Object.fromEntries([...cursor.readers].map(([id, r]) => [id, r.state()])),
    }),
  )
  const queries = [...dataflow.queries.values()]
    .filter((query) => !query.transient)
    .map((query) => snapshotQuery(query, sections))
  return { meta: { nowUs: dataflow.context.clock.nowUs, cursors, queries }, sections }
}

function snapshotQuery(query: Query, sections: Map<string, Section>): QueryMeta {
  const { pipeline, error, ended, running } = query
  const stages = running ? pipeline.snapshot() : []
  for (const stage of stages) {
    for (const section of stage.sections) {
      sections.set(`${query.id}/${stage.name}/${section.name}`, section)
    }
  }
  return {
    id: query.id,
    cursor: running ? query.cursor.id : null,
    watermarkUs: finite(pipeline.watermarkUs),
    nextSeq: query.results.nextSeq,
    rowsIn: pipeline.rowsIn,
    rowsOut: pipeline.rowsOut,
    lateRows: pipeline.lateRows,
    ended,
    ...(error === undefined ? {} : { error: error.toJSON() }),
    stages: stages.map(({ name, watermarkUs }) => ({ name, watermarkUs: finite(watermarkUs) })),
  }
}

/** Builds the queries of a checkpoint. Queries that were dropped since are left out. */
export function restoreSnapshot(
  dataflow: Dataflow,
  meta: DataflowMeta,
  sections: ReadonlyMap<string, Section>,
  plans: ReadonlyMap<string, QueryPlan>,
): void {
  const cursors = new Map(meta.cursors.map((cursor) => [cursor.id, cursor]))
  for (const query of meta.queries) {
    const plan = plans.get(query.id)
    if (plan === undefined) continue
    const from = query.cursor === null ? undefined : cursors.get(query.cursor)
    const cursor = dataflow.cursor(from?.id ?? dataflow.main.id)
    if (from !== undefined) {
      cursor.paused = from.paused
      for (const table of tablesOf(plan.root)) {
        if (cursor.readers.has(table.id)) continue
        cursor.readers.set(table.id, dataflow.openReader(table, from.tables[table.id]))
      }
    }
    const restored = dataflow.adopt(plan, cursor)
    restored.paused = from?.paused ?? false
    restoreQuery(restored, query, sections)
  }
}

/** The sections whose key begins with `prefix`, under the names that their operator gave them. */
function sectionsUnder(prefix: string, sections: ReadonlyMap<string, Section>): Section[] {
  return [...sections]
    .filter(([key]) => key.startsWith(prefix))
    .map(([key, section]) => ({ ...section, name: key.slice(prefix.length) }))
}

function restoreQuery(query: Query, meta: QueryMeta, sections: ReadonlyMap<string, Section>): void {
  const { pipeline } = query
  const stages = meta.stages.map(
    ({ name, watermarkUs }): StageState => ({
      name,
      watermarkUs: watermarkUs ?? -Infinity,
      sections: sectionsUnder(`${query.id}/${name}/`, sections),
    }),
  )
  pipeline.restore(stages, meta.ended ? Infinity : (meta.watermarkUs ?? -Infinity))
  pipeline.rowsIn = meta.rowsIn
  pipeline.rowsOut = meta.rowsOut
  pipeline.lateRows = meta.lateRows
  query.results.resume(meta.nextSeq)
  query.ended = meta.ended
  if (meta.error !== undefined) query.fail(errorFromJson(meta.error))
  if (!query.running) query.cursor.pipelines.delete(pipeline)
}
