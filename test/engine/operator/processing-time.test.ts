import { expect, test } from 'vitest'
import { BatchBuilder } from '../../../engine/batch/builder.ts'
import { rowsOf } from '../../../engine/batch/rows.ts'
import { schemaOf } from '../../../engine/batch/schema.ts'
import { BIGINT, TIMESTAMP_LTZ } from '../../../engine/batch/types.ts'
import { Pipeline } from '../../../engine/graph/pipeline.ts'
import type { QueryPlan } from '../../../engine/plan/physical.ts'
import { drive, fields } from './run.ts'

const input = fields({ proc: TIMESTAMP_LTZ })
const SECOND = 1_000_000

test('the watermark is the clock in whole milliseconds, whatever the input says', () => {
  const op = drive('processing-time', { timeColumn: 0 }, input)
  op.watermark(99 * SECOND)
  op.batch('1970-01-01T00:00:01.000Z', [99 * SECOND])
  op.epoch(1_234_567)
  op.epoch(1_234_999)
  op.epoch(2_000_000)
  expect(op.watermarks).toEqual([1_234_000, 1_234_000, 2_000_000])
  expect(op.late).toEqual([])
})

test('the end of the input is the end of time, also after a restart', () => {
  const op = drive('processing-time', { timeColumn: 0 }, input)
  op.epoch(SECOND)
  op.watermark(Infinity)
  const again = op.restarted()
  again.epoch(2 * SECOND)
  expect(op.watermarks).toEqual([SECOND, Infinity])
  expect(again.watermarks).toEqual([])
})

test('refuses rows that may be taken back', () => {
  const refused = () => drive('processing-time', { timeColumn: 0 }, input, { changelog: true })
  expect(refused).toThrow(/no time at which they are processed/)
})

const table = { id: 't', name: 't', schema: schemaOf(input), storedCount: 1, computed: [] }
const outputFields = fields({ n: BIGINT, window_start: TIMESTAMP_LTZ, window_end: TIMESTAMP_LTZ })

/** COUNT(*) in ten seconds of processing time. */
const plan: QueryPlan = {
  ...{ id: 'q', name: 'q', sql: '', schema: schemaOf(outputFields), appendOnly: true },
  root: {
    kind: 'window-aggregate',
    node: {
      window: { kind: 'tumble', sizeUs: 10 * SECOND, offsetUs: 0 },
      timeColumn: 0,
      keys: [],
      aggregates: [{ name: 'COUNT', args: [], distinct: false, type: BIGINT }],
      windowColumns: ['window_start', 'window_end'],
      fields: outputFields,
      emit: { kind: 'close' },
    },
    inputs: [
      {
        kind: 'processing-time',
        node: { timeColumn: 0 },
        inputs: [
          { kind: 'source', table: { ...table, connector: 'log', options: {} }, columns: [0] },
        ],
      },
    ],
  },
}

test('a window asks for an epoch at its end, and closes without rows', () => {
  const clock = { epoch: 0, nowUs: 3 * SECOND, seed: 1 }
  const pipeline = new Pipeline(plan, { clock, batchRowsMax: 16 })
  expect(pipeline.endEpoch()).toBeNull()
  expect(pipeline.dueUs()).toBe(Infinity)
  const rows = new BatchBuilder(table.schema)
  rows.append([3 * SECOND])
  pipeline.leaves[0].batch(rows.finish())
  expect(pipeline.endEpoch()).toBeNull()
  expect(pipeline.dueUs()).toBe(10 * SECOND)
  clock.nowUs = 10 * SECOND
  expect(rowsOf(pipeline.endEpoch()!)).toEqual([[1, 0, 10 * SECOND]])
  expect(pipeline.dueUs()).toBe(Infinity)
})
