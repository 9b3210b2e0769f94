/** DROP of tables, views, materialized views, queries and functions. What others use cannot be
 *  dropped. */

import type { Span } from '../../engine/base/errors.ts'
import { isLogged } from '../../engine/source/table.ts'
import type { Entry, EntryKind, Statement } from '../../sql/index.ts'
import { kindText } from '../../sql/index.ts'
import type { DatabaseParts } from '../database.ts'
import type { StatementResult } from '../statement-result.ts'

export async function drop(
  parts: DatabaseParts,
  statement: Extract<Statement, { kind: 'drop' }>,
): Promise<StatementResult> {
  const { object, name, ifExists } = statement
  const kind: EntryKind = object
  const title = `${kindText(kind)} ${name.text}`
  const { catalog } = parts
  const found = kind === 'function' ? catalog.findFunction(name.text) : catalog.find(name.text)
  if (ifExists && found === undefined) {
    return { kind: 'ok', message: `There is no ${title}` }
  }
  await dropEntry(parts, catalog.expect(kind, name), name.at)
  return { kind: 'ok', message: `${title[0].toUpperCase()}${title.slice(1)} dropped` }
}

/** Takes the entry out of the catalog, saves it, then stops and removes what belonged to it: after
 *  a crash in between, the next start removes the rest. */
export async function dropEntry(parts: DatabaseParts, entry: Entry, at?: Span): Promise<void> {
  const { catalog, queries, streams, intakes, queues, engine, save } = parts
  if (entry.kind === 'table') queries.checkNotSubscribed(entry.id, entry.name)
  catalog.remove(entry, at)
  save()
  if (entry.kind === 'table') {
    await intakes.drop(entry.id)
    await queues.drop(entry.id)
    if (isLogged(entry.spec)) await streams.drop(entry.id)
    await engine.request({ kind: 'forget', tableId: entry.id })
  } else if (entry.kind !== 'view' && entry.kind !== 'function') {
    await queries.stop(entry.id)
  }
}
