/** Expressions in DuckDB's words and in ours, over the columns of one table, where both mean the same. Where DuckDB
 *  raises an error (TRY makes it NULL), so do we.
 *
 *  Intended differences, which the cases below keep away from (Flink's way in each):
 *  - Integer division is `//` there; `x / 0` and `x % 0` of integers are NULL there, errors here.
 *  - NaN equals nothing here (IEEE 754); there it equals itself and is above every number.
 *  - CAST of DOUBLE or DECIMAL to an integer cuts here, rounds there; a text with a fraction too.
 *  - CAST to STRING: `TRUE`, `1.0E10` and `10:00:00.123` here are `true`, `1e10` there; timestamps
 *    keep their precision's digits here.
 *  - DECIMAL `/` is DECIMAL here, DOUBLE there; `*` and `+` have Flink's precision, so they do not
 *    overflow at 18 digits. The smallest INT % -1 is 0 here, an error there.
 *  - Dates and timestamps outside the years 0001 to 9999 are errors here.
 *  - LEAST and GREATEST are NULL if an argument is NULL here; there NULLs are skipped. The same for
 *    CONCAT; `||` agrees.
 *  - SUBSTRING with a start before the text is empty here; SPLIT_INDEX counts from 0.
 *  - LN, LOG and SQRT outside their domain are NaN or infinite here, errors there.
 *  - EXTRACT(DOW): 1 is Sunday here, 0 there; MILLISECOND and MICROSECOND count within the second.
 *  - REGEXP_EXTRACT without a match is NULL here, empty there; ARRAY_JOIN of nothing is empty here,
 *    NULL there. Arrays sort and find NULLs here (ARRAY_SORT: first), there NULL is not found.
 *  - JSON_ARRAY leaves NULLs out here; JSON_VALUE of an array or object is NULL here, its text there.
 *  - LOWER and UPPER map one character to one there: 'straße' stays. */

import {
  BIGINT,
  BOOLEAN,
  DATE,
  type DataType,
  DOUBLE,
  INT,
  VARCHAR,
} from '../../../engine/batch/types.ts'
import { decimal as decimalType } from '../../../engine/expr/decimal.ts'
import type { Expr } from '../../../engine/expr/ir.ts'
import { resolveJsonCall } from '../../../engine/expr/json-call.ts'
import { bool, date, days, int, months, seconds, text } from '../../../engine/expr/literal.ts'
import { resolveCall, resolveCase, resolveCast } from '../../../engine/expr/resolve.ts'
import { column } from './evaluate.ts'

export const TIMESTAMP6: DataType = { kind: 'timestamp', precision: 6 }

export const COLUMNS: readonly (readonly [name: string, type: DataType, sql: string])[] = [
  ['b', BOOLEAN, 'BOOLEAN'],
  ['c', BOOLEAN, 'BOOLEAN'],
  ['i', INT, 'INTEGER'],
  ['j', INT, 'INTEGER'],
  ['l', BIGINT, 'BIGINT'],
  ['m', BIGINT, 'BIGINT'],
  ['d', DOUBLE, 'DOUBLE'],
  ['e', DOUBLE, 'DOUBLE'],
  ['p', decimalType(10, 2), 'DECIMAL(10, 2)'],
  ['q', decimalType(12, 4), 'DECIMAL(12, 4)'],
  ['s', VARCHAR, 'VARCHAR'],
  ['u', VARCHAR, 'VARCHAR'],
  ['day', DATE, 'DATE'],
  ['ts', TIMESTAMP6, 'TIMESTAMP'],
  ['tt', TIMESTAMP6, 'TIMESTAMP'],
]

const at = (name: string): Expr => {
  const index = COLUMNS.findIndex((entry) => entry[0] === name)
  return column(index, COLUMNS[index][1])
}
const [b, c, i, j, l, m, d, e, p, q, s, u, day, ts, tt] = COLUMNS.map(([name]) => at(name))
const f = (name: string, ...args: Expr[]): Expr => resolveCall(name, args)
const cast = (expr: Expr, type: DataType) => resolveCast(expr, type, false)

const TRUE = bool(true)
const extracted = f('REGEXP_EXTRACT', s, text('([a-z])([a-z]*)'), int(1))
const distance = f('>=', f('LEVENSHTEIN', s, u), int(0))
/** NULL elements do not count there. */
const distinctCount = cast(
  f(
    'CARDINALITY',
    f('ARRAY_REMOVE', f('ARRAY_DISTINCT', f('ARRAY', i, j, i)), { ...int(0), value: null }),
  ),
  BIGINT,
)
/** NULL is not found there, but NULL. */
const contained = resolveCase(
  [{ when: f('IS NOT NULL', j), then: f('ARRAY_CONTAINS', f('ARRAY', i, int(1), int(2)), j) }],
  undefined,
)
/** NULLs are last there. */
const sorted = cast(
  f(
    'JSON_STRING',
    f('ARRAY_SORT', f('ARRAY', i, j, int(5)), { ...TRUE, value: true }, { ...TRUE, value: false }),
  ),
  VARCHAR,
)
const DOCUMENT_SQL =
  "json_object('a', json_object('s', s, 'list', json_array(coalesce(i, 0), coalesce(s, ''))), 'x', 1)"
const DOCUMENT = cast(
  f(
    'JSON_OBJECT',
    text('a'),
    f(
      'JSON_OBJECT',
      text('s'),
      s,
      text('list'),
      f('JSON_ARRAY', f('COALESCE', i, int(0)), f('COALESCE', s, text(''))),
    ),
  ),
  VARCHAR,
)

const zonedBerlin = f('AT TIME ZONE', f('AT TIME ZONE', ts, text('UTC')), text('Europe/Berlin'))
const zonedNewYork = f('AT TIME ZONE', f('AT TIME ZONE', ts, text('America/New_York')), text('UTC'))

export const CASES: readonly (readonly [sql: string, expr: Expr])[] = [
  // comparison and logic
  ...['=', '<>', '<', '<=', '>', '>='].flatMap((op): [string, Expr][] => [
    [`i ${op} j`, f(op, i, j)],
    [`l ${op} m`, f(op, l, m)],
    [`l ${op} i`, f(op, l, i)],
    [`p ${op} q`, f(op, p, q)],
    [`p ${op} i`, f(op, p, i)],
    [`s ${op} u`, f(op, s, u)],
    [`s ${op} 'abc'`, f(op, s, text('abc'))],
    [`b ${op} c`, f(op, b, c)],
    [`ts ${op} tt`, f(op, ts, tt)],
    [`ts ${op} day`, f(op, ts, day)],
    [`ts ${op} TIMESTAMP '2000-02-29 00:00:00'`, f(op, ts, text('2000-02-29'))],
  ]),
  ['i IS DISTINCT FROM j', f('IS DISTINCT FROM', i, j)],
  ['s IS NOT DISTINCT FROM u', f('IS NOT DISTINCT FROM', s, u)],
  ['l BETWEEN i AND m', f('BETWEEN', l, i, m)],
  ['i NOT BETWEEN 1 AND j', f('NOT BETWEEN', i, int(1), j)],
  ["s IN ('abc', 'ORD', '👋')", f('IN', s, text('abc'), text('ORD'), text('👋'))],
  ['i IN (1, 2, NULL)', f('IN', i, int(1), int(2), { ...int(0), value: null })],
  ['i NOT IN (1, j)', f('NOT IN', i, int(1), j)],
  ['(i BETWEEN j AND 5) OR (i BETWEEN 5 AND j)', f('BETWEEN SYMMETRIC', i, j, int(5))],
  // Quantifiers are subqueries there, which TRY does not take: written out.
  ...['=', '<>', '<', '<=', '>', '>='].flatMap((op): [string, Expr][] => [
    [`i ${op} j OR i ${op} 1 OR i ${op} 5`, f(`${op} ANY`, i, f('ARRAY', j, int(1), int(5)))],
    [`i ${op} j AND i ${op} 1`, f(`${op} ALL`, i, f('ARRAY', j, int(1)))],
    [`s ${op} u OR s ${op} 'abc'`, f(`${op} ANY`, s, f('ARRAY', u, text('abc')))],
    [`s ${op} u AND s ${op} 'ORD'`, f(`${op} ALL`, s, f('ARRAY', u, text('ORD')))],
    [`l ${op} m AND l ${op} i`, f(`${op} ALL`, l, f('ARRAY', m, i))],
  ]),
  ['b AND c', f('AND', b, c)],
  ['b OR c', f('OR', b, c)],
  ['NOT b OR (c AND i > 1)', f('OR', f('NOT', b), f('AND', c, f('>', i, int(1))))],
  ['b IS NULL', f('IS NULL', b)],
  ['b IS NOT TRUE', f('IS NOT TRUE', b)],
  ['c IS FALSE', f('IS FALSE', c)],
  // arithmetic
  ...['+', '-', '*'].flatMap((op): [string, Expr][] => [
    [`i ${op} j`, f(op, i, j)],
    [`l ${op} m`, f(op, l, m)],
    [`l ${op} i`, f(op, l, i)],
    [`l ${op} 3::BIGINT`, f(op, l, int(3))],
    [`d ${op} e`, f(op, d, e)],
    [`d ${op} i`, f(op, d, i)],
    [`p::DECIMAL(22, 2) ${op} q`, f(op, p, q)],
    [`p::DECIMAL(22, 2) ${op} i`, f(op, p, i)],
  ]),
  [
    'CASE WHEN j <> 0 THEN i // j END',
    resolveCase([{ when: f('<>', j, int(0)), then: f('/', i, j) }], undefined),
  ],
  [
    'CASE WHEN m <> 0 THEN l // m END',
    resolveCase([{ when: f('<>', m, int(0)), then: f('/', l, m) }], undefined),
  ],
  [
    'CASE WHEN m > 0 THEN l % m END',
    resolveCase([{ when: f('>', m, int(0)), then: f('%', l, m) }], undefined),
  ],
  [
    'CASE WHEN j > 0 THEN i % j END',
    resolveCase([{ when: f('>', j, int(0)), then: f('MOD', i, j) }], undefined),
  ],
  ['d / e', f('/', d, e)],
  ['-l', f('-', l)],
  ['-p', f('-', p)],
  ['-d', f('-', d)],
  ['abs(i)', f('ABS', i)],
  ['abs(l)', f('ABS', l)],
  ['abs(p)', f('ABS', p)],
  ['abs(d)', f('ABS', d)],
  ['floor(d)', f('FLOOR', d)],
  ['ceil(d)', f('CEIL', d)],
  ['floor(p)', f('FLOOR', p)],
  ['ceil(q)', f('CEIL', q)],
  ['round(p, 1)', f('ROUND', p, int(1))],
  ['round(q, 2)', f('ROUND', q, int(2))],
  ['sign(i)', f('SIGN', i)],
  ['exp(i % 20)', f('EXP', f('%', i, int(20)))],
  ['sqrt(abs(d))', f('SQRT', f('ABS', d))],
  ['atan(d)', f('ATAN', d)],
  [
    'greatest(coalesce(i, 0), coalesce(j, 0))',
    f('GREATEST', f('COALESCE', i, int(0)), f('COALESCE', j, int(0))),
  ],
  [
    'least(coalesce(l, 0), coalesce(m, 0))',
    f('LEAST', f('COALESCE', l, int(0)), f('COALESCE', m, int(0))),
  ],
  // text
  ['length(s)', f('CHAR_LENGTH', s)],
  ['strlen(s)', f('OCTET_LENGTH', s)],
  ['s || u', f('||', s, u)],
  ['trim(s)', f('TRIM', s)],
  ['ltrim(s)', f('LTRIM', s)],
  ["rtrim(s, 'c ')", f('RTRIM', s, text('c '))],
  ["replace(s, 'a', u)", f('REPLACE', s, text('a'), u)],
  ['substring(s, 2, 3)', f('SUBSTRING', s, int(2), int(3))],
  ['left(s, 2)', f('LEFT', s, int(2))],
  ['right(s, 2)', f('RIGHT', s, int(2))],
  ["concat_ws('-', s, u)", f('CONCAT_WS', text('-'), s, u)],
  ["lpad(s, 6, '*')", f('LPAD', s, int(6), text('*'))],
  ["rpad(s, 3, 'xy')", f('RPAD', s, int(3), text('xy'))],
  ['repeat(s, 3)', f('REPEAT', s, int(3))],
  ["instr(s, 'b')", f('INSTR', s, text('b'))],
  ['position(u IN s)', f('POSITION', u, s)],
  ['starts_with(s, u)', f('STARTSWITH', s, u)],
  ["ends_with(s, 'c')", f('ENDSWITH', s, text('c'))],
  ["s LIKE 'a%'", f('LIKE', s, text('a%'))],
  ["s LIKE '%c'", f('LIKE', s, text('%c'))],
  ["s LIKE '%b%'", f('LIKE', s, text('%b%'))],
  ["s LIKE '_'", f('LIKE', s, text('_'))],
  ["s LIKE 'a_b%'", f('LIKE', s, text('a_b%'))],
  ["s LIKE '%!%%' ESCAPE '!'", f('LIKE', s, text('%!%%'), text('!'))],
  ['s NOT LIKE u', f('NOT LIKE', s, u)],
  ["s ILIKE 'o%d'", f('ILIKE', s, text('o%d'))],
  ["regexp_matches(s, '^[0-9]+$')", f('REGEXP', s, text('^[0-9]+$'))],
  ["regexp_replace(s, '[a-z]', '#', 'g')", f('REGEXP_REPLACE', s, text('[a-z]'), text('#'))],
  ["split_part(s, ',', 2)", f('SPLIT_PART', s, text(','), int(2))],
  ["translate(s, 'abc', 'xy')", f('TRANSLATE', s, text('abc'), text('xy'))],
  ["nullif(regexp_extract(s, '([a-z])([a-z]*)', 1), '')", extracted],
  ["len(regexp_extract_all(s, '[a-z]'))", cast(f('REGEXP_COUNT', s, text('[a-z]')), BIGINT)],
  ["regexp_matches(s, '^(a|b|é)+.?$')", f('REGEXP', s, text('^(a|b|é)+.?$'))],
  ["regexp_full_match(s, '(a|b).*', 's')", f('SIMILAR TO', s, text('(a|b)%'))],
  ['s IS NULL OR levenshtein(s, u) >= 0', f('OR', f('IS NULL', s), distance)],
  // hashes and encodings
  ['md5(s)', f('MD5', s)],
  ['sha1(s)', f('SHA1', s)],
  ['sha256(s)', f('SHA256', s)],
  ['to_base64(encode(s))', f('TO_BASE64', s)],
  ['hex(encode(s))', f('HEX', s)],
  ['bin(l)', f('BIN', l)],
  // arrays
  [
    "to_json(string_split(s, ','))::VARCHAR",
    cast(f('JSON_STRING', f('SPLIT', s, text(','))), VARCHAR),
  ],
  ["coalesce(array_to_string([s, u], '-'), '')", f('ARRAY_JOIN', f('ARRAY', s, u), text('-'))],
  ['len(list_distinct([i, j, i]))', distinctCount],
  ['list_min([i, j, 3])', f('ARRAY_MIN', f('ARRAY', i, j, int(3)))],
  ['list_max([l, m])', f('ARRAY_MAX', f('ARRAY', l, m))],
  ['list_contains([i, 1, 2], j)', contained],
  ['to_json(list_sort([i, j, 5]))::VARCHAR', sorted],
  ['[i, j][2]', f('[]', f('ARRAY', i, j), int(2))],
  ["map {'a': i, 'b': j}['b']", f('[]', f('MAP', text('a'), i, text('b'), j), text('b'))],
  // JSON
  [
    "json_object('a', i, 'b', s)::VARCHAR",
    cast(f('JSON_OBJECT', text('a'), i, text('b'), s), VARCHAR),
  ],
  [`json_extract_string(${DOCUMENT_SQL}, '$.a.s')`, f('JSON_VALUE', DOCUMENT, text('$.a.s'))],
  [
    `coalesce(json_extract_string(${DOCUMENT_SQL}, '$.a.s'), u)`,
    resolveJsonCall({
      name: 'JSON_VALUE',
      args: [DOCUMENT, text('lax $.a.s'), u],
      onEmpty: 'default',
      at: { offset: 0, length: 1 },
    }),
  ],
  [
    `TRY_CAST(json_extract_string(${DOCUMENT_SQL}, '$.a.list[0]') AS BIGINT) + l`,
    f(
      '+',
      resolveJsonCall({
        name: 'JSON_VALUE',
        args: [DOCUMENT, text('$.a.list[0]')],
        returning: { type: BIGINT, at: { offset: 0, length: 1 } },
        at: { offset: 0, length: 1 },
      }),
      l,
    ),
  ],
  [`json_exists(${DOCUMENT_SQL}, '$.a.t')`, f('JSON_EXISTS', DOCUMENT, text('$.a.t'))],
  [`${DOCUMENT_SQL}->'$.a.list[1]'`, cast(f('->', DOCUMENT, text('$.a.list[1]')), VARCHAR)],
  [`${DOCUMENT_SQL}->>'$.a.list[0]'`, f('->>', DOCUMENT, text('$.a.list[0]'))],
  // choice
  ['coalesce(i, j, 7)', f('COALESCE', i, j, int(7))],
  ['coalesce(s, u)', f('COALESCE', s, u)],
  ['nullif(i, 1)', f('NULLIF', i, int(1))],
  ['if(b, s, u)', f('IF', b, s, u)],
  [
    "CASE WHEN b THEN 'yes' WHEN c THEN s ELSE u END",
    resolveCase(
      [
        { when: b, then: text('yes') },
        { when: c, then: s },
      ],
      u,
    ),
  ],
  // casts
  ['i::BIGINT', cast(i, BIGINT)],
  ['l::INTEGER', cast(l, INT)],
  ['l::DOUBLE', cast(l, DOUBLE)],
  ['i::DECIMAL(12, 2)', cast(i, decimalType(12, 2))],
  ['p::DECIMAL(5, 1)', cast(p, decimalType(5, 1))],
  ['p::DOUBLE', cast(p, DOUBLE)],
  ['p::VARCHAR', cast(p, VARCHAR)],
  ['l::VARCHAR', cast(l, VARCHAR)],
  ['i::BOOLEAN', cast(i, BOOLEAN)],
  ['b::INTEGER', cast(b, INT)],
  ['day::TIMESTAMP', cast(day, TIMESTAMP6)],
  ['ts::DATE', cast(ts, DATE)],
  ['day::VARCHAR', cast(day, VARCHAR)],
  // time
  ...[
    'year',
    'quarter',
    'month',
    'day',
    'hour',
    'minute',
    'second',
    'week',
    'doy',
    'isodow',
    'isoyear',
  ].map((field): [string, Expr] => [`extract(${field} FROM ts)`, f('EXTRACT', text(field), ts)]),
  ['extract(year FROM day)', f('YEAR', day)],
  ['last_day(day)', f('LAST_DAY', day)],
  ['dayname(ts)', f('DAYNAME', ts)],
  ['monthname(ts)', f('MONTHNAME', ts)],
  ["(day - DATE '2000-01-01')::INTEGER", f('DATEDIFF', day, date('2000-01-01'))],
  ["timezone('Europe/Berlin', timezone('UTC', ts))", zonedBerlin],
  ["timezone('UTC', timezone('America/New_York', ts))", zonedNewYork],
  ...['second', 'minute', 'hour', 'day', 'week', 'month', 'quarter', 'year'].map(
    (unit): [string, Expr] => [`date_trunc('${unit}', ts)`, f('DATE_TRUNC', text(unit), ts)],
  ),
  ["ts + INTERVAL '90' MINUTE", f('+', ts, seconds(5400))],
  ["ts - INTERVAL '1' DAY", f('-', ts, days(1))],
  ["ts + INTERVAL '1' MONTH", f('+', ts, months(1))],
  ["ts - INTERVAL '13' MONTH", f('-', ts, months(13))],
  ["(day + INTERVAL '1' MONTH)::DATE", f('+', day, months(1))],
  ["(day - INTERVAL '2' DAY)::DATE", f('-', day, days(2))],
  ['epoch_us(ts) - epoch_us(tt)', cast(f('TIMESTAMPDIFF', text('MICROSECOND'), tt, ts), BIGINT)],
  ["strftime(ts, '%Y-%m-%d %H:%M:%S')", f('DATE_FORMAT', ts, text('yyyy-MM-dd HH:mm:ss'))],
  [
    "strftime(ts, '%d/%m/%y %I %p %a %b %j')",
    f('DATE_FORMAT', ts, text('dd/MM/yy hh a EEE MMM DDD')),
  ],
]
