/** UPDATE and DELETE: the rows are looked up as they are now, and the changes stored like records,
 *  all in one request. Statements run one after the other; a record that comes between the look and
 *  the change is older than the change. */

import { Batch } from '../../engine/batch/batch.ts'
import { concat } from '../../engine/batch/concat.ts'
import { decodeBatch } from '../../engine/batch/ipc.ts'
import { recordSchema } from '../../engine/source/stream-frame.ts'
import { recordColumns, type TableSpec } from '../../engine/source/table.ts'
import { type ChangeRows, planChange } from '../../sql/index.ts'
import type { DatabaseParts } from '../database.ts'
import type { StatementResult } from '../statement-result.ts'
import { viewRows } from './select.ts'

/** LIMIT_EXCEEDED, with nothing changed, if it is about more rows than one answer may have. */
export async function changeRows(
  parts: DatabaseParts,
  statement: ChangeRows,
): Promise<StatementResult> {
  const { catalog, engine, streams, config, settings } = parts
  const { table, plan } = planChange(statement, catalog, { session: settings.session })
  const given = await viewRows(parts, plan)
  const rowsMax = config.limits.selectRowsMax
  const { payloads } = await engine.request({ kind: 'run', plan, given, rowsMax })
  const found = payloads.map((payload) => decodeBatch(payload, plan.schema))
  const count = found.reduce((sum, { rowCount }) => sum + rowCount, 0)
  if (count > 0) {
    await streams.append(table.id, concat(found.flatMap((rows) => changesOf(rows, table))))
  }
  const done = statement.kind === 'update' ? 'updated' : 'deleted'
  return { kind: 'ok', message: `${count} row${count === 1 ? '' : 's'} ${done}` }
}

/** A new row takes the place of its key's by itself. */
function changesOf({ columns, rowCount }: Batch, table: TableSpec): Batch[] {
  const { storedCount, primaryKey } = table
  const schema = recordSchema(table)
  const record = recordColumns(table)
  const weighted = (from: number, weight: number) =>
    new Batch(
      schema,
      record.map((column) => columns[from + column]),
      rowCount,
      weight === 1 ? null : new Int32Array(rowCount).fill(weight),
    )
  if (columns.length === storedCount) return [weighted(0, -1)]
  const after = weighted(storedCount, 1)
  return primaryKey === undefined ? [weighted(0, -1), after] : [after]
}
