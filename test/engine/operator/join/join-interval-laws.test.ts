/** Law 1 for interval joins: whatever the disorder, batches, epochs and restarts, the output is the
 *  join of the rows that were on time by their own split, rows without partner come when it is
 *  sure, nothing comes below the watermark, and no state is left. */

import { expect, test } from 'vitest'
import { type Random, random } from '../../../../engine/base/random.ts'
import { Batch } from '../../../../engine/batch/batch.ts'
import { BatchBuilder } from '../../../../engine/batch/builder.ts'
import { rowsOf } from '../../../../engine/batch/rows.ts'
import { type Field, schemaOf } from '../../../../engine/batch/schema.ts'
import { BIGINT, BOOLEAN } from '../../../../engine/batch/types.ts'
import type { Expr, Value } from '../../../../engine/expr/ir.ts'
import type { JoinKind, JoinNode } from '../../../../engine/operator/nodes.ts'
import { seedOf } from '../../../seed.ts'
import { type DriveTwo, driveTwo } from './join-drive.ts'

const KINDS: readonly JoinKind[] = ['inner', 'left', 'right', 'full', 'semi', 'anti']
const SPLITS = 2
const DELAY_US = 4

/** In microseconds: the times here are small numbers of them. */
const TIMESTAMP = { kind: 'timestamp', precision: 6 } as const

const field = (name: string, type: Field['type']): Field => ({ name, type, nullable: true })
const FIELDS = [field('k', BIGINT), field('t', TIMESTAMP), field('n', BIGINT)]
const column = (index: number, shift = 0): Expr => ({
  kind: 'column',
  ...FIELDS[index],
  index: index + shift,
})
const call = (name: string, ...args: Expr[]): Expr => ({ kind: 'call', name, type: BOOLEAN, args })

interface Row {
  readonly input: number
  readonly key: number | null
  readonly time: number | null
  readonly n: number
  /** The watermark of its split before it. */
  readonly mark: number
}

interface Bounds {
  readonly lowerUs: number
  readonly upperUs: number
}

/** lower <= right time - left time <= upper, as differences of TIMESTAMPs by adding intervals. */
function within({ lowerUs, upperUs }: Bounds): Expr {
  const shifted = (us: number): Expr => ({
    kind: 'call',
    name: '+',
    type: TIMESTAMP,
    args: [column(1), { kind: 'literal', type: { kind: 'interval_second' }, value: us }],
  })
  const u = column(1, 3)
  return call('AND', call('>=', u, shifted(lowerUs)), call('<=', u, shifted(upperUs)))
}

/** Rows of both inputs, in the order of arrival, with disorder beyond the delay of the watermark. */
function randomRows(r: Random): Row[] {
  const high = Array.from({ length: 2 * SPLITS }, () => -Infinity)
  return Array.from({ length: 20 + r.below(120) }, (_, n) => {
    const input = r.below(2)
    const split = input * SPLITS + r.below(SPLITS)
    const time = r.below(25) === 0 ? null : n + r.below(8) - r.below(8)
    const mark = high[split] - DELAY_US
    if (time !== null) high[split] = Math.max(high[split], time)
    const key = r.below(12) === 0 ? null : r.below(3)
    return { input, key, time, n, mark }
  })
}

const printed = (values: readonly Value[]): string =>
  values.map((value) => (value === null ? 'NULL' : String(value))).join('|')
const values = ({ key, time, n }: Row): Value[] => [key, time, n]

function expected(rows: readonly Row[], join: JoinKind, { lowerUs, upperUs }: Bounds): string[] {
  const onTime = rows.filter(({ time, mark }) => time === null || time >= mark)
  const [left, right] = [0, 1].map((input) => onTime.filter((row) => row.input === input))
  const met = new Set<Row>()
  const out: string[] = []
  for (const l of left) {
    for (const r of right) {
      if (l.key === null || l.key !== r.key || l.time === null || r.time === null) continue
      if (r.time - l.time < lowerUs || r.time - l.time > upperUs) continue
      met.add(l).add(r)
      if (join !== 'semi' && join !== 'anti') out.push(printed([...values(l), ...values(r)]))
    }
  }
  const nulls: Value[] = [null, null, null]
  for (const l of left) {
    if (join === 'semi' && met.has(l)) out.push(printed(values(l)))
    if (join === 'anti' && !met.has(l)) out.push(printed(values(l)))
    const alone = (join === 'left' || join === 'full') && !met.has(l)
    if (alone) out.push(printed([...values(l), ...nulls]))
  }
  if (join === 'right' || join === 'full') {
    for (const r of right) if (!met.has(r)) out.push(printed([...nulls, ...values(r)]))
  }
  return out.sort()
}

function batchOf(rows: readonly Row[]): Batch {
  const builder = new BatchBuilder(schemaOf(FIELDS))
  for (const row of rows) builder.append(values(row))
  const batch = builder.finish()
  const marks = Float64Array.from(rows, (row) => row.mark)
  return new Batch(batch.schema, batch.columns, batch.rowCount, null, marks)
}

/** Sums up what was said; every row is above the watermark that was promised before. */
class Said {
  readonly sums = new Map<string, number>()
  promisedUs = -Infinity
  late = 0

  take(drive: DriveTwo): void {
    for (const batch of drive.epochBatches()) {
      rowsOf(batch).forEach((row, i) => {
        for (const time of [row[1], row[4]]) {
          // A row without a key or a time is no partner's: its time promises nothing.
          if (typeof time === 'number' && row[0] !== null && row[3] !== null) {
            expect(time).toBeGreaterThanOrEqual(this.promisedUs)
          }
        }
        const text = printed(row)
        this.sums.set(text, (this.sums.get(text) ?? 0) + (batch.weights?.[i] ?? 1))
      })
    }
    this.promisedUs = drive.watermarks.at(-1) ?? this.promisedUs
  }

  rows(): string[] {
    return [...this.sums].flatMap(([text, n]) => new Array<string>(n).fill(text)).sort()
  }
}

function runCase(seed: number): void {
  const r = random(seed)
  const join = KINDS[r.below(KINDS.length)]
  const lowerUs = r.below(20) - 10
  const bounds = { lowerUs, upperUs: lowerUs + r.below(12) }
  const changelog = [r.below(3) === 0, r.below(3) === 0] as const
  const node: JoinNode = {
    join,
    leftKeys: [column(0)],
    rightKeys: [column(0)],
    nullSafe: [false],
    nullAware: false,
    condition: within(bounds),
    interval: { leftTime: 1, rightTime: 1, ...bounds },
    fields: join === 'semi' || join === 'anti' ? FIELDS : [...FIELDS, ...FIELDS],
  }
  let drive = driveTwo('join', node, [FIELDS, FIELDS], { changelog, batchRowsMax: 1 + r.below(9) })
  const rows = randomRows(r)
  const said = new Said()
  const passed = Array.from({ length: 2 * SPLITS }, () => -Infinity)
  for (let from = 0; from < rows.length; ) {
    const to = from + 1 + r.below(12)
    for (const input of [0, 1]) {
      const mine = rows.slice(from, to).filter((row) => row.input === input)
      for (let at = 0; at < mine.length; ) {
        const size = 1 + r.below(4)
        drive.feed(input, batchOf(mine.slice(at, at + size)))
        at += size
      }
      // An input's watermark is what no later row's mark is below.
      const rest = rows.slice(to).filter((row) => row.input === input)
      passed[input] = Math.max(passed[input], Math.min(...rest.map((row) => row.mark)))
      if (passed[input] > -Infinity) drive.watermark(input, passed[input])
    }
    said.take(drive)
    if (r.below(4) === 0) {
      said.late += drive.late.length
      const size = drive.operator.stateSize().rows
      drive = drive.restarted()
      expect(drive.operator.stateSize().rows).toBe(size)
    }
    from = to
  }
  drive.watermark(0, Infinity)
  drive.watermark(1, Infinity)
  said.take(drive)
  const about = `seed ${seed} (MILLRACE_SEED=${seed}): ${join} in [${bounds.lowerUs}, ${bounds.upperUs}], updating: ${changelog}`
  expect(said.rows(), about).toEqual(expected(rows, join, bounds))
  expect(drive.operator.stateSize().rows, about).toBe(0)
}

test('the output is the join of the rows that were on time', () => {
  const first = seedOf('interval joins')
  const count = process.env.MILLRACE_LONG === undefined ? 250 : 5000
  for (let seed = first; seed < first + count; seed++) runCase(seed)
}, 300_000)
