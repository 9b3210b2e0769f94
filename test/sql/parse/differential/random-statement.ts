/** Random SQL in the part of the language that PostgreSQL and Millrace share. The text is made
 *  without brackets in mind, so that precedence decides what it means. */

export type Random = () => number

/** A small seeded generator (mulberry32). */
export function randomOf(seed: number): Random {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = state
    t = Math.imul(t ^ (t >>> 15), t | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
}

/** Kinds of syntax that statements can be made to be full of. */
export const FOCUSES = [
  'boolean and arithmetic',
  'CASE',
  'subqueries',
  'set operations',
  'ESCAPE',
  'quantifiers',
  'JSON',
] as const

export type Focus = (typeof FOCUSES)[number]

export class StatementMaker {
  readonly #random: Random
  readonly #focus: Focus | undefined
  #depth = 0

  /** `focus`: what is made more often than all else. */
  constructor(random: Random, focus?: Focus) {
    this.#random = random
    this.#focus = focus
  }

  /** Whether this place is for the focus. */
  #isFor(focus: Focus): boolean {
    return this.#focus === focus && this.#depth < 4 && this.#chance(0.5)
  }

  #int(below: number): number {
    return Math.floor(this.#random() * below)
  }

  #one<T>(items: readonly T[]): T {
    return items[this.#int(items.length)]
  }

  #chance(part: number): boolean {
    return this.#random() < part
  }

  #list(min: number, max: number, make: () => string, joint = ', '): string {
    return Array.from({ length: min + this.#int(max - min + 1) }, make).join(joint)
  }

  #deeper(make: () => string): string {
    this.#depth++
    const text = make()
    this.#depth--
    return text
  }

  /** Runs one of the makers; deep inside, only those of the first list. */
  #pick(shallow: readonly (() => string)[], deep: readonly (() => string)[]): string {
    if (this.#depth >= 4) return this.#one(shallow)()
    this.#depth++
    const text = this.#one(this.#chance(0.45) ? shallow : deep)()
    this.#depth--
    return text
  }

  #space(): string {
    return this.#one([' ', ' ', ' ', '\n', ' /* x */ ', '  '])
  }

  name(): string {
    return this.#one(['a', 'b', 'c', 't.a', 't.b', '"Q x"', 's', 'ts', 'e', 't.e'])
  }

  literal(): string {
    return this.#one([
      '1',
      '0',
      '42',
      '2147483648',
      '0.1',
      '12.50',
      '1e3',
      "'x'",
      "'it''s'",
      "''",
      'TRUE',
      'FALSE',
      'NULL',
      "'@1'",
    ])
  }

  /** An operand that nothing can tear apart. */
  primary(): string {
    if (this.#isFor('CASE')) return this.#deeper(() => this.caseOf())
    if (this.#isFor('JSON')) return this.#deeper(() => this.json())
    if (this.#isFor('subqueries')) {
      return this.#deeper(() => `${this.#one(['', 'EXISTS '])}(${this.query()})`)
    }
    return this.#pick(
      [() => this.name(), () => this.name(), () => this.literal()],
      [
        () => `(${this.expression()})`,
        () => `(${this.expression()})`,
        () => this.call(),
        () => this.caseOf(),
        () => `(${this.query()})`,
        () => `EXISTS (${this.query()})`,
        () => `CAST(${this.expression()} AS ${this.#one(['int', 'bigint', 'boolean', 'date'])})`,
        () => `${this.name()}::${this.#one(['int', 'bigint', 'boolean'])}`,
        () => `${this.name()}[${this.expression()}]`,
        () => `(${this.name()}).f`,
        () => `(${this.expression()}, ${this.expression()})`,
      ],
    )
  }

  call(): string {
    return this.#one([
      () => `f(${this.#list(0, 3, () => this.expression())})`,
      () => 'count(*)',
      () => `sum(DISTINCT ${this.expression()})`,
      () => `max(${this.expression()}) FILTER (WHERE ${this.expression()})`,
      () => `array_agg(${this.expression()} ORDER BY ${this.orderBy()})`,
      () => `rank() OVER (PARTITION BY ${this.expression()} ORDER BY ${this.orderBy()})`,
      () => `EXTRACT(${this.#one(['year', 'day'])} FROM ${this.expression()})`,
      () => `SUBSTRING(${this.expression()} FROM ${this.expression()} FOR ${this.expression()})`,
      () => `POSITION(${this.sum(true)} IN ${this.sum(true)})`,
      () => `TRIM(${this.#one(['LEADING', 'TRAILING', 'BOTH'])} ${this.sum()} FROM ${this.sum()})`,
      () => this.json(),
      () => this.json(),
      () => `OVERLAY(${this.expression()} PLACING ${this.expression()} FROM ${this.expression()})`,
    ])()
  }

  json(): string {
    return this.#one([
      () =>
        `JSON_OBJECT(${this.#list(1, 2, () => `${this.#one(["'k' VALUE", 'a VALUE', "'x' || a :", 't.b :'])} ${this.expression()}`)}${this.#one(['', ' NULL ON NULL', ' ABSENT ON NULL'])})`,
      () =>
        `JSON_ARRAY(${this.#list(1, 2, () => this.expression())}${this.#one(['', ' NULL ON NULL', ' ABSENT ON NULL'])})`,
      () =>
        `JSON_ARRAYAGG(${this.expression()}${this.#one(['', ` ORDER BY ${this.name()}`])}${this.#one(['', ' NULL ON NULL'])})`,
      () =>
        `JSON_OBJECTAGG(${this.name()} ${this.#one(['VALUE', ':'])} ${this.expression()}${this.#one(['', ' ABSENT ON NULL'])})`,
      () =>
        `JSON_VALUE(${this.expression()}, '$.a'${this.#returning()}${this.#answers(['NULL', 'ERROR', 'DEFAULT'])})`,
      () =>
        `JSON_QUERY(${this.expression()}, ${this.sum()}${this.#returning()}${this.#one(['', ' WITHOUT WRAPPER', ' WITH WRAPPER', ' WITH CONDITIONAL ARRAY WRAPPER', ' WITH UNCONDITIONAL WRAPPER'])}${this.#answers(['NULL', 'EMPTY ARRAY', 'EMPTY OBJECT', 'ERROR', 'EMPTY'])})`,
      () =>
        `JSON_EXISTS(${this.expression()}, '$'${this.#one(['', ' TRUE ON ERROR', ' UNKNOWN ON ERROR', ' ERROR ON ERROR'])})`,
    ])()
  }

  #returning(): string {
    return this.#chance(0.3) ? ` RETURNING ${this.#one(['int', 'bigint', 'boolean', 'date'])}` : ''
  }

  /** Of ON EMPTY and ON ERROR. */
  #answers(words: readonly string[]): string {
    const said = () => {
      const word = this.#one(words)
      return word === 'DEFAULT' ? `DEFAULT ${this.expression()}` : word
    }
    const onEmpty = this.#chance(0.4) ? ` ${said()} ON EMPTY` : ''
    return onEmpty + (this.#chance(0.4) ? ` ${said()} ON ERROR` : '')
  }

  caseOf(): string {
    const operand = this.#chance(0.4) ? ` ${this.expression()}` : ''
    const branches = this.#list(
      1,
      2,
      () => `WHEN ${this.expression()} THEN ${this.expression()}`,
      ' ',
    )
    const otherwise = this.#chance(0.6) ? ` ELSE ${this.expression()}` : ''
    return `CASE${operand} ${branches}${otherwise} END`
  }

  /** A signed operand: what may stand in a chain of arithmetic. */
  signed(): string {
    const sign = this.#chance(0.12) ? this.#one(['- ', '-', '+ ', '- - ']) : ''
    return sign + this.primary()
  }

  /** Arithmetic, ||, and AT TIME ZONE: tighter than every comparison. PostgreSQL wants no AT TIME
   *  ZONE in the places that it restricts: the first bound of BETWEEN and POSITION. */
  sum(isRestricted = false): string {
    let text = this.signed()
    while (this.#chance(0.35)) {
      const zone = isRestricted ? '+' : 'AT TIME ZONE'
      const operator = this.#one(['+', '-', '*', '/', '%', '||', '->', '->>', zone, '+', '*'])
      text += `${this.#space()}${operator} ${this.signed()}`
    }
    return text
  }

  /** One step of a chain: an operator with all it needs behind it. */
  tail(): string {
    const not = this.#chance(0.3) ? 'NOT ' : ''
    const space = this.#space()
    if (this.#isFor('boolean and arithmetic')) {
      const operator = this.#one(['AND', 'OR', '=', '<', '>=', '+', '-', '*', '/', '%', '||'])
      return `${space}${operator} ${this.right()}`
    }
    if (this.#isFor('ESCAPE')) {
      const word = this.#one(['LIKE', 'ILIKE', 'SIMILAR TO'])
      return ` ${not}${word} ${this.sum()} ESCAPE ${this.#one([this.literal(), this.name()])}`
    }
    if (this.#isFor('quantifiers')) return this.quantified()
    if (this.#isFor('subqueries')) return ` ${not}IN (${this.query()})`
    return this.#one([
      () => `${space}${this.#one(['AND', 'OR', 'and', 'AND'])} ${this.condition()}`,
      () => `${space}${this.#one(['AND', 'OR'])} ${this.condition()}`,
      () => `${space}${this.#one(['=', '<>', '!=', '<', '>', '<=', '>='])} ${this.right()}`,
      () => `${space}${this.#one(['+', '-', '*', '/', '||'])} ${this.right()}`,
      () =>
        ` ${not}BETWEEN ${this.#chance(0.2) ? 'SYMMETRIC ' : ''}${this.sum(true)} AND ${this.sum()}`,
      () =>
        ` ${not}${this.#one(['LIKE', 'ILIKE', 'SIMILAR TO'])} ${this.sum()}${this.#chance(0.3) ? ` ESCAPE ${this.literal()}` : ''}`,
      () => ` ${not}IN (${this.#list(1, 3, () => this.expression())})`,
      () => ` ${not}IN (${this.query()})`,
      () => ` IS ${not}${this.#one(['NULL', 'TRUE', 'FALSE', 'UNKNOWN'])}`,
      () => ` IS ${not}DISTINCT FROM ${this.right()}`,
      () => this.quantified(),
      () => this.quantified(),
      () => ` IS ${not}JSON${this.#one(['', ' VALUE', ' SCALAR', ' ARRAY', ' OBJECT'])}`,
    ])()
  }

  quantified(): string {
    const operator = this.#one(['=', '<>', '!=', '<', '<=', '>', '>='])
    const inside = this.#one([() => this.query(), () => this.expression()])
    return ` ${operator} ${this.#one(['ANY', 'ALL', 'SOME', 'any'])} (${inside()})`
  }

  condition(): string {
    return (this.#chance(0.15) ? 'NOT ' : '') + this.sum()
  }

  right(): string {
    return this.#chance(0.05) ? `NOT ${this.sum()}` : this.sum()
  }

  expression(): string {
    if (this.#depth >= 4) return this.condition()
    this.#depth++
    let text = this.condition()
    while (this.#chance(0.4)) text += this.tail()
    this.#depth--
    return text
  }

  orderBy(): string {
    return this.#list(
      1,
      2,
      () =>
        this.expression() + this.#one(['', ' ASC', ' DESC', ' DESC NULLS LAST', ' NULLS FIRST']),
    )
  }

  table(): string {
    return this.#pick(
      [() => this.#one(['t', 's', 't AS x', '"T t" y', 'r AS q(a, b)'])],
      [
        () => `(${this.query()}) AS z`,
        () => `LATERAL (${this.query()}) AS l`,
        () => `(t JOIN s ON ${this.expression()})`,
        () => 'unnest(a) AS u(v)',
        () => '(VALUES (1, 2), (3, 4)) AS v(a, b)',
      ],
    )
  }

  joins(): string {
    let text = this.table()
    while (this.#chance(0.35)) {
      text += this.#one([
        () => ` CROSS JOIN ${this.table()}`,
        () =>
          ` ${this.#one(['JOIN', 'INNER JOIN', 'LEFT JOIN', 'LEFT OUTER JOIN', 'RIGHT JOIN', 'FULL JOIN'])} ${this.table()} ON ${this.expression()}`,
        () => ` JOIN ${this.table()} USING (a, b)`,
        () =>
          ` NATURAL ${this.#one(['', 'INNER ', 'LEFT ', 'RIGHT OUTER ', 'FULL '])}JOIN ${this.table()}`,
        () => `, ${this.table()}`,
      ])()
    }
    return text
  }

  item(): string {
    return this.#one([
      () => this.expression(),
      () => this.expression(),
      () => `${this.expression()} AS ${this.#one(['x', '"Y y"', 'value', 'date'])}`,
      () => '*',
      () => 't.*',
    ])()
  }

  group(): string {
    return this.#one([
      () => this.#list(1, 2, () => this.expression()),
      () => this.#list(1, 2, () => this.name()),
      () => 'GROUPING SETS ((a, b), a, ())',
    ])()
  }

  select(): string {
    let text = `SELECT ${this.#chance(0.1) ? 'DISTINCT ' : ''}${this.#list(1, 2, () => this.item())}`
    if (this.#chance(0.8)) text += `\nFROM ${this.joins()}`
    if (this.#chance(0.5)) text += ` WHERE ${this.expression()}`
    if (this.#chance(0.15)) text += ` GROUP BY ${this.group()}`
    if (this.#chance(0.1)) text += ` HAVING ${this.expression()}`
    return text
  }

  /** A query whose set operations have no brackets. */
  query(): string {
    let text = this.#pick(
      [() => `SELECT ${this.name()}`, () => 'SELECT 1', () => 'VALUES (1), (2)'],
      [() => this.select(), () => this.select(), () => `(${this.query()})`],
    )
    let isLone = text.startsWith('(')
    while (this.#depth < 4 && (this.#isFor('set operations') || this.#chance(0.15))) {
      isLone = false
      const operator = this.#one(['UNION', 'UNION ALL', 'INTERSECT', 'EXCEPT', 'EXCEPT ALL'])
      text += ` ${operator} ${this.#chance(0.3) ? `(${this.query()})` : this.#pick([() => 'SELECT 2'], [() => this.select()])}`
    }
    // PostgreSQL moves ORDER BY and LIMIT behind a lone bracket into it; we, like the standard, do not.
    if (isLone) return text
    if (this.#chance(0.12)) text += ` ORDER BY ${this.orderBy()}`
    if (this.#chance(0.08)) text += ' LIMIT 5'
    return text
  }

  statement(): string {
    const ctes = this.#chance(0.1) ? `WITH w AS (${this.query()}), v(a) AS (${this.query()}) ` : ''
    const query = this.#chance(0.5) ? `SELECT ${this.expression()}` : this.query()
    return query.startsWith('(') ? query : ctes + query
  }
}
