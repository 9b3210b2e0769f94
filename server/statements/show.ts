/** SHOW and DESCRIBE. */

import { fail } from '../../engine/base/errors.ts'
import { VARCHAR } from '../../engine/batch/types.ts'
import { guaranteesOf } from '../../engine/source/guarantee.ts'
import type { Entry, Name, Statement, TabularEntry } from '../../sql/index.ts'
import {
  type Answer,
  showCreate as createText,
  describe as describeEntry,
  filtered,
  describeFunction as functionAnswer,
  type ShowWhat,
  show as showEntries,
  textAnswer,
} from '../../sql/index.ts'
import { CATALOG_CONNECTORS } from '../connectors.ts'
import type { DatabaseParts } from '../database.ts'
import { answerResult, type StatementResult } from '../statement-result.ts'

export async function show(
  parts: DatabaseParts,
  { what, filter }: Extract<Statement, { kind: 'show' }>,
): Promise<StatementResult> {
  const answer = showEntries(what, parts.catalog, filter)
  const runs = what === 'queries' || what === 'materialized-views'
  return answerResult(runs ? await withState(parts, answer) : answer)
}

/** The columns that `show` answers with. */
export function withStateColumns(answer: Answer, what: ShowWhat): Answer {
  if (what !== 'queries' && what !== 'materialized-views') return answer
  const [name, ...others] = answer.columns
  const state = { name: 'state', type: VARCHAR, nullable: true }
  const watermark = { name: 'watermark', type: VARCHAR, nullable: true }
  return { columns: [name, state, watermark, ...others], rows: [] }
}

/** How each query fares, beside its name. */
async function withState({ queries }: DatabaseParts, answer: Answer): Promise<Answer> {
  const infos = new Map((await queries.infos()).map((info) => [info.name, info]))
  return {
    ...withStateColumns(answer, 'queries'),
    rows: answer.rows.map(([first, ...rest]) => {
      const info = infos.get(String(first))
      return [first, info?.state ?? null, info?.watermark ?? null, ...rest]
    }),
  }
}

export function showCreate(
  { catalog }: DatabaseParts,
  { name, object }: Extract<Statement, { kind: 'show-create' }>,
): StatementResult {
  const entry =
    object === undefined ? findRelation(catalog, name, true) : catalog.expect(object, name)
  if (entry.kind === 'table' && entry.sideOf !== undefined) {
    fail('UNSUPPORTED', `${entry.name} is kept by Millrace itself: no statement makes it`, {
      at: name.at,
      hint: 'DESCRIBE shows its columns.',
    })
  }
  return answerResult({
    ...textAnswer('statement', ''),
    rows: [[createText(entry, CATALOG_CONNECTORS)]],
  })
}

/** Columns of a table, view, materialized view or query. */
export function describe(
  { catalog }: DatabaseParts,
  { name }: Extract<Statement, { kind: 'describe' }>,
): StatementResult {
  const entry = findRelation(catalog, name)
  return answerResult(describeEntry(entry, connectorFacts(entry)))
}

/** Of a table outside: where it is, and what that promises. */
function connectorFacts(entry: TabularEntry) {
  if (entry.kind !== 'table' || entry.spec.connector === 'log') return []
  const { connector, options } = entry.spec
  const spec = CATALOG_CONNECTORS.get(connector)
  const guarantees = spec === undefined ? [] : guaranteesOf(spec, options)
  return [
    { name: 'connector', value: connector },
    ...guarantees.map(({ way, text }) => ({ name: way, value: text })),
  ]
}

/** SHOW COLUMNS: DESCRIBE with a filter. */
export function showColumns(
  { catalog }: DatabaseParts,
  { name, filter }: Extract<Statement, { kind: 'show-columns' }>,
): StatementResult {
  return answerResult(filtered(describeEntry(findRelation(catalog, name)), filter))
}

export function describeFunction(
  { catalog }: DatabaseParts,
  { name }: Extract<Statement, { kind: 'describe-function' }>,
): StatementResult {
  return answerResult(functionAnswer(name, catalog))
}

/** What has this name; with `functions` a function, if nothing else has. A name that is nothing at
 *  all gets the catalog's "did you mean". */
export function findRelation(catalog: DatabaseParts['catalog'], name: Name): TabularEntry
export function findRelation(
  catalog: DatabaseParts['catalog'],
  name: Name,
  functions: boolean,
): Entry
export function findRelation(
  catalog: DatabaseParts['catalog'],
  name: Name,
  functions = false,
): Entry {
  const entry = catalog.find(name.text, name.at)
  const called = functions ? catalog.findFunction(name.text, name.at) : undefined
  return entry ?? called ?? catalog.relation(name)
}
