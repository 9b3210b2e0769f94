/** ALTER TABLE: another form of a table whose records stay. The catalog comes first: records of the
 *  new form are only written when a start would read them as such. */

import { fail } from '../../engine/base/errors.ts'
import { columnIds } from '../../engine/source/layout.ts'
import { isLogged } from '../../engine/source/table.ts'
import { defineAlteredTable, type Statement, type TableEntry } from '../../sql/index.ts'
import type { DatabaseParts } from '../database.ts'
import type { StatementResult } from '../statement-result.ts'
import { surroundings, swapEntries } from './redefine.ts'

type Alter = Extract<Statement, { kind: 'alter' }>
type Action = Parameters<typeof defineAlteredTable>[1]

/** What `defineAlteredTable` raises; IN_USE for a subscription that reads what is to go. */
export async function alterTable(
  parts: DatabaseParts,
  { name, at }: Alter,
  action: Action,
): Promise<StatementResult> {
  const { catalog, engine, streams, intakes } = parts
  const before = catalog.expect('table', name)
  const entries = defineAlteredTable(before, action, surroundings(parts), at)
  const after = entries[0].after as TableEntry
  refuseSubscribed(parts, before, after)
  swapEntries(parts, entries)
  if (isLogged(after.spec)) await streams.alter(after.spec)
  await engine.request({ kind: 'alter-table', table: after.spec })
  if (after.spec.intake) {
    await intakes.stop(after.id)
    intakes.start(after.spec)
  }
  return { kind: 'ok', message: `Table ${after.name} altered` }
}

/** A subscription goes on if it reads no column that goes, and reads them as before. */
function refuseSubscribed({ queries }: DatabaseParts, before: TableEntry, after: TableEntry): void {
  const left = new Set(columnIds(after.spec))
  const readers = queries.subscriptionsOf(before.id)
  if (readers.length === 0) return
  const isSame = before.spec.watermark?.column === undefined && after.spec.watermark === undefined
  const keeps = columnIds(before.spec).every((id) => left.has(id))
  const isReadAlike =
    isSame || (before.watermarkText === after.watermarkText && after.spec.watermark !== undefined)
  if (keeps && isReadAlike && String(before.spec.primaryKey) === String(after.spec.primaryKey))
    return
  fail('IN_USE', `The table ${before.name} is read by ${readers.length} open subscription(s)`, {
    hint: 'Wait until their clients have left.',
  })
}
