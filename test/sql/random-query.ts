/** Random queries over the tables o and p that mean the same in DuckDB. */

import fc from 'fast-check'

const INTS = { o: ['o.id', 'o.k', 'o.v'], p: ['p.k', 'p.w'] } as const
type Table = keyof typeof INTS

const number = fc.integer({ min: 0, max: 40 }).map(String)
const column = (tables: readonly Table[]) =>
  fc.constantFrom(...tables.flatMap((table) => [...INTS[table]]))

const value = (tables: readonly Table[]): fc.Arbitrary<string> =>
  fc.oneof(
    { weight: 4, arbitrary: column(tables) },
    { weight: 1, arbitrary: number },
    {
      weight: 1,
      arbitrary: fc
        .tuple(column(tables), fc.constantFrom('+', '-'), number)
        .map(([a, operator, b]) => `(${a} ${operator} ${b})`),
    },
    {
      weight: 1,
      arbitrary: fc.tuple(column(tables), number).map(([a, b]) => `COALESCE(${a}, ${b})`),
    },
  )

const comparison = (tables: readonly Table[]): fc.Arbitrary<string> =>
  fc
    .tuple(
      value(tables),
      fc.constantFrom('=', '<', '>=', '<>', 'IS NOT DISTINCT FROM'),
      value(tables),
    )
    .map(([a, operator, b]) => `${a} ${operator} ${b}`)

const OPERATORS = ['=', '<>', '<', '<=', '>', '>=']

/** A condition between two tables: by equality in half of the cases. */
const between = (a: fc.Arbitrary<string>, b: fc.Arbitrary<string>): fc.Arbitrary<string> =>
  fc
    .tuple(a, fc.constantFrom('=', '=', '=', 'IS NOT DISTINCT FROM', '<', '>=', '<>'), b)
    .map((parts) => parts.join(' '))

const Z = fc.constantFrom('z.id', 'z.k', 'z.v')

/** A subquery inside a subquery, which may read the columns of both around it. */
const nested = (inner: Table, around: Table): fc.Arbitrary<string> =>
  fc
    .tuple(
      fc.constantFrom('EXISTS (SELECT 1', 'NOT EXISTS (SELECT 1', '3 > (SELECT COUNT(*)'),
      between(Z, column([inner])),
      fc.option(between(Z, column([around]))),
      fc.option(fc.tuple(column([inner]), fc.constantFrom(...OPERATORS), column([around]))),
    )
    .map(
      ([head, near, far, both]) =>
        `${head} FROM o AS z WHERE ${near}${far === null ? '' : ` AND ${far}`}${both === null ? '' : ` AND z.v + ${both[0]} ${both[1]} ${both[2]}`})`,
    )

/** A subquery over the other table than the one around it, correlated or not. */
function membership(around: Table): fc.Arbitrary<string> {
  const inner: Table = around === 'o' ? 'p' : 'o'
  const where = fc.oneof(
    fc.constant(''),
    comparison([inner]).map((condition) => ` WHERE ${condition}`),
    fc
      .tuple(between(column([inner]), column([around])), fc.option(comparison([inner])))
      .map(([one, more]) => ` WHERE ${one}${more === null ? '' : ` AND ${more}`}`),
    fc
      .tuple(nested(inner, around), fc.option(between(column([inner]), column([around]))))
      .map(([one, more]) => ` WHERE ${one}${more === null ? '' : ` AND ${more}`}`),
  )
  const not = fc.constantFrom('', 'NOT ')
  const quantifier = fc.constantFrom('ANY', 'ALL', 'SOME')
  const output = fc.oneof(
    { weight: 5, arbitrary: column([inner]) },
    { weight: 1, arbitrary: fc.tuple(column([inner]), column([around])).map((p) => p.join(' + ')) },
    { weight: 1, arbitrary: column([inner]).map((one) => `MAX(${one})`) },
  )
  return fc.oneof(
    fc
      .tuple(value([around]), not, output, where)
      .map(([a, no, b, w]) => `${a} ${no}IN (SELECT ${b} FROM ${inner}${w})`),
    fc
      .tuple(value([around]), value([around]), not, column([inner]), column([inner]), where)
      .map(([a, b, no, x, y, w]) => `${no}ROWS_IN{${a};${b};${x};${y};${inner}${w}}`),
    fc
      .tuple(value([around]), fc.constantFrom(...OPERATORS), quantifier, output, where)
      .map(([a, operator, q, b, w]) => `${a} ${operator} ${q} (SELECT ${b} FROM ${inner}${w})`),
    fc.tuple(not, where).map(([no, w]) => `${no}EXISTS (SELECT 1 FROM ${inner}${w})`),
    fc
      .tuple(column([around]), fc.constantFrom('MAX', 'COUNT', 'SUM'), column([inner]), where)
      .map(([a, f, b, w]) => `${a} > (SELECT ${f}(${b}) FROM ${inner}${w})`),
  )
}

const ROWS_IN = /ROWS_IN\{(.*?);(.*?);(.*?);(.*?);(.*?)\}/g

/** The query with `(a, b) IN (SELECT x, y …)` written so. */
export const asWritten = (sql: string): string =>
  sql.replace(ROWS_IN, '($1, $2) IN (SELECT $3, $4 FROM $5)')

/** The same written out: DuckDB compares rows as structs, where NULL is equal to NULL. */
export const writtenOut = (sql: string): string =>
  sql.replace(ROWS_IN, (_, a: string, b: string, x: string, y: string, rest: string) => {
    const [tables, where] = [
      rest.split(' WHERE ')[0],
      rest.split(' WHERE ').slice(1).join(' WHERE '),
    ]
    const equal = `(${a} = ${x} AND ${b} = ${y})`
    const any = (test: string) =>
      `EXISTS (SELECT 1 FROM ${tables} WHERE ${test}${where === '' ? '' : ` AND (${where})`})`
    return `(CASE WHEN ${any(equal)} THEN TRUE WHEN ${any(`${equal} IS NULL`)} THEN NULL ELSE FALSE END)`
  })

const condition = (tables: readonly Table[]): fc.Arbitrary<string> => {
  const simple = comparison(tables)
  const one = tables.length === 1 ? fc.oneof(simple, membership(tables[0])) : simple
  return fc.oneof(
    { weight: 3, arbitrary: one },
    { weight: 1, arbitrary: fc.tuple(one, one).map(([a, b]) => `${a} AND ${b}`) },
    { weight: 1, arbitrary: fc.tuple(one, one).map(([a, b]) => `(${a} OR ${b})`) },
    { weight: 1, arbitrary: one.map((a) => `NOT (${a})`) },
  )
}

interface From {
  readonly text: string
  readonly tables: readonly Table[]
}

const from: fc.Arbitrary<From> = fc.oneof(
  fc.constantFrom<From>({ text: 'o', tables: ['o'] }, { text: 'p', tables: ['p'] }),
  fc
    .tuple(
      fc.constantFrom('JOIN', 'LEFT JOIN', 'RIGHT JOIN', 'FULL JOIN'),
      fc.constantFrom('o.k = p.k', 'o.v = p.w', 'o.k = p.k AND o.v = p.w'),
      fc.option(comparison(['o', 'p'])),
    )
    .filter(([join, , more]) => join !== 'FULL JOIN' || more === null)
    .map(([join, on, more]): From => {
      const extra = more === null ? '' : ` AND ${more}`
      return { text: `o ${join} p ON ${on}${extra}`, tables: ['o', 'p'] }
    }),
)

const select: fc.Arbitrary<string> = from.chain(({ text, tables }) =>
  fc
    .record({
      a: value(tables),
      b: value(tables),
      where: fc.option(condition(tables)),
      test: membership(tables[0]),
      shape: fc.constantFrom(
        'plain',
        'distinct',
        'group',
        'having',
        'rank',
        'over',
        'truth',
        'case',
        'having-in',
      ),
      n: fc.integer({ min: 1, max: 4 }),
    })
    .map(({ a, b, where, test, shape, n }) => {
      const rest = `FROM ${text}${where === null ? '' : ` WHERE ${where}`}`
      switch (shape) {
        case 'distinct':
          return `SELECT DISTINCT ${a} AS a, ${b} AS b ${rest}`
        case 'group':
          return `SELECT 0 + ${a} AS a, COUNT(${b}) AS b ${rest} GROUP BY 0 + ${a}`
        case 'having':
          return `SELECT MIN(${b}) AS a, SUM(${b}) AS b ${rest} GROUP BY 0 + ${a} HAVING COUNT(*) > ${n}`
        case 'rank':
          return `SELECT ${a} AS a, ${b} AS b ${rest} QUALIFY RANK() OVER (PARTITION BY 0 + ${a} ORDER BY 0 + ${b}) <= ${n}`
        case 'over':
          return `SELECT ${b} AS a, COUNT(*) OVER (PARTITION BY 0 + ${a} ORDER BY 0 + ${b}) AS b ${rest}`
        case 'truth':
          return `SELECT ${a} AS a, CASE ${test} WHEN TRUE THEN 1 WHEN FALSE THEN 0 END AS b ${rest}`
        case 'case':
          return `SELECT ${a} AS a, CASE WHEN ${test} THEN ${b} ELSE -1 END AS b ${rest}`
        case 'having-in':
          return `SELECT MIN(${b}) AS a, COUNT(*) AS b ${rest} GROUP BY 0 + ${a} HAVING COUNT(*) >= ALL (SELECT w FROM p WHERE p.w < ${n}) OR SUM(${b}) IN (SELECT v FROM o)`
        default:
          return `SELECT ${a} AS a, ${b} AS b ${rest}`
      }
    }),
)

/** Two columns a and b, of whole numbers. */
export const randomQuery: fc.Arbitrary<string> = fc.oneof(
  { weight: 5, arbitrary: select },
  {
    weight: 1,
    arbitrary: fc
      .tuple(
        select,
        fc.constantFrom('UNION', 'UNION ALL', 'INTERSECT', 'EXCEPT ALL', 'EXCEPT'),
        select,
      )
      .map(([a, operator, b]) => `(${a}) ${operator} (${b})`),
  },
  {
    weight: 1,
    arbitrary: fc
      .tuple(select, select)
      .map(
        ([a, b]) => `SELECT x.a, y.b FROM (${a}) AS x JOIN (${b}) AS y ON x.a = y.a AND x.b >= y.b`,
      ),
  },
)
