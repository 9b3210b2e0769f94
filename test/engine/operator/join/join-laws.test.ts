/** Laws 1, 2 and 3 for joins and set operations: random histories with retractions, disorder,
 *  duplicates and NULLs, in random batches and with restarts, equal DuckDB after every epoch. */

import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api'
import { describe, expect, test } from 'vitest'
import { type Random, random } from '../../../../engine/base/random.ts'
import type { Batch } from '../../../../engine/batch/batch.ts'
import { BatchBuilder } from '../../../../engine/batch/builder.ts'
import { rowsOf } from '../../../../engine/batch/rows.ts'
import { type Field, schemaOf } from '../../../../engine/batch/schema.ts'
import { BIGINT, BOOLEAN, type DataType, DOUBLE, VARCHAR } from '../../../../engine/batch/types.ts'
import type { Expr, Value } from '../../../../engine/expr/ir.ts'
import type { JoinKind, JoinNode, SetOperationNode } from '../../../../engine/operator/nodes.ts'
import { seedOf } from '../../../seed.ts'
import { type DriveTwo, driveTwo } from './join-drive.ts'

const LONG = process.env.MILLRACE_LONG !== undefined
const KINDS: readonly JoinKind[] = ['inner', 'left', 'right', 'full', 'semi', 'anti']

const column = (fields: readonly Field[], index: number, shift = 0): Expr => ({
  kind: 'column',
  ...fields[index],
  index: index + shift,
})
const call = (name: string, type: DataType, ...args: Expr[]): Expr => ({
  kind: 'call',
  name,
  type,
  args,
})

const field = (name: string, type: DataType): Field => ({ name, type, nullable: true })
const sideFields = (type: DataType): readonly Field[] => [
  field('k', type),
  field('j', BIGINT),
  field('v', BIGINT),
  field('s', VARCHAR),
]

interface Case {
  readonly fields: readonly Field[]
  readonly drive: DriveTwo
  readonly changelog: readonly [boolean, boolean]
  readonly sql: string
  readonly output: readonly Field[]
}

const KEY_VALUES = new Map<DataType, readonly Value[]>([
  [BIGINT, [1, 2, 3, 2n ** 60n, -(2n ** 60n), 0]],
  [VARCHAR, ['a', 'b', '', 'ü', 'a longer key than most']],
  [DOUBLE, [0, 1.5, -2.25]],
])

const CONDITIONS: readonly { expr(fields: readonly Field[]): Expr; sql: string }[] = [
  { expr: (f) => call('<', BOOLEAN, column(f, 2), column(f, 2, 4)), sql: 'l.v < r.v' },
  { expr: (f) => call('<>', BOOLEAN, column(f, 3), column(f, 3, 4)), sql: 'l.s <> r.s' },
  { expr: (f) => call('IS NULL', BOOLEAN, column(f, 2, 4)), sql: 'r.v IS NULL' },
]

/** Nothing is forgotten within a test, but the state is kept as if it could be. */
const longTtl = (r: Random) => (r.below(3) === 0 ? { stateTtlUs: 1e15 } : {})

function joinCase(r: Random): Case {
  const type = [BIGINT, VARCHAR, DOUBLE][r.below(3)]
  const fields = sideFields(type)
  const join = KINDS[r.below(KINDS.length)]
  const changelog = [r.below(3) > 0, r.below(3) > 0] as const
  const keyCount = r.below(3)
  const condition = r.below(2) === 0 ? CONDITIONS[r.below(CONDITIONS.length)] : undefined
  const nullAware = join === 'anti' && keyCount > 0 && r.below(2) === 0
  const nullSafe = Array.from({ length: keyCount }, () => !nullAware && r.below(3) === 0)
  const keys = Array.from({ length: keyCount }, (_, i) => column(fields, i))
  const output = join === 'semi' || join === 'anti' ? fields : [...fields, ...fields]
  const node: JoinNode = {
    join,
    leftKeys: keys,
    rightKeys: keys,
    nullSafe,
    condition: condition?.expr(fields),
    nullAware,
    fields: output,
    ...longTtl(r),
  }
  const drive = driveTwo('join', node, [fields, fields], {
    changelog,
    batchRowsMax: 1 + r.below(9),
  })
  return { fields, drive, changelog, output, sql: joinSql(node, condition?.sql) }
}

function joinSql({ join, nullSafe, nullAware }: JoinNode, condition: string | undefined): string {
  const names = ['k', 'j']
  const equal = nullSafe.map((safe, i) =>
    safe ? `l.${names[i]} IS NOT DISTINCT FROM r.${names[i]}` : `l.${names[i]} = r.${names[i]}`,
  )
  const all = [...(nullAware ? [] : equal), ...(condition === undefined ? [] : [condition])]
  const on = all.join(' AND ') || 'true'
  if (nullAware) {
    if (nullSafe.length === 1) {
      return `SELECT l.* FROM l WHERE l.k NOT IN (SELECT r.k FROM r WHERE ${on})`
    }
    // DuckDB compares row values as structs, with NULLs inside that are equal.
    const unknown = '(l.k = r.k AND l.j = r.j) IS DISTINCT FROM false'
    return `SELECT l.* FROM l WHERE NOT EXISTS (SELECT 1 FROM r WHERE ${on} AND ${unknown})`
  }
  if (join === 'semi') return `SELECT l.* FROM l WHERE EXISTS (SELECT 1 FROM r WHERE ${on})`
  if (join === 'anti') return `SELECT l.* FROM l WHERE NOT EXISTS (SELECT 1 FROM r WHERE ${on})`
  return `SELECT l.*, r.* FROM l ${join.toUpperCase()} JOIN r ON ${on}`
}

function setCase(r: Random): Case {
  const fields = sideFields([BIGINT, VARCHAR, DOUBLE][r.below(3)])
  const changelog = [r.below(3) > 0, r.below(3) > 0] as const
  const node: SetOperationNode = {
    operator: r.below(2) === 0 ? 'intersect' : 'except',
    all: r.below(2) === 0,
    fields,
    ...longTtl(r),
  }
  const drive = driveTwo('set-operation', node, [fields, fields], {
    changelog,
    batchRowsMax: 1 + r.below(9),
  })
  const sql = `SELECT * FROM l ${node.operator} ${node.all ? 'ALL' : ''} SELECT * FROM r`
  return { fields, drive, changelog, output: fields, sql }
}

type Row = readonly Value[]

function randomRow(fields: readonly Field[], r: Random): Row {
  const keys = KEY_VALUES.get(fields[0].type)!
  const orNull = (value: Value) => (r.below(6) === 0 ? null : value)
  return [
    orNull(keys[r.below(keys.length)]),
    orNull(r.below(2)),
    orNull(r.below(3)),
    orNull(['x', 'yy'][r.below(2)]),
  ]
}

interface Change {
  readonly input: number
  readonly row: Row
  readonly weight: number
}

/** An epoch's changes; `rows` are the sides' current ones and follow. */
function randomChanges(rows: Row[][], { fields, changelog }: Case, r: Random): Change[] {
  const changes: Change[] = []
  for (let n = r.below(12); n > 0; n--) {
    const input = r.below(2)
    const mine = rows[input]
    if (changelog[input] && mine.length > 0 && r.below(5) < 2) {
      const [row] = mine.splice(r.below(mine.length), 1)
      changes.push({ input, row, weight: -1 })
      if (r.below(4) === 0) {
        // The same row again: a change that is none.
        mine.push(row)
        changes.push({ input, row, weight: 1 })
      }
    } else {
      const row = randomRow(fields, r)
      mine.push(row)
      changes.push({ input, row, weight: 1 })
    }
  }
  // Retractions may come before what they retract, within the epoch.
  for (let i = changes.length - 1; i > 0; i--) {
    const other = r.below(i + 1)
    const swapped = changes[i]
    changes[i] = changes[other]
    changes[other] = swapped
  }
  return changes
}

function batchOf(changes: readonly Change[], fields: readonly Field[]): Batch {
  const builder = new BatchBuilder(schemaOf(fields))
  for (const { row, weight } of changes) builder.append(row, weight)
  return builder.finish()
}

/** Feeds the changes in order, in batches of random size of one input each. */
function feed(drive: DriveTwo, changes: readonly Change[], testCase: Case, r: Random): void {
  for (let from = 0; from < changes.length; ) {
    let to = from + 1
    while (to < changes.length && changes[to].input === changes[from].input && r.below(5) > 0) to++
    drive.feed(changes[from].input, batchOf(changes.slice(from, to), testCase.fields))
    from = to
  }
}

const printed = (value: unknown): string =>
  value === null ? 'NULL' : Object.is(value, -0) ? '0' : String(value)
const printedRow = (row: readonly unknown[]): string => row.map(printed).join('|')

/** Adds what an epoch said to the sums; no row may be below nothing. Between inputs of which both
 *  or none are updated, an epoch does not say and take back the same row. (Equal rows of an
 *  append-only input are kept apart, so beside an updating one they may cancel out.) */
function apply(
  sums: Map<string, number>,
  batches: readonly Batch[],
  changelog: readonly [boolean, boolean],
): void {
  const isStrict = changelog[0] === changelog[1]
  const signs = new Map<string, number>()
  for (const batch of batches) {
    rowsOf(batch).forEach((row, i) => {
      const text = printedRow(row)
      const weight = batch.weights === null ? 1 : batch.weights[i]
      const sign = Math.sign(weight)
      if (isStrict) expect(signs.get(text) ?? sign, `${text} goes and comes`).toBe(sign)
      signs.set(text, sign)
      const sum = (sums.get(text) ?? 0) + weight
      expect(sum, `the weight of ${text}`).toBeGreaterThanOrEqual(0)
      if (sum === 0) sums.delete(text)
      else sums.set(text, sum)
    })
  }
}

const TYPE_NAMES = new Map<DataType, string>([
  [BIGINT, 'BIGINT'],
  [VARCHAR, 'VARCHAR'],
  [DOUBLE, 'DOUBLE'],
])

function tableSql(name: string, fields: readonly Field[], rows: readonly Row[]): string {
  const literal = (value: Value) =>
    value === null ? 'NULL' : typeof value === 'string' ? `'${value}'` : String(value)
  const nothing = fields.map(() => 'NULL').join(', ')
  const list = [nothing, ...rows.map((row) => row.map(literal).join(', '))]
  const columns = fields.map((f, i) => `c${i}::${TYPE_NAMES.get(f.type)} AS ${f.name}`)
  const numbered = list.map((values, i) => `(${i}, ${values})`).join(', ')
  const names = fields.map((_, i) => `c${i}`).join(', ')
  return `${name} AS (SELECT ${columns.join(', ')} FROM (VALUES ${numbered}) t(n, ${names}) WHERE n > 0)`
}

async function oracle(connection: DuckDBConnection, { fields, sql }: Case, rows: Row[][]) {
  const tables = [tableSql('l', fields, rows[0]), tableSql('r', fields, rows[1])]
  const result = await connection.runAndReadAll(`WITH ${tables.join(', ')} ${sql}`)
  const sums = new Map<string, number>()
  for (const row of result.getRows()) {
    const text = printedRow(row)
    sums.set(text, (sums.get(text) ?? 0) + 1)
  }
  return sums
}

async function runCase(connection: DuckDBConnection, seed: number, make: (r: Random) => Case) {
  const r = random(seed)
  const testCase = make(r)
  let { drive } = testCase
  const rows: Row[][] = [[], []]
  const sums = new Map<string, number>()
  const epochs = 2 + r.below(7)
  for (let epoch = 0; epoch < epochs; epoch++) {
    feed(drive, randomChanges(rows, testCase, r), testCase, r)
    apply(sums, drive.epochBatches(), testCase.changelog)
    const expected = await oracle(connection, testCase, rows)
    expect(
      [...sums].sort(),
      `epoch ${epoch} of seed ${seed} (MILLRACE_SEED=${seed}): ${testCase.sql}, ` +
        `updating: ${testCase.changelog}`,
    ).toEqual([...expected].sort())
    if (r.below(3) === 0) drive = drive.restarted()
  }
}

async function runCases(name: string, count: number, make: (r: Random) => Case): Promise<void> {
  const instance = await DuckDBInstance.create(':memory:')
  const connection = await instance.connect()
  const first = seedOf(name)
  try {
    for (let seed = first; seed < first + count; seed++) await runCase(connection, seed, make)
  } finally {
    connection.closeSync()
  }
}

describe('equal DuckDB after every epoch, whatever the history, batches and restarts', () => {
  test('joins of every kind', () => runCases('joins', LONG ? 3000 : 200, joinCase), 600_000)
  test('set operations', () => runCases('set operations', LONG ? 1000 : 60, setCase), 600_000)
})
