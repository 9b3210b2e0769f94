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

/** A subquery over the other table than the one around it, correlated or not. */
function membership(around: Table): fc.Arbitrary<string> {
  const inner: Table = around === 'o' ? 'p' : 'o'
  const where = fc.oneof(
    fc.constant(''),
    comparison([inner]).map((condition) => ` WHERE ${condition}`),
    fc
      .tuple(column([inner]), column([around]), fc.option(comparison([inner])))
      .map(([a, b, more]) => ` WHERE ${a} = ${b}${more === null ? '' : ` AND ${more}`}`),
  )
  const not = fc.constantFrom('', 'NOT ')
  return fc.oneof(
    fc
      .tuple(value([around]), not, column([inner]), where)
      .map(([a, no, b, w]) => `${a} ${no}IN (SELECT ${b} FROM ${inner}${w})`),
    fc.tuple(not, where).map(([no, w]) => `${no}EXISTS (SELECT 1 FROM ${inner}${w})`),
    fc
      .tuple(column([around]), fc.constantFrom('MAX', 'COUNT', 'SUM'), column([inner]), where)
      .map(([a, f, b, w]) => `${a} > (SELECT ${f}(${b}) FROM ${inner}${w})`),
  )
}

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
      shape: fc.constantFrom('plain', 'distinct', 'group', 'having', 'rank', 'over'),
      n: fc.integer({ min: 1, max: 4 }),
    })
    .map(({ a, b, where, shape, n }) => {
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
