import { expect, test } from 'vitest'
import { BIGINT, TIMESTAMP, VARCHAR } from '../../../../engine/batch/types.ts'
import type { EmitPolicy, WindowAggregateNode } from '../../../../engine/operator/nodes.ts'
import { columnOf, drive, fields, lines } from '../run.ts'

const input = fields({ ts: TIMESTAMP, k: VARCHAR, v: BIGINT })
const SECOND = 1_000_000

const node = (emit: EmitPolicy): WindowAggregateNode => ({
  window: { kind: 'tumble', sizeUs: 10 * SECOND, offsetUs: 0 },
  timeColumn: 0,
  keys: [columnOf(input, 'k')],
  aggregates: [{ name: 'SUM', args: [columnOf(input, 'v')], distinct: false, type: BIGINT }],
  windowColumns: ['window_end'],
  fields: fields({ k: VARCHAR, s: BIGINT, window_end: TIMESTAMP }),
  emit,
})
const at = (second: number) => `1970-01-01T00:00:${String(second).padStart(2, '0')}.000`

test('a window speaks once, when the watermark reaches its end', () => {
  const op = drive('window-aggregate', node({ kind: 'close' }), input)
  op.batch(`${at(1)} a 1\n ${at(12)} a 5\n ${at(9)} b 2\n ${at(2)} a 3`)
  expect(op.epoch()).toBe('')
  expect(op.watermark(10 * SECOND - 1)).toBe('')
  expect(op.watermark(10 * SECOND)).toBe(lines(`a 4 ${at(10)}\n b 2 ${at(10)}`))
  expect(op.watermark(Infinity)).toBe(`a 5 ${at(20)}`)
})

test('windows close in order of time, also when one watermark closes many', () => {
  const op = drive('window-aggregate', node({ kind: 'close' }), input)
  op.batch(`${at(35)} a 1\n ${at(5)} a 2\n ${at(25)} a 3`)
  expect(op.watermark(60 * SECOND)).toBe(lines(`a 2 ${at(10)}\n a 3 ${at(30)}\n a 1 ${at(40)}`))
})

test('a row of a closed window is late; one of an open window is not, however old', () => {
  const op = drive('window-aggregate', node({ kind: 'close' }), input)
  op.watermark(12 * SECOND)
  op.batch(`${at(9)} a 1\n ${at(10)} a 2`)
  expect(op.late).toEqual([`${at(9)} a 1`])
  expect(op.watermark(20 * SECOND)).toBe(`a 2 ${at(20)}`)
})

test('a row is late by its own split, wherever the epoch ended', () => {
  const op = drive('window-aggregate', node({ kind: 'close' }), input)
  op.batch(`${at(1)} a 1\n ${at(2)} a 2`, [9 * SECOND, 10 * SECOND])
  expect(op.late).toEqual([`${at(2)} a 2`])
})

test('EMIT CHANGES says each epoch what changed', () => {
  const op = drive('window-aggregate', node({ kind: 'changes' }), input)
  op.batch(`${at(1)} a 1\n ${at(1)} b 2`)
  expect(op.epoch()).toBe(lines(`a 1 ${at(10)}\n b 2 ${at(10)}`))
  op.batch(`${at(2)} a 1`)
  expect(op.epoch()).toBe(lines(`- a 1 ${at(10)}\n + a 2 ${at(10)}`))
  op.batch(`${at(3)} b 0`)
  expect(op.epoch()).toBe('')
  expect(op.watermark(Infinity)).toBe('')
})

test('EMIT EVERY waits, and says the rest when the window closes', () => {
  const op = drive('window-aggregate', node({ kind: 'every', intervalUs: 5 * SECOND }), input)
  op.batch(`${at(1)} a 1`)
  expect(op.epoch(100 * SECOND)).toBe(`a 1 ${at(10)}`)
  op.batch(`${at(2)} a 1`)
  expect(op.epoch(104 * SECOND)).toBe('')
  expect(op.operator.dueUs!()).toBe(105 * SECOND)
  const again = op.restarted()
  expect(again.epoch(105 * SECOND)).toBe(lines(`- a 1 ${at(10)}\n + a 2 ${at(10)}`))
  again.batch(`${at(3)} a 1`)
  expect(again.epoch(106 * SECOND)).toBe('')
  expect(again.watermark(10 * SECOND)).toBe(lines(`- a 2 ${at(10)}\n + a 3 ${at(10)}`))
})

test('open windows survive a restart, closed ones stay closed', () => {
  const op = drive('window-aggregate', node({ kind: 'close' }), input)
  op.batch(`${at(1)} a 1\n ${at(11)} a 5\n ${at(21)} ü 7`)
  op.watermark(10 * SECOND)
  const again = op.restarted()
  again.batch(`${at(3)} a 100\n ${at(12)} a 1`)
  expect(again.late).toEqual([`${at(3)} a 100`])
  expect(again.watermark(Infinity)).toBe(lines(`a 6 ${at(20)}\n ü 7 ${at(30)}`))
})

test('state is freed with the window', () => {
  const op = drive('window-aggregate', node({ kind: 'close' }), input)
  op.batch(`${at(1)} a 1\n ${at(2)} b 1\n ${at(11)} a 1`)
  expect(op.operator.stateSize().rows).toBe(3)
  op.watermark(10 * SECOND)
  expect(op.operator.stateSize().rows).toBe(1)
})

test('rows without a time are in no window and not late', () => {
  const op = drive('window-aggregate', node({ kind: 'close' }), input)
  op.batch(`NULL a 1`)
  expect(op.watermark(Infinity)).toBe('')
  expect(op.late).toEqual([])
})

test('the watermark stays behind window_time where that is a column', () => {
  const withTime = {
    ...node({ kind: 'close' }),
    windowColumns: ['window_time' as const],
    fields: fields({ k: VARCHAR, s: BIGINT, window_time: TIMESTAMP }),
  }
  const op = drive('window-aggregate', withTime, input)
  op.watermark(10 * SECOND - 1)
  // The window that ends at 10 s is open, with a window_time of 9.999 s.
  expect(op.watermarks).toEqual([10 * SECOND - 1000])
  op.watermark(10 * SECOND)
  expect(op.watermarks).toEqual([10 * SECOND - 1000, 10 * SECOND])
})

test('retractions inside an open window are taken into account before it speaks', () => {
  const op = drive('window-aggregate', node({ kind: 'close' }), input, { changelog: true })
  op.batch(`+ ${at(1)} a 1\n + ${at(1)} b 2\n - ${at(1)} b 2`)
  expect(op.watermark(10 * SECOND)).toBe(`a 1 ${at(10)}`)
})
