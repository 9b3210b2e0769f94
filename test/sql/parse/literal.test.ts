import { expect, test } from 'vitest'
import { typeName } from '../../../engine/batch/types.ts'
import { caretText, parseExpression } from '../../../sql/parse/index.ts'

function literal(sql: string): string {
  try {
    const value = parseExpression(sql)
    if (value.kind !== 'literal') return value.kind
    const { type } = value
    const shown = value.value instanceof Uint8Array ? [...value.value].join(' ') : value.value
    expect(sql.slice(value.at.offset, value.at.offset + value.at.length)).toBe(sql)
    return `${typeName(type)} ${typeof shown === 'bigint' ? `${shown}n` : shown}`
  } catch (error) {
    return caretText(error, sql).split('\n')[0]
  }
}

test.each([
  ['1', 'INT 1'],
  ['-2147483648', 'INT -2147483648'],
  ['2147483648', 'BIGINT 2147483648'],
  ['9007199254740992', 'BIGINT 9007199254740992n'],
  ['9223372036854775807', 'BIGINT 9223372036854775807n'],
  ['-9223372036854775808', 'BIGINT -9223372036854775808n'],
  ['9223372036854775808', 'DECIMAL(19, 0) 9223372036854775808n'],
  ['007', 'INT 7'],
  ['0.1', 'DECIMAL(1, 1) 1'],
  ['-0.10', 'DECIMAL(2, 2) -10'],
  ['12.50', 'DECIMAL(4, 2) 1250'],
  ['1.', 'DECIMAL(1, 0) 1'],
  ['.5', 'DECIMAL(1, 1) 5'],
  ['0.0', 'DECIMAL(1, 1) 0'],
  ['1e3', 'DOUBLE 1000'],
  ['-1.5E-3', 'DOUBLE -0.0015'],
  [
    '12345678901234567890123456789012345678',
    'DECIMAL(38, 0) 12345678901234567890123456789012345678n',
  ],
  [
    '123456789012345678901234567890123456789',
    'error: A number has at most 38 digits (OUT_OF_RANGE)',
  ],
  ['1e400', 'error: 1e400 is too large for DOUBLE (OUT_OF_RANGE)'],
  ["'it''s'", "STRING it's"],
  ['$$a$$', 'STRING a'],
  ["X'00ff'", 'BYTES 0 255'],
  ['NULL', 'NULL null'],
  ['true', 'BOOLEAN true'],
  ["DATE '1970-01-02'", 'DATE 1'],
  ["DATE '2024-02-29'", 'DATE 19782'],
  ["DATE '2023-02-29'", "error: '2023-02-29' is not a DATE (SYNTAX)"],
  ["TIME '10:30:00'", 'TIME(0) 37800000000'],
  ["TIME '10:30:00.5'", 'TIME(1) 37800500000'],
  ["TIMESTAMP '1970-01-01 00:00:01.234'", 'TIMESTAMP(3) 1234000'],
  ["TIMESTAMP '1970-01-01T00:00:01'", 'TIMESTAMP(0) 1000000'],
  ["TIMESTAMP '1970-01-01'", 'TIMESTAMP(0) 0'],
  [
    "TIMESTAMP '1970-01-01 00:00:00.1234567'",
    'error: Times have at most 6 fractional digits: microseconds (SYNTAX)',
  ],
  ["TIMESTAMP '1970-01-01 00:00:00Z'", 'error: A TIMESTAMP literal has no time zone (SYNTAX)'],
])('%s is %s', (sql, wanted) => {
  expect(literal(sql)).toBe(wanted)
})

test.each([
  ["INTERVAL '5' SECOND", 'INTERVAL DAY TO SECOND 5000000'],
  ["INTERVAL '1.5' SECOND", 'INTERVAL DAY TO SECOND 1500000'],
  ["INTERVAL '-2' MINUTES", 'INTERVAL DAY TO SECOND -120000000'],
  ["INTERVAL -'2' MINUTE", 'INTERVAL DAY TO SECOND -120000000'],
  ['INTERVAL 5 MINUTE', 'INTERVAL DAY TO SECOND 300000000'],
  ["INTERVAL '1' HOUR", 'INTERVAL DAY TO SECOND 3600000000'],
  ["INTERVAL '100' DAY(3)", 'INTERVAL DAY TO SECOND 8640000000000'],
  ["INTERVAL '1' WEEK", 'INTERVAL DAY TO SECOND 604800000000'],
  ["INTERVAL '10' MILLISECOND", 'INTERVAL DAY TO SECOND 10000'],
  ["INTERVAL '3' MONTH", 'INTERVAL YEAR TO MONTH 3'],
  ["INTERVAL '1' QUARTER", 'INTERVAL YEAR TO MONTH 3'],
  ["INTERVAL '2' YEAR", 'INTERVAL YEAR TO MONTH 24'],
  ["INTERVAL '1-6' YEAR TO MONTH", 'INTERVAL YEAR TO MONTH 18'],
  ["INTERVAL '-1 02:03:04.5' DAY TO SECOND(3)", 'INTERVAL DAY TO SECOND -93784500000'],
  ["INTERVAL '1 02' DAY TO HOUR", 'INTERVAL DAY TO SECOND 93600000000'],
  ["INTERVAL '02:03' HOUR TO MINUTE", 'INTERVAL DAY TO SECOND 7380000000'],
  ["INTERVAL '02:03' MINUTE TO SECOND", 'INTERVAL DAY TO SECOND 123000000'],
  ["INTERVAL '1-12' YEAR TO MONTH", "error: '1-12' is not an interval from YEAR to MONTH (SYNTAX)"],
  ["INTERVAL '1' MONTH TO DAY", 'error: An interval cannot go from MONTH to DAY (SYNTAX)'],
  ["INTERVAL '1' SECOND TO DAY", 'error: An interval cannot go from SECOND to DAY (SYNTAX)'],
  ["INTERVAL '1.5' DAY", "error: '1.5' is not a number of days (SYNTAX)"],
  ["INTERVAL '999999999999999999' WEEK", 'error: The interval is too long (OUT_OF_RANGE)'],
  [
    "INTERVAL '5 minutes'",
    'error: Expected a unit such as SECOND or DAY after the interval, found the end of the text (SYNTAX)',
  ],
  [
    "INTERVAL '5' MINUTS",
    'error: Expected a unit such as SECOND or DAY after the interval, found "MINUTS" (SYNTAX)',
  ],
])('%s is %s', (sql, wanted) => {
  expect(literal(sql)).toBe(wanted)
})

test('interval, date and time are names when no text follows', () => {
  for (const name of ['interval', 'date', 'time', 'timestamp']) {
    expect(parseExpression(name)).toMatchObject({ kind: 'name', path: [{ text: name }] })
  }
  expect(parseExpression('interval - 5')).toMatchObject({ kind: 'call', name: { text: '-' } })
})
