/** Laws 1, 2 and 4 for windowed and unwindowed aggregates: whatever the batches, epochs, splits and
 *  restarts, the changelog adds up to DuckDB's answer, and ids have no gaps. */

import { DuckDBInstance } from '@duckdb/node-api'
import { describe, expect, test } from 'vitest'
import { random } from '../../../engine/base/random.ts'
import type { Batch } from '../../../engine/batch/batch.ts'
import { BatchBuilder } from '../../../engine/batch/builder.ts'
import { type Field, schemaOf } from '../../../engine/batch/schema.ts'
import { BIGINT, DOUBLE, TIMESTAMP, VARCHAR } from '../../../engine/batch/types.ts'
import { exactInteger } from '../../../engine/batch/value.ts'
import type { Expr, Value } from '../../../engine/expr/ir.ts'
import type {
  AggregateCall,
  AlignedSpec,
  EmitPolicy,
  WindowSpec,
} from '../../../engine/operator/nodes.ts'
import { layoutOf } from '../../../engine/operator/window/window-layout.ts'
import type { QueryPlan } from '../../../engine/plan/physical.ts'
import type { TableSpec } from '../../../engine/source/table.ts'
import { seedOf } from '../../seed.ts'
import { until } from './harness.ts'
import { Lives } from './lives.ts'

const FIELDS: readonly Field[] = [
  { name: 'ts', type: TIMESTAMP, nullable: true },
  { name: 'k', type: VARCHAR, nullable: true },
  { name: 'v', type: BIGINT, nullable: true },
  { name: 'd', type: DOUBLE, nullable: true },
]
const SECOND = 1_000_000
const DELAY_US = 5 * SECOND
const WINDOW_US = 10 * SECOND

const column = (index: number): Expr => ({ kind: 'column', index, ...FIELDS[index] })

const table = (splits: number): TableSpec => ({
  id: 't1',
  name: 'events',
  schema: schemaOf(FIELDS),
  storedCount: FIELDS.length,
  computed: [],
  connector: 'log',
  options: { splits: String(splits) },
  watermark: {
    column: 0,
    idleTimeoutMs: 0,
    expr: {
      kind: 'call',
      name: '-',
      type: TIMESTAMP,
      args: [column(0), { kind: 'literal', type: { kind: 'interval_second' }, value: DELAY_US }],
    },
  },
})

const CALLS: readonly AggregateCall[] = [
  { name: 'COUNT', args: [], distinct: false, type: BIGINT },
  { name: 'COUNT', args: [column(2)], distinct: false, type: BIGINT },
  { name: 'SUM', args: [column(2)], distinct: false, type: BIGINT },
  { name: 'MIN', args: [column(2)], distinct: false, type: BIGINT },
  { name: 'MAX', args: [column(3)], distinct: false, type: DOUBLE },
  { name: 'MIN', args: [column(1)], distinct: false, type: VARCHAR },
  { name: 'AVG', args: [column(2)], distinct: false, type: BIGINT },
  { name: 'SUM', args: [column(3)], distinct: false, type: DOUBLE },
]

const named = (calls: readonly AggregateCall[]): Field[] =>
  calls.map((call, i) => ({ name: `a${i}`, type: call.type, nullable: true }))

const TUMBLE: AlignedSpec = { kind: 'tumble', sizeUs: WINDOW_US, offsetUs: 0 }
const HOP: AlignedSpec = { kind: 'hop', slideUs: 4 * SECOND, sizeUs: 10 * SECOND, offsetUs: SECOND }
const CUMULATE: AlignedSpec = {
  kind: 'cumulate',
  stepUs: 5 * SECOND,
  sizeUs: 20 * SECOND,
  offsetUs: 0,
}
const SESSION: WindowSpec = { kind: 'session', gapUs: 2 * SECOND }

function windowed(
  id: string,
  spec: TableSpec,
  emit: EmitPolicy,
  window: WindowSpec = TUMBLE,
): QueryPlan {
  const fields: Field[] = [
    FIELDS[1],
    ...named(CALLS),
    { name: 'window_end', type: TIMESTAMP, nullable: false },
  ]
  return {
    id,
    name: id,
    sql: '',
    schema: schemaOf(fields),
    appendOnly: emit.kind === 'close',
    root: {
      kind: 'window-aggregate',
      node: {
        window,
        timeColumn: 0,
        keys: [column(1)],
        aggregates: CALLS,
        windowColumns: ['window_end'],
        fields,
        emit,
      },
      inputs: [{ kind: 'source', table: spec, columns: [0, 1, 2, 3] }],
    },
  }
}

function grouped(id: string, spec: TableSpec, keys: readonly Expr[]): QueryPlan {
  const fields = [...keys.map(() => FIELDS[1]), ...named(CALLS)]
  return {
    id,
    name: id,
    sql: '',
    schema: schemaOf(fields),
    appendOnly: false,
    root: {
      kind: 'aggregate',
      node: { keys, aggregates: CALLS, fields },
      inputs: [{ kind: 'source', table: spec, columns: [0, 1, 2, 3] }],
    },
  }
}

interface Row {
  readonly split: number
  readonly values: readonly Value[]
}

/** Rows with disorder, NULLs, large and small numbers; some come so late that they must be left
 *  out of the windows. */
function randomRows(seed: number, count: number, splits: number): Row[] {
  const r = random(seed)
  const keys = ['a', 'b', 'ü', 'a longer key', '']
  return Array.from({ length: count }, (_, i) => {
    const base = i * 100_000
    const lateness = r.below(20) === 0 ? r.below(40) * SECOND : r.below(4) * SECOND
    const ts = r.below(50) === 0 ? null : base - lateness + 100 * SECOND
    const wide = r.below(10) === 0 ? BigInt(r.next()) << 22n : r.below(1000) - 500
    const v = r.below(12) === 0 ? null : exactInteger(BigInt(wide))
    const k = r.below(15) === 0 ? null : keys[r.below(keys.length)]
    const d = r.below(9) === 0 ? null : r.below(1000) / 8
    return { split: r.below(splits), values: [ts, k, v, d] }
  })
}

/** The highest time of the split's rows before each row, less the delay: the row's own watermark. */
function marks(rows: readonly Row[]): number[] {
  const high = new Map<number, number>()
  return rows.map(({ split, values: [ts] }) => {
    const before = high.get(split) ?? -Infinity
    if (ts !== null) high.set(split, Math.max(before, ts as number))
    return before - DELAY_US
  })
}

const placed = (row: Row, endUs: number): Row => ({
  ...row,
  values: [endUs, ...row.values.slice(1)],
})

/** Every row once per window that it is on time for, with the window's end for its time. */
function inWindows(rows: readonly Row[], window: AlignedSpec): Row[] {
  const layout = layoutOf(window)
  const mark = marks(rows)
  return rows.flatMap((row, i) => {
    if (row.values[0] === null) return []
    const time = row.values[0] as number
    const slice =
      Math.floor((time - layout.offsetUs) / layout.sliceUs) * layout.sliceUs + layout.offsetUs
    return layout
      .ends(slice)
      .filter((end) => end > mark[i])
      .map((end) => placed(row, end))
  })
}

/** Every row that is not behind its split, with the end of its session for its time. */
function inSessions(rows: readonly Row[], gapUs: number): Row[] {
  const mark = marks(rows)
  const inTime = rows.filter(
    (row, i) => row.values[0] !== null && (row.values[0] as number) >= mark[i],
  )
  const byTime = inTime.toSorted((a, b) => (a.values[0] as number) - (b.values[0] as number))
  const open = new Map<Value, { end: number }>()
  const sessions = byTime.map((row) => {
    const time = row.values[0] as number
    const before = open.get(row.values[1])
    const session = before !== undefined && time <= before.end ? before : { end: 0 }
    session.end = time + gapUs
    open.set(row.values[1], session)
    return session
  })
  return byTime.map((row, i) => placed(row, sessions[i].end))
}

async function oracle(rows: readonly Row[], windowedToo: boolean, keyed: boolean) {
  const db = await DuckDBInstance.create(':memory:')
  const connection = await db.connect()
  await connection.run('CREATE TABLE t (ts BIGINT, k VARCHAR, v BIGINT, d DOUBLE)')
  const appender = await connection.createAppender('t')
  for (const { values } of rows) {
    const [ts, k, v, d] = values
    if (ts === null) appender.appendNull()
    else appender.appendBigInt(BigInt(ts as number))
    if (k === null) appender.appendNull()
    else appender.appendVarchar(k as string)
    if (v === null) appender.appendNull()
    else appender.appendBigInt(BigInt(v as bigint))
    if (d === null) appender.appendNull()
    else appender.appendDouble(d as number)
    appender.endRow()
  }
  appender.closeSync()
  const groups = [...(keyed ? ['k'] : []), ...(windowedToo ? ['ts'] : [])]
  const result = await connection.runAndReadAll(`
    SELECT ${keyed ? 'k,' : ''} COUNT(*), COUNT(v), SUM(v)::BIGINT, MIN(v), MAX(d), MIN(k),
      (sign(SUM(v)) * (abs(SUM(v)) // COUNT(v)))::BIGINT, SUM(d) ${windowedToo ? ', ts' : ''}
    FROM t ${groups.length > 0 ? `GROUP BY ${groups.join(', ')}` : ''}`)
  const answer = result.getRows().map((row) => row.map(printed).join('|'))
  connection.closeSync()
  return answer.sort()
}

const printed = (value: unknown): string => (value === null ? 'NULL' : String(value))

const printRows = (rows: readonly (readonly Value[])[]): string[] =>
  rows.map((row) => row.map(printed).join('|')).sort()

function batchOf(rows: readonly Row[]): Batch {
  const builder = new BatchBuilder(schemaOf(FIELDS))
  for (const row of rows) builder.append(row.values)
  return builder.finish()
}

describe('aggregates equal DuckDB whatever the batches, splits and restarts', () => {
  const first = seedOf('laws')
  for (let seed = first; seed < first + (process.env.MILLRACE_LONG ? 200 : 6); seed++) {
    test(`seed ${seed} (replay: MILLRACE_SEED=${seed} npx vitest run test/engine/graph/laws.test.ts)`, () =>
      runCase(seed))
  }
})

async function runCase(seed: number): Promise<void> {
  const r = random(seed)
  const splits = 1 + r.below(3)
  const spec = table(splits)
  const rows = randomRows(seed, 200 + r.below(3000), splits)
  const plans = [
    windowed('close', spec, { kind: 'close' }),
    windowed('changes', spec, { kind: 'changes' }),
    windowed('every', spec, { kind: 'every', intervalUs: 20_000 }),
    grouped('grouped', spec, [column(1)]),
    grouped('global', spec, []),
    windowed('hop', spec, { kind: 'close' }, HOP),
    windowed('hop-changes', spec, { kind: 'changes' }, HOP),
    windowed('cumulate', spec, { kind: 'close' }, CUMULATE),
    windowed('session', spec, { kind: 'close' }, SESSION),
    windowed('session-changes', spec, { kind: 'changes' }, SESSION),
    windowed('session-every', spec, { kind: 'every', intervalUs: 20_000 }, SESSION),
  ]
  const lives = new Lives({
    ...{ epochRowsMax: 1 + r.below(5000), checkpointIntervalMs: 1 + r.below(60) },
    streams: [[spec, splits]],
  })
  await lives.start()
  const pieces = cut(rows, r)
  for (const [i, piece] of pieces.entries()) {
    if (i < plans.length * 2 && i % 2 === 0) {
      lives.attach(plans[i / 2])
    }
    for (let split = 0; split < splits; split++) {
      const mine = piece.filter((row) => row.split === split)
      if (mine.length > 0) await lives.producer.append(spec, split, batchOf(mine))
    }
    const fate = r.below(8)
    if (fate === 0) await lives.restart()
    if (fate === 1) await lives.kill()
  }
  for (const plan of plans.slice(lives.attached.length)) lives.attach(plan)
  for (let split = 0; split < splits; split++) await lives.producer.end(spec, split)
  const { subscriber } = lives
  await until(
    () => subscriber.ended.size === plans.length || subscriber.failures.length > 0,
    () => `the end: ${JSON.stringify(lives.engine.status())}`,
  )
  await lives.stop()
  lives.remove()

  expect(subscriber.failures).toEqual([])
  const inTime = await oracle(inWindows(rows, TUMBLE), true, true)
  const check = (plan: QueryPlan, answer: string[]) =>
    expect(printRows(subscriber.rows(plan)), `${plan.id} of seed ${seed}`).toEqual(answer)
  for (const plan of plans.slice(0, 3)) check(plan, inTime)
  const hops = await oracle(inWindows(rows, HOP), true, true)
  for (const plan of plans.slice(5, 7)) check(plan, hops)
  check(plans[7], await oracle(inWindows(rows, CUMULATE), true, true))
  const sessions = await oracle(inSessions(rows, 2 * SECOND), true, true)
  for (const plan of plans.slice(8, 11)) check(plan, sessions)
  expect(printRows(subscriber.rows(plans[3]))).toEqual(await oracle(rows, false, true))
  expect(printRows(subscriber.rows(plans[4]))).toEqual(await oracle(rows, false, false))
  for (const [id, frames] of subscriber.frames) {
    expect(
      frames.map((frame) => frame.seq),
      `ids of ${id}`,
    ).toEqual(frames.map((_, i) => i))
  }
}

/** The rows in order, in pieces of random size. */
function cut(rows: readonly Row[], r: ReturnType<typeof random>): Row[][] {
  const pieces: Row[][] = []
  for (let at = 0; at < rows.length; ) {
    const size = 1 + r.below(400)
    pieces.push(rows.slice(at, at + size))
    at += size
  }
  return pieces
}
