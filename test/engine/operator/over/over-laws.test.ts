/** Law 2 for window functions: after every epoch the changelog adds up to DuckDB's answer; by event
 *  time the final rows do, whatever the order and the batches in which the rows came. */

import { expect, test } from 'vitest'
import { type Random, random } from '../../../../engine/base/random.ts'
import { BatchBuilder } from '../../../../engine/batch/builder.ts'
import type { Field } from '../../../../engine/batch/schema.ts'
import { schemaOf } from '../../../../engine/batch/schema.ts'
import { BIGINT, DOUBLE, TIMESTAMP, VARCHAR } from '../../../../engine/batch/types.ts'
import type { Value } from '../../../../engine/expr/ir.ts'
import { findAggregate } from '../../../../engine/operator/aggregate/index.ts'
import type { OverCall, OverFrame, OverNode, SortKey } from '../../../../engine/operator/nodes.ts'
import { seedOf } from '../../../seed.ts'
import { answers, connect, type HistoryCase, printedRow, runHistory } from '../history.ts'
import { columnOf, drive, fields, literal } from '../run.ts'

const CASES = process.env.MILLRACE_LONG === undefined ? 40 : 4000

const SECOND = 1_000_000
const START = Date.UTC(2024, 0, 1) * 1000
const input = fields({ k: VARCHAR, ts: TIMESTAMP, v: BIGINT, d: DOUBLE, s: VARCHAR })
const VALUES: readonly (readonly Value[])[] = [
  ['a', 'b', null],
  [...Array.from({ length: 12 }, (_, i) => START + i * SECOND), null],
  [1, 2, 3, 5, null],
  [0.5, -0.25, 8, null],
  ['x', 'yy', 'é', '', null],
]

const AGGREGATES = ['SUM', 'COUNT', 'MIN', 'MAX', 'AVG']
const RANKS = ['ROW_NUMBER', 'RANK', 'DENSE_RANK', 'PERCENT_RANK', 'CUME_DIST', 'NTILE']
const SHIFTS = ['LAG', 'LEAD']
const FRAMED = ['FIRST_VALUE', 'LAST_VALUE', 'NTH_VALUE']

/** A frame, and how SQL says it; `unit` is the SQL for one unit of the distance. */
function frameOf(
  r: Random,
  distance: { unit: string; us: number } | undefined,
): [OverFrame, string] {
  const isRange = r.below(2) === 0
  if (isRange && distance === undefined) {
    return r.below(2) === 0
      ? [
          { unit: 'range', from: -Infinity, to: 0 },
          'RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW',
        ]
      : [
          { unit: 'range', from: -Infinity, to: Infinity },
          'RANGE BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING',
        ]
  }
  const bounds = [-Infinity, -3, -2, -1, 0, 1, 2, Infinity]
  const from = bounds[r.below(bounds.length - 1)]
  const higher = bounds.filter((bound) => bound >= from && bound !== -Infinity)
  const to = higher[r.below(higher.length)]
  const scale = isRange ? distance!.us : 1
  const text = (bound: number): string => {
    const word = bound < 0 ? 'PRECEDING' : 'FOLLOWING'
    if (!Number.isFinite(bound)) return `UNBOUNDED ${word}`
    if (bound === 0) return 'CURRENT ROW'
    return `${isRange ? distance!.unit.replace('#', String(Math.abs(bound))) : Math.abs(bound)} ${word}`
  }
  const sql = `${isRange ? 'RANGE' : 'ROWS'} BETWEEN ${text(from)} AND ${text(to)}`
  return [{ unit: isRange ? 'range' : 'rows', from: from * scale, to: to * scale }, sql]
}

interface Made {
  readonly call: OverCall
  /** With $ for the OVER clause without its frame. */
  readonly sql: string
}

function callOf(r: Random, frames: [OverFrame, string]): Made {
  const pick = <T>(values: readonly T[]): T => values[r.below(values.length)]
  const name = pick([pick(AGGREGATES), pick(AGGREGATES), pick(RANKS), pick(SHIFTS), pick(FRAMED)])
  const [frame, frameSql] = frames
  const base = { name, distinct: false, frame }
  if (RANKS.includes(name)) {
    const type = name === 'PERCENT_RANK' || name === 'CUME_DIST' ? DOUBLE : BIGINT
    const tiles = name === 'NTILE' ? [literal(3, BIGINT)] : []
    return {
      call: { ...base, args: tiles, type },
      sql: `${name}(${name === 'NTILE' ? 3 : ''}) OVER ($)`,
    }
  }
  if (SHIFTS.includes(name)) {
    const distance = r.below(3)
    const column = pick(['v', 's', 'd'])
    const own = columnOf(input, column)
    const isDefault = column === 'v' && r.below(2) === 0
    const more = isDefault ? [literal(-9, BIGINT)] : []
    return {
      call: { ...base, args: [own, literal(distance, BIGINT), ...more], type: own.type },
      sql: `${name}(${column}, ${distance}${isDefault ? ', -9' : ''}) OVER ($)`,
    }
  }
  if (FRAMED.includes(name)) {
    const own = columnOf(input, pick(['v', 's']))
    const nth = name === 'NTH_VALUE' ? [literal(2, BIGINT)] : []
    const column = (own as { name: string }).name
    return {
      call: { ...base, args: [own, ...nth], type: own.type },
      sql: `${name}(${column}${nth.length > 0 ? ', 2' : ''}) OVER ($ ${frameSql})`,
    }
  }
  const column = name === 'AVG' ? 'd' : pick(['v', 'd'])
  const own = columnOf(input, column)
  const distinct = r.below(4) === 0
  const type = findAggregate(name)!.result([own.type])!
  const what = `${name}(${distinct ? 'DISTINCT ' : ''}${column})`
  return { call: { ...base, args: [own], distinct, type }, sql: `${what} OVER ($ ${frameSql})` }
}

function overCase(seed: number): HistoryCase<'over'> {
  const r = random(seed)
  const pick = <T>(values: readonly T[]): T => values[r.below(values.length)]
  const names = pick([['ts'], ['v'], ['ts', 's'], ['s'], []])
  const orderBy: SortKey[] = names.map((name) => ({
    expr: columnOf(input, name),
    descending: r.below(2) === 0,
    nullsFirst: r.below(2) === 0,
  }))
  const order = orderBy.map(({ expr, descending, nullsFirst }) => {
    const { name } = expr as { name: string }
    return `${name} ${descending ? 'DESC' : 'ASC'} NULLS ${nullsFirst ? 'FIRST' : 'LAST'}`
  })
  const distances = { ts: { unit: "INTERVAL '#' SECOND", us: SECOND }, v: { unit: '#', us: 1 } }
  const distance = names.length === 1 ? distances[names[0] as 'ts'] : undefined
  const isPartitioned = r.below(4) > 0
  const by = isPartitioned ? 'PARTITION BY k' : ''
  const made = Array.from({ length: 1 + r.below(3) }, () => callOf(r, frameOf(r, distance)))
  // Where rows are told apart by more than peers, ties go by arrival.
  const columns = made.map(({ call, sql }) => {
    const isRows = call.frame.unit === 'rows' && !RANKS.includes(call.name)
    const isExact =
      call.name === 'ROW_NUMBER' || call.name === 'NTILE' || SHIFTS.includes(call.name)
    // A RANGE frame takes peers, whose order among themselves the two sides need not share.
    const all = isRows || isExact ? [...order, 'seq'] : order
    return sql.replace('$', `${by} ${all.length === 0 ? '' : `ORDER BY ${all.join(', ')}`}`)
  })
  const results: Field[] = made.map(({ call }, i) => ({
    name: `r${i}`,
    type: call.type,
    nullable: true,
  }))
  const node: OverNode = {
    partitionBy: isPartitioned ? [columnOf(input, 'k')] : [],
    orderBy,
    calls: made.map(({ call }) => call),
    fields: [...input, ...results],
  }
  return {
    kind: 'over',
    node,
    input,
    appendOnly: r.below(3) === 0,
    values: VALUES,
    sql: `SELECT k, ts, v, d, s, ${columns.join(', ')} FROM t`,
  }
}

/** FIRST_VALUE and its like over a RANGE frame pick among peers: by arrival here, by any order there. */
const isDecided = ({ node }: HistoryCase<'over'>): boolean =>
  node.calls.every(({ name, frame }) => frame.unit === 'rows' || !FRAMED.includes(name))

test('window functions add up to what DuckDB says, after every epoch', async () => {
  const connection = await connect()
  const first = seedOf('over')
  for (let seed = first; seed < first + CASES; seed++) {
    const history = overCase(seed)
    if (isDecided(history)) await runHistory(connection, history, seed)
  }
}, 900_000)

test('by event time every row comes once, with the final answer, in order of time', async () => {
  const connection = await connect()
  const first = seedOf('over by time')
  for (let seed = first; seed < first + CASES; seed++) await runTimed(connection, seed)
}, 900_000)

async function runTimed(connection: Awaited<ReturnType<typeof connect>>, seed: number) {
  const r = random(seed)
  const distance = { unit: "INTERVAL '#' SECOND", us: SECOND }
  const made = Array.from({ length: 1 + r.below(3) }, () => callOf(r, frameOf(r, distance)))
  const results: Field[] = made.map(({ call }, i) => ({
    name: `r${i}`,
    type: call.type,
    nullable: true,
  }))
  const node: OverNode = {
    partitionBy: [columnOf(input, 'k')],
    orderBy: [{ expr: columnOf(input, 'ts'), descending: false, nullsFirst: false }],
    calls: made.map(({ call }) => call),
    timeColumn: 1,
    fields: [...input, ...results],
  }
  const columns = made.map(({ sql }) => sql.replace('$', 'PARTITION BY k ORDER BY ts, seq'))
  // Times are unique per seed, so that ROWS and RANGE agree on what DuckDB sorts.
  const rows = Array.from({ length: 30 }, (_, i) => [
    ['a', 'b', 'c', null][r.below(4)],
    START + i * SECOND + r.below(3) * 300_000,
    ...VALUES.slice(2).map((column) => column[r.below(column.length)]),
  ])
  const sql = `SELECT k, ts, v, d, s, ${columns.map((c) => c.replace(', seq', '')).join(', ')} FROM t`
  const message = `seed ${seed}\n${sql}`
  let op = drive('over', node, input)
  const said: string[] = []
  const take = (text: string) => said.push(...text.split('\n').filter((line) => line !== ''))
  const builder = new BatchBuilder(schemaOf(input))
  let sent = 0
  let watermark = -Infinity
  while (sent < rows.length) {
    const chunk = rows.slice(sent, sent + 1 + r.below(8)).sort(() => r.below(3) - 1)
    sent += chunk.length
    for (const row of chunk) builder.append(row as Value[])
    op.operator.batch(0, builder.finish(), {
      emit: () => expect.fail(message),
      watermark: () => {},
    })
    if (r.below(2) === 0) {
      watermark = sent < rows.length ? START + sent * SECOND : Infinity
      take(op.watermark(watermark))
      const promised = op.watermarks.at(-1)!
      expect(promised, message).toBeLessThanOrEqual(watermark)
    }
    take(op.epoch())
    if (r.below(3) === 0) op = op.restarted()
  }
  take(op.watermark(Infinity))
  expect(op.late, message).toEqual([])
  const held = rows.map((row, seq) => ({ row: row as Value[], seq }))
  const want = await answers(connection, input, held, sql)
  const got = said.map((line) => printedRow(line, node.fields))
  expect(got.sort(), message).toEqual(want.sort())
}
