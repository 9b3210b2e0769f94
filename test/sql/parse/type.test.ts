import { expect, test } from 'vitest'
import { typeName } from '../../../engine/batch/types.ts'
import { caretText, parseExpression } from '../../../sql/parse/index.ts'

function type(name: string): string {
  const sql = `CAST(a AS ${name})`
  try {
    const value = parseExpression(sql)
    return value.kind === 'cast' ? typeName(value.type) : value.kind
  } catch (error) {
    const [message, , , hint] = caretText(error, sql).split('\n')
    return [message, hint].filter((line) => line !== undefined).join(' | ')
  }
}

test.each([
  ['BOOLEAN', 'BOOLEAN'],
  ['bool', 'BOOLEAN'],
  ['TINYINT', 'TINYINT'],
  ['SMALLINT', 'SMALLINT'],
  ['INT', 'INT'],
  ['Integer', 'INT'],
  ['BIGINT', 'BIGINT'],
  ['int8', 'BIGINT'],
  ['FLOAT', 'FLOAT'],
  ['REAL', 'FLOAT'],
  ['DOUBLE', 'DOUBLE'],
  ['DOUBLE PRECISION', 'DOUBLE'],
  ['DECIMAL', 'DECIMAL(10, 0)'],
  ['DECIMAL(5)', 'DECIMAL(5, 0)'],
  ['NUMERIC(38, 10)', 'DECIMAL(38, 10)'],
  ['STRING', 'STRING'],
  ['TEXT', 'STRING'],
  ['VARCHAR', 'STRING'],
  ['VARCHAR(2147483647)', 'STRING'],
  ['VARCHAR(20)', 'VARCHAR(20)'],
  ['CHAR', 'VARCHAR(1)'],
  ['CHARACTER VARYING(7)', 'VARCHAR(7)'],
  ['BYTES', 'BYTES'],
  ['VARBINARY(2147483647)', 'BYTES'],
  ['DATE', 'DATE'],
  ['TIME', 'TIME(0)'],
  ['TIME(3) WITHOUT TIME ZONE', 'TIME(3)'],
  ['TIMESTAMP', 'TIMESTAMP(6)'],
  ['TIMESTAMP(3)', 'TIMESTAMP(3)'],
  ['TIMESTAMP(3) WITHOUT TIME ZONE', 'TIMESTAMP(3)'],
  ['TIMESTAMP(3) WITH LOCAL TIME ZONE', 'TIMESTAMP_LTZ(3)'],
  ['TIMESTAMP(3) WITH TIME ZONE', 'TIMESTAMP_LTZ(3)'],
  ['TIMESTAMP_LTZ(0)', 'TIMESTAMP_LTZ(0)'],
  ['timestamptz', 'TIMESTAMP_LTZ(6)'],
  ['INTERVAL YEAR TO MONTH', 'INTERVAL YEAR TO MONTH'],
  ['INTERVAL DAY(3) TO SECOND(3)', 'INTERVAL DAY TO SECOND'],
  ['INTERVAL HOUR', 'INTERVAL DAY TO SECOND'],
  ['ARRAY<INT>', 'ARRAY<INT>'],
  ['INT ARRAY', 'ARRAY<INT>'],
  ['INT[][]', 'ARRAY<ARRAY<INT>>'],
  ['MAP<STRING, ARRAY<DOUBLE>>', 'MAP<STRING, ARRAY<DOUBLE>>'],
  ['ROW<a INT, "b c" ROW<d DATE>>', 'ROW<a INT, b c ROW<d DATE>>'],
  ['ROW(a INT)', 'ROW<a INT>'],
  ['JSON', 'JSON'],
])('%s is %s', (name, wanted) => {
  expect(type(name)).toBe(wanted)
})

test.each([
  ['BIGIN', 'error: There is no type "BIGIN" (SYNTAX) | hint: Did you mean BIGINT?'],
  ['5', 'error: Expected a type, found "5" (SYNTAX)'],
  ['UUID', 'error: The type UUID is not supported (UNSUPPORTED) | hint: Use STRING'],
  ['MULTISET<INT>', 'error: The type MULTISET is not supported (UNSUPPORTED) | hint: Use ARRAY<…>'],
  ['DECIMAL(39)', 'error: DECIMAL(p, s) needs 1 <= p <= 38 and 0 <= s <= p (OUT_OF_RANGE)'],
  ['DECIMAL(5, 6)', 'error: DECIMAL(p, s) needs 1 <= p <= 38 and 0 <= s <= p (OUT_OF_RANGE)'],
  ['VARCHAR(0)', 'error: A length is between 1 and 2147483647 (OUT_OF_RANGE)'],
  ['TIMESTAMP(9)', 'error: Times have at most 6 fractional digits: microseconds (OUT_OF_RANGE)'],
  [
    'VARBINARY(3)',
    'error: VARBINARY with a length is not supported (UNSUPPORTED) | hint: Use BYTES',
  ],
  [
    'ARRAY<INT NOT NULL>',
    'error: NOT NULL inside a type is not supported (UNSUPPORTED) | hint: Only columns can be NOT NULL',
  ],
  ['ARRAY<INT', 'error: Expected ">", found ")" (SYNTAX)'],
])('refuses %s', (name, wanted) => {
  expect(type(name)).toBe(wanted)
})
