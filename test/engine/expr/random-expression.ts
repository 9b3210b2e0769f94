/** Random typed expressions over a fixed set of columns, and random rows for them: NULLs, both ends
 *  of every type, the borders of exact doubles, NaN, -0, infinities, text of every width. */

import { SqlError } from '../../../engine/base/errors.ts'
import type { Random } from '../../../engine/base/random.ts'
import {
  BIGINT,
  BOOLEAN,
  BYTES,
  DATE,
  type DataType,
  DOUBLE,
  FLOAT,
  INT,
  INTERVAL_MONTH,
  INTERVAL_SECOND,
  isNumeric,
  isTimestamp,
  JSON_TYPE,
  SMALLINT,
  TINYINT,
  VARCHAR,
} from '../../../engine/batch/types.ts'
import { canCast } from '../../../engine/expr/cast.ts'
import { decimal } from '../../../engine/expr/decimal.ts'
import { FUNCTIONS } from '../../../engine/expr/functions/index.ts'
import { canonical } from '../../../engine/expr/int64.ts'
import type { Expr, Value } from '../../../engine/expr/ir.ts'
import { literal, nullLiteral } from '../../../engine/expr/literal.ts'
import { resolveCall, resolveCase, resolveCast } from '../../../engine/expr/resolve.ts'
import { column } from './evaluate.ts'

const ROW: DataType = {
  kind: 'row',
  fields: [
    { name: 'x', type: INT },
    { name: 'y', type: VARCHAR },
    { name: 'z', type: { kind: 'array', element: BIGINT } },
  ],
}

const TIMESTAMP6: DataType = { kind: 'timestamp', precision: 6 }

/** The columns: every type that can be computed with, some of them twice. */
export const TYPES: readonly DataType[] = [
  BOOLEAN,
  BOOLEAN,
  TINYINT,
  SMALLINT,
  INT,
  INT,
  BIGINT,
  BIGINT,
  FLOAT,
  DOUBLE,
  DOUBLE,
  decimal(5, 2),
  decimal(12, 0),
  decimal(18, 6),
  decimal(30, 10),
  decimal(38, 0),
  VARCHAR,
  VARCHAR,
  { kind: 'varchar', length: 5 },
  BYTES,
  DATE,
  { kind: 'time', precision: 3 },
  { kind: 'timestamp', precision: 3 },
  TIMESTAMP6,
  { kind: 'timestamp_ltz', precision: 3 },
  INTERVAL_MONTH,
  INTERVAL_SECOND,
  JSON_TYPE,
  { kind: 'array', element: INT },
  { kind: 'array', element: VARCHAR },
  { kind: 'map', key: VARCHAR, value: INT },
  ROW,
]

const pick = <T>(random: Random, list: readonly T[]): T => list[random.below(list.length)]

const WIDE = [
  0n,
  1n,
  -1n,
  2n,
  3n,
  -7n,
  10n,
  1000n,
  -86400000000n,
  2147483647n,
  -2147483648n,
  2147483648n,
  4294967295n,
  4294967296n,
  9007199254740991n,
  9007199254740992n,
  9007199254740993n,
  -9007199254740991n,
  -9007199254740992n,
  -9007199254740993n,
  9223372036854775807n,
  -9223372036854775808n,
  3037000500n,
  1709214330123456n,
]
const DOUBLES = [
  0,
  -0,
  1,
  -1,
  0.1,
  1.5,
  -2.5,
  1e-7,
  123456.789,
  1e15,
  9007199254740994,
  1e21,
  -1e300,
  5e-324,
  1.7976931348623157e308,
  Number.NaN,
  Number.POSITIVE_INFINITY,
  Number.NEGATIVE_INFINITY,
  127.5,
  2147483647,
  2147483648,
  3.0000000000000004,
]
const TEXTS = [
  '',
  ' ',
  'a',
  'A',
  'ab',
  'abc',
  ' abc ',
  'ORD',
  'straße',
  'İstanbul',
  '日本語',
  '👋',
  'a👋b',
  '\u{10ffff}',
  '\uffff',
  '\ud7ff',
  'é',
  'e\u0301',
  '0',
  '-1',
  '12',
  '1.5',
  ' 42 ',
  '1e3',
  'true',
  'NaN',
  '%',
  '_',
  'a%b',
  "it's",
  '\n',
  '\\',
  '$1',
  '`$' + '{x}`',
  '2024-02-29',
  '2024-02-29 13:45:30.123456',
  '23:59:59',
  '9223372036854775808',
  'a,b,c',
  'a=1,b',
  '{"a": {"b": [1, 2]}, "s": "é"}',
  '[1, 2',
  'https://user@example.org:8080/a%20b?x=1&y=2#end',
  'aGVsbG8=',
  'the quick brown fox jumps over the lazy dog',
  'x'.repeat(40),
]

/** A random value of the type; NULL one time in six. */
export function randomValue(random: Random, type: DataType): Value {
  return random.below(6) === 0 ? null : present(random, type)
}

function present(random: Random, type: DataType): Value {
  switch (type.kind) {
    case 'boolean':
      return random.below(2) === 1
    case 'tinyint':
      return pick(random, [0, 1, -1, 2, 7, 100, 127, -128])
    case 'smallint':
      return pick(random, [0, 1, -1, 3, 127, 128, 1000, 32767, -32768])
    case 'int':
      return pick(random, [0, 1, -1, 2, 3, 5, 15, -7, 46341, 100000, 2147483647, -2147483648])
    case 'bigint':
      return canonical(pick(random, WIDE))
    case 'float':
      return Math.fround(pick(random, DOUBLES))
    case 'double':
      return pick(random, DOUBLES)
    case 'decimal': {
      const limit = 10n ** BigInt(type.precision) - 1n
      const digits = pick(random, [0n, 1n, -1n, 5n, 50n, 12345n, -99n, limit, -limit, limit / 3n])
      return canonical(digits > limit ? limit : digits < -limit ? -limit : digits)
    }
    case 'varchar': {
      const text = pick(random, TEXTS)
      return type.length === undefined ? text : Array.from(text).slice(0, type.length).join('')
    }
    case 'bytes':
      return Uint8Array.from({ length: random.below(5) }, () => pick(random, [0, 65, 128, 255]))
    case 'date':
      return pick(random, [0, 1, -1, 59, 19782, -719162, 2932896, 11016, 365])
    case 'time':
      return pick(random, [0, 1000, 86399999000, 45930123000])
    case 'timestamp':
    case 'timestamp_ltz': {
      const us = pick(random, [
        0n,
        -1n,
        1n,
        1709214330123456n,
        951782400000000n,
        -62135596800000000n,
        253402300799999999n,
        9007199254740992n,
        4102444800000000n,
      ])
      const unit = 10n ** BigInt(6 - type.precision)
      return canonical(us - (((us % unit) + unit) % unit))
    }
    case 'interval_month':
      return pick(random, [0, 1, -1, 12, -13, 1200])
    case 'interval_second':
      return canonical(
        pick(random, [0n, 1n, -1n, 60000000n, 86400000000n, -3600000000n, 2n ** 60n]),
      )
    case 'json':
      return pick(random, DOCUMENTS)
    case 'array':
      return list(random, () => randomValue(random, type.element))
    case 'map': {
      const entries = list(random, () => [
        present(random, type.key),
        randomValue(random, type.value),
      ])
      return [...new Map(entries.map((entry) => [entry[0], entry])).values()]
    }
    case 'row':
      return type.fields.map((field) => randomValue(random, field.type))
    default:
      return null
  }
}

const list = <T>(random: Random, make: () => T): T[] =>
  Array.from({ length: random.below(4) }, make)

const DOCUMENTS = [
  'null',
  '1',
  '-0.5e3',
  '"text \\u00e9"',
  '[1, [2, "x"], {"a": null}]',
  '{"a": {"b": [10, 20]}, "s": "x"}',
  ' {"a": 12345678901234567890, "a": "again"} ',
]

export const randomRow = (random: Random): Value[] => TYPES.map((type) => randomValue(random, type))

let nextOffset = 0
/** A place of its own for every part, so that errors can be traced. */
const place = () => ({ offset: nextOffset++, length: 1 })

/** Expressions that each may use the ones before it. */
export function randomExpressions(random: Random, count: number): Expr[] {
  const pool: Expr[] = TYPES.map((type, i) => ({ ...column(i, type), at: place() }))
  const made: Expr[] = []
  for (let attempt = 0; made.length < count && attempt < count * 20; attempt++) {
    const expr = tryMake(random, pool)
    if (expr === undefined) continue
    made.push(expr)
    pool.push(expr)
  }
  return made
}

/** Constants cannot be refused for want of a column: a bad pattern or an unknown unit is an error
 *  when the call is resolved or compiled, which is not what this is about. */
const REFUSALS = new Set(['TYPE_MISMATCH', 'INVALID_ARGUMENT', 'UNKNOWN_COLUMN'])

function tryMake(random: Random, pool: readonly Expr[]): Expr | undefined {
  try {
    const choice = random.below(10)
    if (choice === 0) return randomCast(random, pool)
    if (choice === 1) return randomCase(random, pool)
    return randomCall(random, pool)
  } catch (error) {
    if (error instanceof SqlError && REFUSALS.has(error.code)) return undefined
    throw error
  }
}

function randomCast(random: Random, pool: readonly Expr[]): Expr | undefined {
  const arg = pick(random, pool)
  const targets = TYPES.filter((type) => canCast(arg.type, type))
  return targets.length === 0
    ? undefined
    : resolveCast(arg, pick(random, targets), random.below(2) === 0, place())
}

function randomCase(random: Random, pool: readonly Expr[]): Expr {
  const like = pick(random, pool)
  const value = () => (random.below(8) === 0 ? nullLiteral() : similar(random, pool, like.type))
  const branches = Array.from({ length: 1 + random.below(2) }, () => ({
    when: similar(random, pool, BOOLEAN),
    then: value(),
  }))
  return resolveCase(branches, random.below(3) === 0 ? undefined : value(), place())
}

/** Constants that name something and have to stay. */
const FIXED = new Set(['EXTRACT', 'DATE_TRUNC', 'TIMESTAMPADD', 'TIMESTAMPDIFF', 'DATE_DIFF'])
const PATTERNS = new Set([
  'DATE_FORMAT',
  'TO_TIMESTAMP',
  'TO_DATE',
  'TO_TIMESTAMP_LTZ',
  'UNIX_TIMESTAMP',
])
/** Constants behind the first argument have to stay. */
const TAILS = new Set([
  '.',
  'REGEXP',
  'REGEXP_EXTRACT',
  'REGEXP_EXTRACT_ALL',
  'REGEXP_REPLACE',
  'REGEXP_COUNT',
  'REGEXP_INSTR',
  'JSON_VALUE',
  'JSON_QUERY',
  'JSON_EXISTS',
  'SHA2',
  'HMAC',
  'ENCODE',
  'DECODE',
  'AT TIME ZONE',
  'CONVERT_TZ',
  'SIMILAR TO',
  'NOT SIMILAR TO',
])

/** What gives the same for the same row. */
const REPEATABLE = FUNCTIONS.filter((entry) => !('volatile' in entry) && entry.examples.length > 0)

function randomCall(random: Random, pool: readonly Expr[]): Expr {
  const entry = pick(random, REPEATABLE)
  const example = pick(random, entry.examples)
  const args = example.args.map((arg, i) => {
    const keep =
      (FIXED.has(entry.name) && i === 0) ||
      ((PATTERNS.has(entry.name) || TAILS.has(entry.name)) && i >= 1)
    if (keep || random.below(8) === 0) return { ...arg, at: place() }
    if (random.below(12) === 0) return literal(arg.type, randomValue(random, arg.type))
    return similar(random, pool, arg.type.kind === 'null' ? pick(random, pool).type : arg.type)
  })
  return resolveCall(entry.name, args, place())
}

/** Something of a type that may do where `type` is wanted. */
function similar(random: Random, pool: readonly Expr[], type: DataType): Expr {
  const fits = (other: DataType) => {
    if (other.kind === type.kind) return true
    if (random.below(3) > 0) return false
    if (isNumeric(type)) return isNumeric(other)
    return isTimestamp(type) || type.kind === 'date'
      ? isTimestamp(other) || other.kind === 'date'
      : false
  }
  const fitting = pool.filter((expr) => fits(expr.type))
  return fitting.length === 0 ? pick(random, pool) : pick(random, fitting)
}
