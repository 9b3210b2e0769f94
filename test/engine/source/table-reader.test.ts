import { expect, test } from 'vitest'
import type { EpochClock } from '../../../engine/base/clock.ts'
import { parseBatch } from '../../../engine/batch/pretty.ts'
import { schemaOf } from '../../../engine/batch/schema.ts'
import { BIGINT, INTERVAL_SECOND, TIMESTAMP } from '../../../engine/batch/types.ts'
import type { Chunk, PollLimit, SourceConnector } from '../../../engine/source/source.ts'
import type { TableSpec } from '../../../engine/source/table.ts'
import { TableReader } from '../../../engine/source/table-reader.ts'

const SECOND = 1_000_000
const schema = schemaOf([
  { name: 'ts', type: TIMESTAMP, nullable: true },
  { name: 'v', type: BIGINT, nullable: true },
])
const ts = { kind: 'column' as const, index: 0, name: 'ts', type: TIMESTAMP, nullable: true }

const table = (idleTimeoutMs = 0, latenessMs?: number): TableSpec => ({
  id: 't',
  name: 't',
  schema,
  storedCount: 2,
  computed: [],
  connector: 'memory',
  options: {},
  watermark: {
    column: 0,
    idleTimeoutMs,
    latenessMs,
    expr: {
      kind: 'call',
      name: '-',
      type: TIMESTAMP,
      args: [ts, { kind: 'literal', type: INTERVAL_SECOND, value: 2 * SECOND }],
    },
  },
})

/** Splits whose rows are pushed by hand: event times in seconds. */
class Memory implements SourceConnector {
  readonly name = 'memory'
  readonly replay = 'offset'
  readonly rows: number[][]
  readonly ended: boolean[]

  constructor(splits: number) {
    this.rows = Array.from({ length: splits }, () => [])
    this.ended = this.rows.map(() => false)
  }

  listSplits() {
    return this.rows.map((_, i) => ({ id: String(i) }))
  }

  open(_table: TableSpec, split: { id: string }, from: string) {
    const rows = this.rows[Number(split.id)]
    let position = Number(from)
    return {
      poll: ({ rowsMax, until }: PollLimit): Chunk | null => {
        const limit = until === undefined ? rows.length : Number(until)
        const to = Math.min(position + rowsMax, limit)
        const end = this.ended[Number(split.id)] && to === rows.length
        if (to <= position && !end) return null
        const text = rows.slice(position, to).map((second) => {
          return `${new Date(second * 1000).toISOString().slice(0, -1)} ${second}`
        })
        const chunk = { from: String(position), to: String(to), rowCount: to - position, end }
        position = to
        return { ...chunk, batch: parseBatch(text.join('\n'), schema) }
      },
      onReady: () => {},
      end: () => String(rows.length),
      lagRows: () => rows.length - position,
      commit: async () => {},
      close: async () => {},
    }
  }
}

function read(source: Memory, options: { idleTimeoutMs?: number; latenessMs?: number } = {}) {
  const clock: EpochClock = { epoch: 0, nowUs: 0, seed: 0 }
  const reader = new TableReader(table(options.idleTimeoutMs, options.latenessMs), source, {
    nowUs: 0,
    onReady: () => {},
  })
  const step = (nowUs = 0) => {
    clock.nowUs = nowUs
    const { ranges } = reader.poll(100, 100)
    return { ranges, batches: reader.take(clock), watermark: reader.watermarkUs / SECOND }
  }
  return { reader, step }
}

test('the watermark is the least of the splits, and waits for all of them', () => {
  const source = new Memory(2)
  const { step } = read(source)
  source.rows[0].push(10, 30)
  expect(step().watermark).toBe(-Infinity)
  source.rows[1].push(20)
  expect(step().watermark).toBe(18)
})

test('it never goes back, whatever comes', () => {
  const source = new Memory(1)
  const { step } = read(source)
  source.rows[0].push(20)
  step()
  source.rows[0].push(5)
  expect(step().watermark).toBe(18)
})

test('it does not go back when an idle split goes on with older rows', () => {
  const source = new Memory(2)
  const { step } = read(source, { idleTimeoutMs: 1000 })
  source.rows[0].push(10)
  source.rows[1].push(5)
  step(0)
  source.rows[0].push(40)
  expect(step(2 * SECOND).watermark).toBe(38)
  source.rows[1].push(6)
  const { watermark, batches } = step(2 * SECOND)
  expect(watermark).toBe(38)
  expect([...batches[0].watermarks!]).toEqual([3 * SECOND])
})

test('the allowed lateness holds it back, and what is late', () => {
  const source = new Memory(1)
  const { step } = read(source, { latenessMs: 5000 })
  source.rows[0].push(20, 14)
  const { watermark, batches } = step()
  expect(watermark).toBe(13)
  expect(batches[0].watermarks).toBe(null)
  source.rows[0].push(12)
  expect([...step().batches[0].watermarks!]).toEqual([13 * SECOND])
})

test('only rows behind their own split carry marks', () => {
  const source = new Memory(1)
  const { step } = read(source)
  source.rows[0].push(10, 9, 11)
  expect(step().batches[0].watermarks).toBe(null)
  source.rows[0].push(20, 12)
  expect([...step().batches[0].watermarks!]).toEqual([9 * SECOND, 18 * SECOND])
})

test('an ended split holds nothing back; when all have ended, so has time', () => {
  const source = new Memory(2)
  const { step } = read(source)
  source.rows[0].push(10)
  source.rows[1].push(50)
  source.ended[0] = true
  expect(step().watermark).toBe(48)
  source.ended[1] = true
  const { watermark, ranges } = step()
  expect(watermark).toBe(Infinity)
  expect(ranges).toEqual([{ split: '1', from: '1', to: '1', end: true }])
})

test('an idle split holds nothing back after the timeout', () => {
  const source = new Memory(2)
  const { step } = read(source, { idleTimeoutMs: 1000 })
  source.rows[0].push(10)
  source.rows[1].push(5)
  expect(step(0).watermark).toBe(3)
  source.rows[0].push(40)
  expect(step(2 * SECOND).watermark).toBe(38)
})

test('in a stream that is silent as a whole, event time goes on with the clock', () => {
  const source = new Memory(1)
  const { reader, step } = read(source, { idleTimeoutMs: 1000 })
  expect(reader.waitsForTime).toBe(false)
  source.rows[0].push(10)
  expect(step(0).watermark).toBe(8)
  expect(reader.waitsForTime).toBe(true)
  expect(step(0.9 * SECOND).watermark).toBe(8)
  expect(step(5 * SECOND).watermark).toBe(13)
})

test('a reader goes on from its state', () => {
  const source = new Memory(1)
  const { reader, step } = read(source)
  source.rows[0].push(10, 20)
  step()
  source.rows[0].push(1, 30)
  const again = new TableReader(table(), source, { nowUs: 0, onReady: () => {} }, reader.state())
  const { ranges } = again.poll(100, 100)
  expect(ranges).toEqual([{ split: '0', from: '2', to: '4', end: false }])
  const [batch] = again.take({ epoch: 1, nowUs: 0, seed: 0 })
  expect([...batch.watermarks!]).toEqual([18 * SECOND, 18 * SECOND])
  expect(again.watermarkUs).toBe(28 * SECOND)
})
