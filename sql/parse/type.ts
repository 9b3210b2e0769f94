/** SQL type names to data types: Flink's, and the PostgreSQL names that mean the same. */

import { fail, type Span } from '../../engine/base/errors.ts'
import { nearestName } from '../../engine/base/nearest-name.ts'
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
  JSON_TYPE,
  type RowField,
  SMALLINT,
  TINYINT,
  VARCHAR,
} from '../../engine/batch/types.ts'
import type { Cursor } from './cursor.ts'
import { spanOf, type Token, tokenLabel } from './token.ts'

/** Names without parameters. */
const PLAIN: Readonly<Record<string, DataType>> = {
  BOOLEAN,
  BOOL: BOOLEAN,
  TINYINT,
  SMALLINT,
  INT2: SMALLINT,
  INT,
  INTEGER: INT,
  INT4: INT,
  BIGINT,
  INT8: BIGINT,
  FLOAT,
  REAL: FLOAT,
  FLOAT4: FLOAT,
  FLOAT8: DOUBLE,
  STRING: VARCHAR,
  TEXT: VARCHAR,
  BYTES,
  BYTEA: BYTES,
  DATE,
  JSON: JSON_TYPE,
  JSONB: JSON_TYPE,
}

type Rule = (cursor: Cursor, first: Token) => DataType

const RULES: Readonly<Record<string, Rule>> = {
  DOUBLE: (cursor) => {
    cursor.accept('PRECISION')
    return DOUBLE
  },
  DECIMAL: decimal,
  DEC: decimal,
  NUMERIC: decimal,
  VARCHAR: (cursor, first) => characters(cursor, first, undefined),
  CHAR: (cursor, first) => characters(cursor, first, 1),
  CHARACTER: (cursor, first) => {
    const isVarying = cursor.accept('VARYING')
    return characters(cursor, first, isVarying ? undefined : 1)
  },
  BINARY: (cursor) => cursor.refuse('BINARY(n)', { hint: 'Use BYTES' }),
  VARBINARY: varbinary,
  TIME: (cursor, first) => {
    const precision = fractionDigits(cursor, first, 0)
    if (zone(cursor) !== undefined) cursor.refuse('TIME WITH TIME ZONE', { first })
    return { kind: 'time', precision }
  },
  TIMESTAMP: (cursor, first) => {
    const precision = fractionDigits(cursor, first, 6)
    return { kind: zone(cursor) === undefined ? 'timestamp' : 'timestamp_ltz', precision }
  },
  TIMESTAMP_LTZ: timestampLtz,
  TIMESTAMPTZ: timestampLtz,
  INTERVAL: intervalType,
  ARRAY: (cursor) => {
    cursor.expect('<')
    const element = nestedType(cursor)
    cursor.expect('>')
    return { kind: 'array', element }
  },
  MAP: (cursor) => {
    cursor.expect('<')
    const key = nestedType(cursor)
    cursor.expect(',')
    const value = nestedType(cursor)
    cursor.expect('>')
    return { kind: 'map', key, value }
  },
  ROW: row,
  STRUCT: row,
}

/** Types of Flink and its peers that we do not have, and what to use instead. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  MULTISET: 'Use ARRAY<…>',
  RAW: 'Use BYTES',
  VARIANT: 'Use JSON',
  UUID: 'Use STRING',
  DATETIME: 'Use TIMESTAMP(3)',
  SERIAL: 'Use BIGINT',
  BLOB: 'Use BYTES',
  CLOB: 'Use STRING',
  NUMBER: 'Use DECIMAL(p, s)',
  MONEY: 'Use DECIMAL(p, s)',
  UINT64: 'Use DECIMAL(20, 0)',
}

/** The candidates of "did you mean": not the short names with digits. */
const NAMES = [...Object.keys(PLAIN), ...Object.keys(RULES)].filter((name) => !/\d/.test(name))

/** The type here. SYNTAX for an unknown name, UNSUPPORTED for a known one that we do not have,
 *  OUT_OF_RANGE for a parameter beyond its bounds. */
export function dataType(cursor: Cursor): DataType {
  let type = baseType(cursor)
  for (;;) {
    if (cursor.accept('ARRAY')) type = { kind: 'array', element: type }
    else if (cursor.accept('[', ']')) type = { kind: 'array', element: type }
    else return type
  }
}

function baseType(cursor: Cursor): DataType {
  const first = cursor.token
  if (first.kind !== 'word') cursor.unexpected({ what: 'a type' })
  cursor.advance()
  const plain = Object.hasOwn(PLAIN, first.key) ? PLAIN[first.key] : undefined
  if (plain !== undefined) return plain
  if (Object.hasOwn(RULES, first.key)) return RULES[first.key](cursor, first)
  if (Object.hasOwn(ELSEWHERE, first.key)) {
    cursor.refuse(`The type ${first.text}`, { first, hint: ELSEWHERE[first.key] })
  }
  const meant = nearestName(first.key, NAMES)
  fail('SYNTAX', `There is no type ${tokenLabel(first)}`, {
    at: spanOf(first),
    hint: meant === undefined ? undefined : `Did you mean ${meant}?`,
  })
}

function nestedType(cursor: Cursor): DataType {
  const type = cursor.nested(() => dataType(cursor))
  if (cursor.is('NOT', 'NULL')) {
    cursor.refuse('NOT NULL inside a type', { hint: 'Only columns can be NOT NULL' })
  }
  cursor.accept('NULL')
  return type
}

function row(cursor: Cursor): DataType {
  const open = cursor.is('(') ? '(' : '<'
  cursor.expect(open)
  const fields = cursor.separated((): RowField => {
    const name = cursor.name('a field name').text
    return { name, type: nestedType(cursor) }
  })
  cursor.expect(open === '(' ? ')' : '>')
  return { kind: 'row', fields }
}

function decimal(cursor: Cursor, first: Token): DataType {
  let [precision, scale] = [10, 0]
  if (cursor.accept('(')) {
    precision = cursor.integer('a precision')
    if (cursor.accept(',')) scale = cursor.integer('a scale')
    cursor.expect(')')
  }
  if (precision < 1 || precision > 38 || scale > precision) {
    outOfRange(cursor.spanFrom(first), 'DECIMAL(p, s) needs 1 <= p <= 38 and 0 <= s <= p')
  }
  return { kind: 'decimal', precision, scale }
}

function characters(cursor: Cursor, first: Token, lengthDefault: number | undefined): DataType {
  let length = lengthDefault
  if (cursor.accept('(')) {
    length = cursor.integer('a length')
    cursor.expect(')')
    if (length < 1 || length > 2_147_483_647) {
      outOfRange(cursor.spanFrom(first), 'A length is between 1 and 2147483647')
    }
  }
  // The longest VARCHAR is how Flink writes STRING.
  return length === undefined || length === 2_147_483_647 ? VARCHAR : { kind: 'varchar', length }
}

function varbinary(cursor: Cursor, first: Token): DataType {
  if (cursor.accept('(')) {
    const length = cursor.integer('a length')
    cursor.expect(')')
    if (length !== 2_147_483_647) {
      cursor.refuse('VARBINARY with a length', { first, hint: 'Use BYTES' })
    }
  }
  return BYTES
}

/** `(p)` of a time type. */
function fractionDigits(cursor: Cursor, first: Token, byDefault: number): number {
  if (!cursor.accept('(')) return byDefault
  const precision = cursor.integer('a precision')
  cursor.expect(')')
  if (precision > 6) {
    outOfRange(cursor.spanFrom(first), 'Times have at most 6 fractional digits: microseconds')
  }
  return precision
}

/** WITH [LOCAL] TIME ZONE: true; WITHOUT TIME ZONE or nothing: undefined. */
function zone(cursor: Cursor): true | undefined {
  if (cursor.accept('WITHOUT', 'TIME', 'ZONE')) return undefined
  if (cursor.accept('WITH', 'LOCAL', 'TIME', 'ZONE')) return true
  return cursor.accept('WITH', 'TIME', 'ZONE') ? true : undefined
}

function timestampLtz(cursor: Cursor, first: Token): DataType {
  return { kind: 'timestamp_ltz', precision: fractionDigits(cursor, first, 6) }
}

const MONTH_UNITS = new Set(['YEAR', 'MONTH'])
const SECOND_UNITS = new Set(['DAY', 'HOUR', 'MINUTE', 'SECOND'])

function intervalType(cursor: Cursor): DataType {
  const units = cursor.isAny(MONTH_UNITS) ? MONTH_UNITS : SECOND_UNITS
  const unit = () => {
    if (!cursor.isAny(units)) cursor.unexpected({ what: 'a unit', near: [...units] })
    cursor.advance()
    if (!cursor.accept('(')) return
    cursor.integer('a precision')
    cursor.expect(')')
  }
  unit()
  if (cursor.accept('TO')) unit()
  return units === MONTH_UNITS ? INTERVAL_MONTH : INTERVAL_SECOND
}

function outOfRange(at: Span, message: string): never {
  fail('OUT_OF_RANGE', message, { at })
}
