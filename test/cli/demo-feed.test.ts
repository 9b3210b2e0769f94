/** The demo's feed: every row once and in order, from any row to any row, in event time. */

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Batch } from '../../engine/batch/batch.ts'
import { Column } from '../../engine/batch/column.ts'
import { schemaOf } from '../../engine/batch/schema.ts'
import { feed } from '../../server/cli/demo/feed.ts'

const fileSchema = schemaOf([
  { name: 'date', type: { kind: 'timestamp', precision: 6 }, nullable: true },
  { name: 'delay', type: { kind: 'bigint' }, nullable: true },
])
const streamSchema = schemaOf([
  { name: 'date', type: { kind: 'timestamp', precision: 3 }, nullable: true },
  { name: 'delay', type: { kind: 'bigint' }, nullable: true },
])

/** Rows numbered from 0, `stepUs` apart, in batches of the given sizes. */
async function* file(sizes: readonly number[], stepUs = 1_000_000) {
  let row = 0
  for (const size of sizes) {
    const numbers = Array.from({ length: size }, (_, i) => row + i)
    const times = BigInt64Array.from(numbers, (n) => BigInt(n * stepUs))
    const values = BigInt64Array.from(numbers, BigInt)
    const columns = [times, values].map(
      (data, i) => new Column({ type: fileSchema.fields[i].type, length: size, values: data }),
    )
    yield new Batch(fileSchema, columns, size)
    row += size
  }
}

interface Run {
  readonly rows: number[]
  readonly progress: number[]
}

async function run(
  source: AsyncIterable<Batch>,
  options: { fromRow: number; untilRow: number; speed?: number; signal?: AbortSignal },
): Promise<Run> {
  const rows: number[] = []
  const progress: number[] = []
  await feed({
    source,
    schema: streamSchema,
    speed: Infinity,
    signal: new AbortController().signal,
    ...options,
    append: async (batch) => {
      expect(batch.schema).toBe(streamSchema)
      expect(batch.columns[0].type).toEqual(streamSchema.fields[0].type)
      rows.push(...Array.from(batch.columns[1].values as BigInt64Array, Number))
      await new Promise((resolve) => setTimeout(resolve, rows.length % 3))
    },
    onAppended: (row) => progress.push(row),
  })
  return { rows, progress }
}

describe('feed', () => {
  test('appends each row of the range once, in order, whatever the batches', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 6 }),
        fc.nat(40),
        fc.nat(40),
        async (sizes, fromRow, untilRow) => {
          const total = sizes.reduce((sum, size) => sum + size, 0)
          const { rows, progress } = await run(file(sizes), { fromRow, untilRow })
          const until = Math.min(untilRow, total)
          const expected = Array.from(
            { length: Math.max(until - fromRow, 0) },
            (_, i) => fromRow + i,
          )
          expect(rows).toEqual(expected)
          expect(progress.at(-1)).toBe(expected.length === 0 ? undefined : until)
          expect(progress).toEqual([...progress].sort((a, b) => a - b))
        },
      ),
      { numRuns: 100 },
    )
  })

  test('keeps to the speed', async () => {
    const startMs = performance.now()
    // 300 rows, one event second apart, at 1000 event seconds per second.
    const { rows } = await run(file([100, 100, 100]), { fromRow: 0, untilRow: 300, speed: 1000 })
    const tookMs = performance.now() - startMs
    expect(rows).toHaveLength(300)
    expect(tookMs).toBeGreaterThan(280)
    expect(tookMs).toBeLessThan(2000)
  })

  test('stops soon when aborted, and has told of every row it appended', async () => {
    const stop = new AbortController()
    setTimeout(() => stop.abort(), 60)
    const options = { fromRow: 0, untilRow: 1000, speed: 1000, signal: stop.signal }
    const { rows, progress } = await run(file([500, 500]), options)
    expect(rows.length).toBeLessThan(500)
    expect(progress.at(-1)).toBe(rows.length)
  })

  test('a failed append ends it', async () => {
    const append = async () => {
      throw new Error('disk full')
    }
    const options = { source: file([5, 5]), schema: streamSchema, fromRow: 0, untilRow: 10 }
    const { signal } = new AbortController()
    const started = feed({ ...options, speed: Infinity, signal, append, onAppended() {} })
    await expect(started).rejects.toThrow('disk full')
  })
})
