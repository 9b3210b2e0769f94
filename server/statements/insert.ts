/** INSERT INTO … VALUES: all rows are stored, or none is. */

import type { EpochClock } from '../../engine/base/clock.ts'
import { BatchBuilder } from '../../engine/batch/builder.ts'
import { schemaOf } from '../../engine/batch/schema.ts'
import { bindInsert, type Statement } from '../../sql/index.ts'
import type { DatabaseParts } from '../database.ts'
import type { StatementResult } from '../statement-result.ts'

export async function insertValues(
  { catalog, streams, clock, settings }: DatabaseParts,
  statement: Extract<Statement, { kind: 'insert-values' }>,
): Promise<StatementResult> {
  // These rows are data, not a query's result: what they read of time is stored with them.
  const nowUs = clock.nowUs()
  const epoch: EpochClock = { epoch: 0, nowUs, seed: nowUs >>> 0 }
  const { table, rows } = bindInsert(statement, catalog, epoch, settings.session.timeZone)
  const builder = new BatchBuilder(schemaOf(table.schema.fields.slice(0, table.storedCount)))
  for (const row of rows) builder.append(row)
  const { count } = await streams.append(table.id, builder.finish())
  return { kind: 'ok', message: `${count} row${count === 1 ? '' : 's'} inserted` }
}
