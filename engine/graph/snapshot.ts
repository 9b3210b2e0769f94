/** What a checkpoint holds of the dataflow, and the way back. */

import type { Section } from '../operator/operator.ts'
import { type QueryPlan, tablesOf } from '../plan/physical.ts'
import type { TableReaderState } from '../source/table-reader.ts'
import type { Dataflow } from './dataflow.ts'
import type { StageState } from './pipeline.ts'

/** The part of a checkpoint that is not operator state. JSON. */
export interface DataflowMeta {
  readonly nowUs: number
  readonly cursors: readonly CursorMeta[]
}

interface CursorMeta {
  readonly id: string
  readonly tables: Readonly<Record<string, TableReaderState>>
  readonly queries: readonly QueryMeta[]
}

interface QueryMeta {
  readonly id: string
  readonly watermarkUs: number | null
  readonly nextSeq: number
  readonly rowsIn: number
  readonly rowsOut: number
  readonly lateRows: number
  readonly ended: boolean
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
  const cursors = [...dataflow.cursors.values()].map((cursor): CursorMeta => {
    const queries = [...dataflow.queries.values()].filter(
      (query) => query.cursor === cursor && query.error === undefined && !query.transient,
    )
    return {
      id: cursor.id,
      tables: Object.fromEntries([...cursor.readers].map(([id, r]) => [id, r.state()])),
      queries: queries.map((query): QueryMeta => {
        const { pipeline } = query
        const stages = query.ended ? [] : pipeline.snapshot()
        for (const stage of stages) {
          for (const section of stage.sections) {
            sections.set(`${query.id}/${stage.name}/${section.name}`, section)
          }
        }
        return {
          id: query.id,
          watermarkUs: finite(pipeline.watermarkUs),
          nextSeq: query.results.nextSeq,
          rowsIn: pipeline.rowsIn,
          rowsOut: pipeline.rowsOut,
          lateRows: pipeline.lateRows,
          ended: query.ended,
          stages: stages.map(({ name, watermarkUs }) => ({
            name,
            watermarkUs: finite(watermarkUs),
          })),
        }
      }),
    }
  })
  return { meta: { nowUs: dataflow.context.clock.nowUs, cursors }, sections }
}

/** Builds the queries of a checkpoint. Queries that were dropped since are left out. */
export function restoreSnapshot(
  dataflow: Dataflow,
  meta: DataflowMeta,
  sections: ReadonlyMap<string, Section>,
  plans: ReadonlyMap<string, QueryPlan>,
): void {
  for (const { id, tables, queries } of meta.cursors) {
    const cursor = dataflow.restoreCursor(id)
    for (const query of queries) {
      const plan = plans.get(query.id)
      if (plan === undefined) continue
      if (!query.ended) {
        for (const table of tablesOf(plan.root)) {
          if (cursor.readers.has(table.id)) continue
          cursor.readers.set(table.id, dataflow.openReader(table, tables[table.id]))
        }
      }
      restoreQuery(dataflow, plan, id, query, sections)
    }
  }
}

/** The sections whose key begins with `prefix`, under the names that their operator gave them. */
function sectionsUnder(prefix: string, sections: ReadonlyMap<string, Section>): Section[] {
  return [...sections]
    .filter(([key]) => key.startsWith(prefix))
    .map(([key, section]) => ({ ...section, name: key.slice(prefix.length) }))
}

function restoreQuery(
  dataflow: Dataflow,
  plan: QueryPlan,
  cursorId: string,
  meta: QueryMeta,
  sections: ReadonlyMap<string, Section>,
): void {
  const query = dataflow.adopt(plan, dataflow.restoreCursor(cursorId))
  const { pipeline } = query
  const stages = meta.stages.map(
    ({ name, watermarkUs }): StageState => ({
      name,
      watermarkUs: watermarkUs ?? -Infinity,
      sections: sectionsUnder(`${plan.id}/${name}/`, sections),
    }),
  )
  pipeline.restore(stages, meta.ended ? Infinity : (meta.watermarkUs ?? -Infinity))
  pipeline.rowsIn = meta.rowsIn
  pipeline.rowsOut = meta.rowsOut
  pipeline.lateRows = meta.lateRows
  query.results.resume(meta.nextSeq)
  if (meta.ended) {
    query.ended = true
    query.cursor.pipelines.delete(pipeline)
  }
}
