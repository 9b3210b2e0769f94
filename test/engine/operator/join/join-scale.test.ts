/** Joins at scale: a key with very many matches, a key that half of the rows have, very many keys.
 *  The answers are counted; the long form says how long the slowest epoch took. */

import { describe, expect, test } from 'vitest'
import { Batch } from '../../../../engine/batch/batch.ts'
import { Column } from '../../../../engine/batch/column.ts'
import { type Field, schemaOf } from '../../../../engine/batch/schema.ts'
import { BIGINT } from '../../../../engine/batch/types.ts'
import type { JoinKind, JoinNode } from '../../../../engine/operator/nodes.ts'
import { driveTwo } from './join-drive.ts'

const LONG = process.env.MILLRACE_LONG !== undefined
const BATCH_ROWS = 16_384
const fields: readonly Field[] = ['k', 'v'].map((name) => ({ name, type: BIGINT, nullable: false }))
const column = (index: number) => ({ kind: 'column', index, ...fields[index] }) as const

function rows(keyOf: (i: number) => number, from: number, count: number, weight = 1): Batch {
  const of = (value: (i: number) => number) => {
    const values = BigInt64Array.from({ length: count }, (_, i) => BigInt(value(from + i)))
    return new Column({ type: BIGINT, length: count, values })
  }
  const columns = [of(keyOf), of((i) => i)]
  const weights = weight === 1 ? null : new Int32Array(count).fill(weight)
  return new Batch(schemaOf(fields), columns, count, weights)
}

class Run {
  readonly #drive
  readonly #name: string
  #worstMs = 0
  /** The sum of the weights of all that came out, and the largest batch. */
  total = 0
  largest = 0

  constructor(join: JoinKind, updating: boolean) {
    this.#name = `${join}${updating ? ' over changes' : ''}`
    const node: JoinNode = {
      ...{ join, leftKeys: [column(0)], rightKeys: [column(0)], nullSafe: [false] },
      nullAware: false,
      fields: join === 'semi' || join === 'anti' ? fields : [...fields, ...fields],
    }
    const changelog = [updating, updating] as const
    this.#drive = driveTwo('join', node, [fields, fields], { changelog, batchRowsMax: BATCH_ROWS })
  }

  /** Feeds rows [0, count) of both sides, in epochs. */
  feed(input: 0 | 1, keyOf: (i: number) => number, count: number, weight = 1): void {
    for (let from = 0; from < count; from += BATCH_ROWS) {
      const batch = rows(keyOf, from, Math.min(BATCH_ROWS, count - from), weight)
      const startMs = performance.now()
      this.#drive.feed(input, batch)
      for (const out of this.#drive.epochBatches()) {
        this.largest = Math.max(this.largest, out.rowCount)
        this.total +=
          out.weights === null ? out.rowCount : out.weights.reduce((sum, w) => sum + w, 0)
      }
      this.#worstMs = Math.max(this.#worstMs, performance.now() - startMs)
    }
  }

  get state() {
    return this.#drive.operator.stateSize()
  }

  say(what: string): void {
    if (!LONG) return
    const mib = Math.round(this.state.bytes / 2 ** 20)
    console.log(`${this.#name}, ${what}: slowest epoch ${Math.round(this.#worstMs)} ms, ${mib} MiB`)
  }
}

describe.each([
  ['inner', false],
  ['left', false],
  ['inner', true],
  ['full', true],
  ['semi', true],
] as const)('%s join (updating: %s)', (join, updating) => {
  const isSemi = join === 'semi'

  test('a key with 100 k matches', () => {
    const run = new Run(join, updating)
    run.feed(1, () => 7, 100_000)
    const alone = run.total
    run.feed(0, () => 7, 20)
    expect(run.total).toBe(isSemi ? 20 : 2_000_000)
    expect(alone).toBe(join === 'full' ? 100_000 : 0)
    expect(run.largest).toBeLessThanOrEqual(BATCH_ROWS)
    run.say('100 k matches of 20 rows')
    if (!updating) return
    run.feed(1, () => 7, 10_000, -1)
    expect(run.total).toBe(isSemi ? 20 : 1_800_000)
  })

  test('half of the rows have one key', () => {
    const run = new Run(join, updating)
    const count = LONG ? 5_000_000 : 200_000
    run.feed(1, (i) => i, 1000)
    run.feed(0, (i) => (i % 2 === 0 ? 7 : i % 1000), count)
    expect(run.total).toBe(count + (join === 'full' ? 500 : 0))
    run.say(`${count} rows, half of them of one key`)
    if (!updating) return
    // The partner of all those rows goes, and comes again.
    run.feed(1, () => 7, 1)
    run.feed(1, () => 7, 1, -1)
    expect(run.total).toBe(count + (join === 'full' ? 500 : 0))
    run.say('and a change of their partner')
  })

  test('very many keys', () => {
    const run = new Run(join, updating)
    const count = LONG ? 5_000_000 : 150_000
    run.feed(0, (i) => i, count)
    run.feed(1, (i) => i, count)
    expect(run.total).toBe(count)
    // Of a semi join with what is not taken back the found rows would go; here all stay.
    expect(run.state.rows).toBe(2 * count)
    run.say(`${count} keys`)
    if (!updating) return
    run.feed(0, (i) => i, count, -1)
    run.feed(1, (i) => i, count, -1)
    expect(run.total).toBe(0)
    expect(run.state.rows).toBe(0)
    run.say('and their end')
  })
})
