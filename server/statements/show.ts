/** SHOW and DESCRIBE. */

import { fail } from '../../engine/base/errors.ts'
import { VARCHAR } from '../../engine/batch/types.ts'
import type { Entry, Name, Statement, TabularEntry } from '../../sql/index.ts'
import {
  type Answer,
  showCreate as createText,
  describe as describeEntry,
  show as showEntries,
  textAnswer,
} from '../../sql/index.ts'
import { CATALOG_CONNECTORS } from '../connectors.ts'
import type { DatabaseParts } from '../database.ts'
import { answerResult, type StatementResult } from '../statement-result.ts'

export async function show(
  parts: DatabaseParts,
  { what }: Extract<Statement, { kind: 'show' }>,
): Promise<StatementResult> {
  const answer = showEntries(what, parts.catalog)
  const runs = what === 'queries' || what === 'materialized-views'
  return answerResult(runs ? await withState(parts, answer) : answer)
}

/** How each query fares, beside its name. */
async function withState({ queries }: DatabaseParts, answer: Answer): Promise<Answer> {
  const infos = new Map((await queries.infos()).map((info) => [info.name, info]))
  const [name, ...others] = answer.columns
  const state = { name: 'state', type: VARCHAR, nullable: true }
  const watermark = { name: 'watermark', type: VARCHAR, nullable: true }
  return {
    columns: [name, state, watermark, ...others],
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
  const entry = object === undefined ? findAny(catalog, name) : catalog.expect(object, name)
  if (entry.kind === 'table' && entry.lateOf !== undefined) {
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
  return answerResult(describeEntry(find(catalog, name)))
}

/** What has this name; a function if nothing else has. */
function findAny(catalog: DatabaseParts['catalog'], name: Name): Entry {
  const entry = catalog.find(name.text, name.at) ?? catalog.findFunction(name.text, name.at)
  return entry ?? catalog.relation(name)
}

function find(catalog: DatabaseParts['catalog'], name: Name): TabularEntry {
  const entry = catalog.find(name.text, name.at)
  // A name that is nothing at all gets the catalog's "did you mean".
  return entry ?? catalog.relation(name)
}
