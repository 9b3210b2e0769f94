/** INSERT INTO … VALUES: all rows are stored, or none is. */

import type { EpochClock } from '../../engine/base/clock.ts'
import { BatchBuilder } from '../../engine/batch/builder.ts'
import type { Value } from '../../engine/batch/value.ts'
import { recordSchema } from '../../engine/source/stream-frame.ts'
import { recordColumns, type TableSpec } from '../../engine/source/table.ts'
import { bindInsert, type Statement } from '../../sql/index.ts'
import type { DatabaseParts } from '../database.ts'
import { type Envelope, enveloped } from '../envelope.ts'
import type { StatementResult } from '../statement-result.ts'

export async function insertValues(
  { catalog, streams, clock, settings }: DatabaseParts,
  statement: Extract<Statement, { kind: 'insert-values' }>,
): Promise<StatementResult> {
  // These rows are data, not a query's result: what they read of time is stored with them.
  const nowUs = clock.nowUs()
  const epoch: EpochClock = { epoch: 0, nowUs, seed: nowUs >>> 0 }
  const { table, rows } = bindInsert(statement, catalog, epoch, settings.session.timeZone)
  const builder = new BatchBuilder(recordSchema(table))
  const record = recordColumns(table)
  for (const row of rows) builder.append(record.map((column) => row[column]))
  const records = { batch: builder.finish(), enveloped: false }
  const said = envelopesOf(table, rows)
  const { count } = await streams.append(
    table.id,
    said === undefined ? records : enveloped(records.batch, said, nowUs),
  )
  return { kind: 'ok', message: `${count} row${count === 1 ? '' : 's'} inserted` }
}

/** What the rows say in metadata columns; undefined if they say nothing. */
function envelopesOf(
  { metadata = [] }: TableSpec,
  rows: readonly (readonly Value[])[],
): Envelope[] | undefined {
  const given = metadata.filter(({ column }) => rows.some((row) => row[column] !== null))
  if (given.length === 0) return undefined
  return rows.map((row) => Object.fromEntries(given.map(({ key, column }) => [key, row[column]])))
}
