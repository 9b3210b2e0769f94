/** Joins in processing time whose left side takes rows back: a row goes with what it was given. */

import { describe, expect, test } from 'vitest'
import { type Random, random } from '../../../../engine/base/random.ts'
import type { Batch } from '../../../../engine/batch/batch.ts'
import { BatchBuilder } from '../../../../engine/batch/builder.ts'
import { encodeBatch } from '../../../../engine/batch/ipc.ts'
import { rowsOf } from '../../../../engine/batch/rows.ts'
import { schemaOf } from '../../../../engine/batch/schema.ts'
import { BIGINT, BOOLEAN, VARCHAR } from '../../../../engine/batch/types.ts'
import type { LookupJoinNode, TemporalJoinNode } from '../../../../engine/operator/nodes.ts'
import { seedOf } from '../../../seed.ts'
import { columnOf, fields, literal } from '../run.ts'
import { type DriveTwo, driveTwo } from './join-drive.ts'

const CASES = process.env.MILLRACE_LONG === '1' ? 3000 : 60
const left = fields({ k: VARCHAR, n: BIGINT })
const right = fields({ k: VARCHAR, v: BIGINT })
const both = [...left, ...right.map((field) => ({ ...field, name: `r.${field.name}` }))]

/** r.v > 3: so that the condition's columns are those of the right side. */
const condition = {
  kind: 'call' as const,
  name: '>',
  type: BOOLEAN,
  args: [columnOf(both, 'r.v'), literal(3, BIGINT)],
}

/** A left row that is there. */
interface Held {
  readonly row: string
  /** undefined: nobody has answered yet. */
  answer: readonly string[] | undefined
}

/** The left rows by hand. */
class Rows {
  held: Held[] = []

  /** A random change, as a line of text. */
  change(r: Random): string {
    if (this.held.length > 0 && r.below(5) < 2) {
      const { row } = this.held[r.below(this.held.length)]
      // Of equal rows the last one goes.
      this.held.splice(
        this.held.findLastIndex((other) => other.row === row),
        1,
      )
      return `- ${row}`
    }
    const row = `${'abcd'[r.below(4)]} ${r.below(4)}`
    this.held.push({ row, answer: undefined })
    return `+ ${row}`
  }

  answered(join: 'inner' | 'left'): string[] {
    return this.held
      .flatMap(({ row, answer }) => {
        if (answer === undefined) return []
        if (answer.length > 0) return answer.map((found) => `${row} ${found}`)
        return join === 'left' ? [`${row} null null`] : []
      })
      .sort()
  }
}

/** Adds up what comes out; raises for a weight below zero. */
class Sum {
  readonly #rows = new Map<string, number>()

  add(batches: readonly Batch[]): void {
    for (const batch of batches) {
      rowsOf(batch).forEach((row, i) => {
        const text = row.map(String).join(' ')
        const weight = (this.#rows.get(text) ?? 0) + (batch.weights?.[i] ?? 1)
        if (weight === 0) this.#rows.delete(text)
        else this.#rows.set(text, weight)
      })
    }
    for (const [row, weight] of this.#rows) if (weight < 0) throw new Error(`${row}: ${weight}`)
  }

  get rows(): string[] {
    return [...this.#rows].flatMap(([row, n]) => Array.from({ length: n }, () => row)).sort()
  }
}

/** Feeds lines in batches of random sizes. */
function feed(op: DriveTwo, r: Random, input: number, lines: readonly string[]): void {
  for (let from = 0; from < lines.length; ) {
    const to = from + 1 + r.below(4)
    op.batch(input, lines.slice(from, to).join('\n'))
    from = to
  }
}

test('a table inside: the answer is that of the epoch in which a row came', () => {
  const first = seedOf('kept join')
  for (let seed = first; seed < first + CASES; seed++) {
    const r = random(seed)
    const join = r.below(2) === 0 ? 'inner' : 'left'
    const node: TemporalJoinNode = {
      ...{ join, time: { kind: 'processing' }, fields: both },
      leftKeys: [columnOf(left, 'k')],
      rightKeys: [columnOf(right, 'k')],
      condition: r.below(2) === 0 ? condition : undefined,
    }
    let op = driveTwo('temporal-join', node, [left, right], { changelog: [true, true] })
    const rows = new Rows()
    const sum = new Sum()
    let there: string[] = []
    for (let epoch = 0; epoch < 20; epoch++) {
      const changes = Array.from({ length: r.below(4) }, () => {
        if (there.length > 0 && r.below(2) === 0)
          return `- ${there.splice(r.below(there.length), 1)}`
        there = [...there, `${'abcd'[r.below(4)]} ${r.below(8)}`]
        return `+ ${there.at(-1)}`
      })
      const own = Array.from({ length: r.below(8) }, () => rows.change(r))
      feed(op, r, 1, changes)
      feed(op, r, 0, own)
      sum.add(op.epochBatches())
      for (const held of rows.held) {
        held.answer ??= there.filter(
          (row) =>
            row[0] === held.row[0] && (node.condition === undefined || Number(row.slice(2)) > 3),
        )
      }
      expect(sum.rows, `seed ${seed}, epoch ${epoch}`).toEqual(rows.answered(join))
      if (r.below(4) === 0) op = op.restarted()
    }
  }
})

describe('a table outside', () => {
  const table = { name: 'out', connector: 'fake', schema: schemaOf(right) }
  const lookup = (join: 'inner' | 'left', cached: boolean): LookupJoinNode => ({
    ...{ join, table, keys: [0], columns: [0, 1], rightFields: right, fields: both, condition },
    leftKeys: [columnOf(left, 'k')],
    exprs: right.map((field) => columnOf(right, field.name)),
    cache: cached ? { maxRows: 3, cachesMissing: true } : undefined,
  })

  test('a row goes with the answer that was given for it, or before one is', () => {
    const first = seedOf('kept lookup')
    for (let seed = first; seed < first + CASES; seed++) {
      const r = random(seed)
      const join = r.below(2) === 0 ? 'inner' : 'left'
      const node = lookup(join, r.below(2) === 0)
      const inputs = [left]
      const start = () => driveTwo('lookup-join', node, inputs, { changelog: [true, true] })
      let op = start()
      const rows = new Rows()
      const sum = new Sum()
      let given = 0
      let asked = -1
      const answered: string[] = []
      for (let epoch = 0; epoch < 30; epoch++) {
        const own = Array.from({ length: r.below(8) }, () => rows.change(r))
        feed(op, r, 0, own)
        sum.add(op.epochBatches())
        const pending = op.operator.asking!.pending(asked)
        if (pending !== null && r.below(3) > 0) {
          const builder = new BatchBuilder(schemaOf(right))
          const counts = rowsOf(pending.keys).map(([k]) => {
            const n = String(k).charCodeAt(0) % 3
            for (let i = 0; i < n; i++) {
              builder.append([k, ++given])
              answered.push(`${k} ${given}`)
            }
            return n
          })
          const { ids } = pending
          asked = ids.at(-1)!
          op.operator.asking!.answer({ ids, counts, rows: encodeBatch(builder.finish()) })
          sum.add(op.epochBatches())
        }
        if (r.below(4) === 0) {
          op = op.restarted()
          asked = -1
        }
        // Whatever was given: of each row that is there, once, and of no other.
        const found = new Map<string, number>()
        for (const row of sum.rows) {
          const [k, n, rk, v] = row.split(' ')
          found.set(`${k} ${n}`, (found.get(`${k} ${n}`) ?? 0) + 1)
          if (rk === 'null') expect(join).toBe('left')
          else expect(answered.includes(`${rk} ${v}`) && rk === k && Number(v) > 3).toBe(true)
        }
        for (const row of found.keys()) {
          expect(
            rows.held.some((held) => held.row === row),
            `seed ${seed}: ${row}`,
          ).toBe(true)
        }
      }
      // All questions answered, then all rows taken back: nothing is left.
      for (let last = op.operator.asking!.pending(-1); last !== null; ) {
        const { ids } = last
        op.operator.asking!.answer({ ids, counts: ids.map(() => 0), rows: null })
        sum.add(op.epochBatches())
        last = op.operator.asking!.pending(-1)
      }
      if (join === 'left') expect(sum.rows.length).toBeGreaterThanOrEqual(rows.held.length)
      feed(
        op,
        r,
        0,
        rows.held.map(({ row }) => `- ${row}`),
      )
      sum.add(op.epochBatches())
      expect(sum.rows, `seed ${seed}`).toEqual([])
    }
  })
})
