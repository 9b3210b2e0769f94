/** The embedded queue as a sink. Each result is a request with a key made of the job and the
 *  result's number, so that a result which comes again after a crash is recognised: exactly
 *  once. */

import type { Batch } from '../engine/batch/batch.ts'
import type { SinkConnector } from '../engine/source/sink.ts'
import { recordKey, type TableSpec } from '../engine/source/table.ts'
import { asUpserts } from './keyed-rows.ts'
import type { Streams } from './streams.ts'

export const streamSink = (streams: Streams): SinkConnector => ({
  name: 'log',
  delivery: 'exactly-once',
  takesChangelog(table, key) {
    const own = recordKey(table)
    if (own === undefined) return table.changelog === true
    return key?.every((column) => own.includes(column)) === true
  },
  async open(table, { token }) {
    return {
      appliedSeq: undefined,
      async write(frames) {
        // All at once: they share fsyncs, and a split keeps their order.
        await Promise.all(
          frames.map(({ seq, batch }) =>
            streams.append(table.id, rowsFor(table, batch), {
              idempotencyKey: `${token}-${seq}`,
            }),
          ),
        )
      },
      async close() {},
    }
  },
})

function rowsFor(table: TableSpec, batch: Batch): Batch {
  const key = recordKey(table)
  return key === undefined ? batch : asUpserts(batch, key)
}
