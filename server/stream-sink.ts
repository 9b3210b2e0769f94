/** The embedded queue as a sink. Each result is a request with a key made of the job and the
 *  result's number, so that a result which comes again after a crash is recognised: exactly
 *  once. */

import type { Batch } from '../engine/batch/batch.ts'
import type { SinkConnector } from '../engine/source/sink.ts'
import type { TableSpec } from '../engine/source/table.ts'
import { asUpserts } from './keyed-rows.ts'
import type { Streams } from './streams.ts'

export const streamSink = (streams: Streams): SinkConnector => ({
  name: 'log',
  delivery: 'exactly-once',
  takesChangelog({ primaryKey, changelog }, key) {
    if (primaryKey === undefined) return changelog === true
    return key?.every((column) => primaryKey.includes(column)) === true
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

const rowsFor = ({ primaryKey }: TableSpec, batch: Batch): Batch =>
  primaryKey === undefined ? batch : asUpserts(batch, primaryKey)
