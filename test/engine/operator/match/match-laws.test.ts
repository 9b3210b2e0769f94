/** Random patterns over random rows: however the rows are cut into batches, watermarks and restarts,
 *  the matches are those of the slow reference. */

import { expect, test } from 'vitest'
import { SqlError } from '../../../../engine/base/errors.ts'
import { type Random, random } from '../../../../engine/base/random.ts'
import { emptyBatch } from '../../../../engine/batch/batch.ts'
import { BatchBuilder } from '../../../../engine/batch/builder.ts'
import { schemaOf } from '../../../../engine/batch/schema.ts'
import { MatchConditions } from '../../../../engine/operator/match/match-conditions.ts'
import type { MatchRows } from '../../../../engine/operator/match/match-path.ts'
import { printTerm } from '../../../../engine/operator/match/match-print.ts'
import { MatchProgram } from '../../../../engine/operator/match/match-program.ts'
import { reachOf } from '../../../../engine/operator/match/match-reach.ts'
import { MatchSearch } from '../../../../engine/operator/match/match-search.ts'
import type { MatchNode, MatchTerm } from '../../../../engine/operator/nodes.ts'
import { seedOf } from '../../../seed.ts'
import {
  type Found,
  findAll,
  type Mapped,
  members,
  preferred,
  type ReferenceQuery,
  type ReferenceRow,
  type Skip,
  SkipError,
  TooManySteps,
  type Truth,
} from './match-reference.ts'
import { MatchRun, planOf, type TickerRow, textsOf } from './match-run.ts'

const CASES = process.env.MILLRACE_LONG === undefined ? 100 : 8000
/** Over how many lists of rows each query runs. */
const ROW_SETS = 4
const NAMES = ['A', 'B', 'C', 'D']

interface Written<Value> {
  readonly sql: string
  /** For the row at `depth` of the match, which is the current one. */
  readonly value: (mapped: Mapped, depth: number) => Value
}

type Number_ = Written<number | null>

class Maker {
  readonly #r: Random
  readonly variables: number
  /** Whether PREV is used, so that a row stays. */
  looksBack = false
  usesSubset = false

  constructor(r: Random) {
    this.#r = r
    this.variables = 1 + r.below(4)
  }

  below(limit: number): number {
    return this.#r.below(limit)
  }

  pick<T>(values: readonly T[]): T {
    return values[this.below(values.length)]
  }

  term(depth: number): MatchTerm {
    const kind = depth === 0 ? 0 : this.below(6)
    if (kind <= 1) return { kind: 'variable', variable: this.below(this.variables) }
    if (kind <= 3) {
      return {
        kind: 'sequence',
        terms: Array.from({ length: 1 + this.below(3) }, () => this.term(depth - 1)),
      }
    }
    if (kind === 4) {
      return {
        kind: 'choice',
        terms: Array.from({ length: 2 + this.below(2) }, () => this.term(depth - 1)),
      }
    }
    const [from, to] = this.pick([
      ...[
        [0, Infinity],
        [1, Infinity],
        [0, 1],
        [2, 2],
        [2, Infinity],
        [1, 3],
        [0, 2],
      ],
    ])
    return { kind: 'repeat', term: this.term(depth - 1), from, to, reluctant: this.below(3) === 0 }
  }

  /** Variables by a name: one, all, or the subset U of the first two. */
  #some(): { prefix: string; of: readonly number[] | undefined } {
    const choice = this.below(6)
    if (choice === 0 && this.variables > 1) {
      this.usesSubset = true
      return { prefix: 'U.', of: [0, 1] }
    }
    if (choice <= 3) {
      const variable = this.below(this.variables)
      return { prefix: `${NAMES[variable]}.`, of: [variable] }
    }
    return { prefix: '', of: undefined }
  }

  number(final = false): Number_ {
    const { prefix, of } = this.#some()
    const isFinal = final && this.below(3) === 0
    const semantics = isFinal ? 'FINAL ' : ''
    const depthOf = (mapped: Mapped, depth: number) => (isFinal ? mapped.path.length - 1 : depth)
    const at =
      (find: (list: number[]) => number | undefined, shift = 0) =>
      (mapped: Mapped, depth: number) => {
        const position = find(members(mapped, depthOf(mapped, depth), of))
        return position === undefined ? null : (mapped.rows[position + shift]?.price ?? null)
      }
    const n = this.below(3)
    const over = (fold: (values: number[]) => number | null) => (mapped: Mapped, depth: number) => {
      const rows = members(mapped, depthOf(mapped, depth), of).map((p) => mapped.rows[p].price)
      return fold(rows.filter((value) => value !== null))
    }
    const sum = (values: number[]) => (values.length === 0 ? null : values.reduce((a, b) => a + b))
    switch (this.below(8)) {
      case 0:
        return {
          sql: `${semantics}LAST(${prefix}price, ${n})`,
          value: at((list) => list.at(-1 - n)),
        }
      case 1:
        return { sql: `${semantics}FIRST(${prefix}price, ${n})`, value: at((list) => list[n]) }
      case 2:
        this.looksBack = true
        return {
          sql: `PREV(${semantics}LAST(${prefix}price), ${n})`,
          value: at((list) => list.at(-1), -n),
        }
      case 3:
        if (this.below(3) > 0) {
          return {
            sql: `NEXT(${semantics}LAST(${prefix}price), ${n})`,
            value: at((list) => list.at(-1), n),
          }
        }
        return {
          sql: `NEXT(${semantics}FIRST(${prefix}price, 1), ${n})`,
          value: at((list) => list[1], n),
        }
      case 4:
        return { sql: `${semantics}SUM(${prefix}price)`, value: over(sum) }
      case 5:
        return {
          sql: `${semantics}MAX(${prefix}price)`,
          value: over((values) => (values.length === 0 ? null : Math.max(...values))),
        }
      case 6:
        return {
          sql: `${semantics}COUNT(${prefix}${prefix === '' ? '' : 'price'}${prefix === '' ? '*' : ''})`,
          value: (mapped, depth) => {
            const rows = members(mapped, depthOf(mapped, depth), of)
            return prefix === ''
              ? rows.length
              : rows.filter((p) => mapped.rows[p].price !== null).length
          },
        }
      default:
        return { sql: 'MATCH_NUMBER()', value: (mapped) => mapped.number }
    }
  }

  condition(depth = 2): Written<Truth> {
    const kind = this.below(depth > 0 ? 5 : 3)
    if (kind >= 3) {
      const [a, b] = [this.condition(depth - 1), this.condition(depth - 1)]
      const isAnd = kind === 3
      const decided = !isAnd
      return {
        sql: `(${a.sql} ${isAnd ? 'AND' : 'OR'} ${b.sql})`,
        value(mapped, at) {
          const values = [a.value(mapped, at), b.value(mapped, at)]
          if (values.includes(decided)) return decided
          return values.includes(null) ? null : isAnd
        },
      }
    }
    const left: Number_ =
      kind === 0
        ? { sql: 'price', value: ({ rows, start }, at) => rows[start + at].price }
        : this.number()
    const constant = this.below(6)
    const right: Number_ =
      this.below(2) === 0 ? { sql: String(constant), value: () => constant } : this.number()
    const operator = this.pick(['<', '<=', '>', '>=', '=', '<>'])
    return {
      sql: `${left.sql} ${operator} ${right.sql}`,
      value(mapped, at) {
        const [a, b] = [left.value(mapped, at), right.value(mapped, at)]
        return a === null || b === null ? null : COMPARE[operator](a, b)
      },
    }
  }

  rows(): ReferenceRow[] {
    const count = this.below(this.below(3) === 0 ? 40 : 14)
    let second = 0
    return Array.from({ length: count }, (_, i) => {
      second += this.pick([0, 1, 1, 2, 5])
      return {
        symbol: this.pick(['X', 'X', 'Y', null]),
        price: this.below(8) === 0 ? null : this.below(6),
        tax: i,
        second,
      }
    })
  }
}

const COMPARE: Record<string, (a: number, b: number) => boolean> = {
  '<': (a, b) => a < b,
  '<=': (a, b) => a <= b,
  '>': (a, b) => a > b,
  '>=': (a, b) => a >= b,
  '=': (a, b) => a === b,
  '<>': (a, b) => a !== b,
}

const variablesOf = (term: MatchTerm): number[] =>
  term.kind === 'variable'
    ? [term.variable]
    : term.kind === 'repeat'
      ? variablesOf(term.term)
      : term.terms.flatMap(variablesOf)

interface Case {
  readonly sql: string
  readonly query: ReferenceQuery
  readonly measures: readonly Number_[]
  readonly mode: string
  readonly looksBack: boolean
  /** Rows of one time are in the order in which they come, or the other way round. */
  readonly reversed: boolean
}

function makeCase(maker: Maker): Case {
  // All variables must be in the pattern.
  const given = maker.term(3)
  const used = variablesOf(given)
  const missing = Array.from({ length: maker.variables }, (_, v) => v).filter(
    (v) => !used.includes(v),
  )
  const pattern: MatchTerm = {
    kind: 'sequence',
    terms: [
      given,
      ...missing.map(
        (variable): MatchTerm => ({
          kind: 'repeat',
          ...{ term: { kind: 'variable', variable }, from: 0, to: 1, reluctant: false },
        }),
      ),
    ],
  }
  const always: Written<Truth> = { sql: '', value: () => true }
  const conditions = Array.from({ length: maker.variables }, (_, v) =>
    v > 0 && maker.below(4) === 0 ? always : maker.condition(),
  )
  const mode = maker.pick(['ONE ROW', 'ONE ROW', 'ALL ROWS', 'ALL ROWS OMIT', 'ALL ROWS WITH'])
  const measures = Array.from({ length: 1 + maker.below(3) }, () => maker.number(true))
  const variable = maker.below(maker.variables)
  const skip = maker.pick<Skip>([
    ...[{ to: 'past-last' } as const, { to: 'past-last' } as const, { to: 'next-row' } as const],
    ...[{ to: 'first', variable } as const, { to: 'last', variable } as const],
  ])
  const within = maker.pick([Infinity, Infinity, 0, 3, 8])
  const reversed = maker.below(3) === 0
  const query = { pattern, conditions: conditions.map(testOf), within, skip }
  const sql = sqlOf({
    pattern,
    conditions,
    mode,
    measures,
    skip,
    within,
    usesSubset: maker.usesSubset,
    reversed,
  })
  return { sql, query, measures, mode, looksBack: maker.looksBack, reversed }
}

const testOf =
  ({ value }: Written<Truth>) =>
  (mapped: Mapped): Truth =>
    value(mapped, mapped.path.length - 1)

function sqlOf(parts: {
  pattern: MatchTerm
  conditions: readonly Written<Truth>[]
  mode: string
  measures: readonly Number_[]
  skip: Skip
  within: number
  usesSubset: boolean
  reversed: boolean
}): string {
  const { pattern, conditions, mode, measures, skip, within, usesSubset, reversed } = parts
  const rows = mode
    .replace(/(ONE ROW|ALL ROWS)/, '$1 PER MATCH')
    .replace('OMIT', 'OMIT EMPTY MATCHES')
    .replace('WITH', 'WITH UNMATCHED ROWS')
  const after =
    skip.variable === undefined
      ? skip.to === 'past-last'
        ? 'PAST LAST ROW'
        : 'TO NEXT ROW'
      : `TO ${skip.to.toUpperCase()} ${NAMES[skip.variable]}`
  const defines = conditions.flatMap(({ sql }, v) => (sql === '' ? [] : [`${NAMES[v]} AS ${sql}`]))
  const time = mode === 'ONE ROW' ? 'MATCH_ROWTIME()' : 'ts'
  const list = measures.map(({ sql }, i) => `${sql} AS m${i}`).join(', ')
  return `SELECT symbol, ${mode === 'ONE ROW' ? 'mt' : 'ts'}, ${mode === 'ONE ROW' ? '' : 'c, '}${measures.map((_, i) => `m${i}`).join(', ')}
    FROM ticker MATCH_RECOGNIZE (
      PARTITION BY symbol ORDER BY ts${reversed ? ', tax DESC' : ''}
      MEASURES ${mode === 'ONE ROW' ? `${time} AS mt` : 'CLASSIFIER() AS c'}, ${list}
      ${rows} AFTER MATCH SKIP ${after}
      PATTERN (${printTerm(pattern, NAMES)}) ${within === Infinity ? '' : `WITHIN INTERVAL '${within}' SECOND`}
      ${usesSubset ? 'SUBSET U = (A, B)' : ''}
      DEFINE ${defines.length === 0 ? 'A AS TRUE' : defines.join(', ')})`
}

/** The rows of each symbol, in order. */
function partitionsOf(rows: readonly ReferenceRow[], reversed: boolean) {
  const sign = reversed ? -1 : 1
  const sorted = rows.toSorted((a, b) => a.second - b.second || sign * (a.tax - b.tax))
  return Map.groupBy(sorted, (row) => row.symbol)
}

/** What the reference gives, as texts. */
function wantedOf(
  { query, measures, mode, reversed }: Case,
  rows: readonly ReferenceRow[],
): string[] {
  return [...partitionsOf(rows, reversed)].flatMap(([symbol, own]) =>
    findAll(own, query).flatMap((found) => textsOfFound(found, { symbol, measures, mode })),
  )
}

function textsOfFound(
  { kind, mapped }: Found,
  { symbol, measures, mode }: Pick<Case, 'measures' | 'mode'> & { symbol: string | null },
): string[] {
  const { rows, start, path } = mapped
  const text = (depth: number) =>
    measures.map(({ value }) => (kind === 'unmatched' ? null : value(mapped, depth)))
  if (kind === 'unmatched' && mode !== 'ALL ROWS WITH') return []
  if (mode === 'ONE ROW') {
    const last = path.length - 1
    const time = last < 0 ? 'null' : `@${rows[start + last].second}`
    return [[symbol, time, ...text(last)].map(String).join(' ')]
  }
  if (path.length === 0) {
    if (mode === 'ALL ROWS OMIT') return []
    return [[symbol, `@${rows[start].second}`, null, ...text(-1)].map(String).join(' ')]
  }
  return path.map((variable, depth) =>
    [symbol, `@${rows[start + depth].second}`, NAMES[variable], ...text(depth)]
      .map(String)
      .join(' '),
  )
}

/** Runs the query over the rows in disorder, cut at random. */
function run(
  run: MatchRun,
  { looksBack, mode }: Case,
  rows: readonly ReferenceRow[],
  maker: Maker,
) {
  const waiting = rows.map((row, i) => ({ row, at: row.second * 10 + maker.below(60), i }))
  // Rows of one time keep their order.
  for (let i = 1; i < waiting.length; i++) {
    const [before, own] = [waiting[i - 1], waiting[i]]
    if (before.row.second === own.row.second) own.at = Math.max(own.at, before.at)
  }
  const arriving = waiting.toSorted((a, b) => a.at - b.at || a.i - b.i).map(({ row }) => row)
  for (let from = 0; from < arriving.length; ) {
    const to = from + 1 + maker.below(maker.pick([1, 4, 20]))
    run.feed(arriving.slice(from, to).map((r): TickerRow => [r.symbol, r.price, r.tax, r.second]))
    from = to
    if (maker.below(3) === 0) continue
    const least = Math.min(...arriving.slice(from).map((row) => row.second))
    const before = run.watermarkS
    const out = run.watermark(least === Infinity ? rows[rows.length - 1].second : least)
    for (const row of out) {
      if (row[1] !== null) expect(Number(row[1]) / 1e6).toBeGreaterThanOrEqual(before)
    }
    if (maker.below(4) === 0) run.restart()
  }
  run.watermark(Infinity)
  expect(run.lateRows).toBe(0)
  if (!looksBack) expect(run.stateRows).toBe(0)
  expect(run.plan.schema.fields[1].name).toBe(mode === 'ONE ROW' ? 'mt' : 'ts')
  return textsOf(run)
}

const outcomeOf = (work: () => string[]): string[] | 'error' => {
  try {
    return work().toSorted()
  } catch (error) {
    const isSkip = error instanceof SqlError && error.message.startsWith('AFTER MATCH SKIP')
    if (error instanceof SkipError || isSkip) return 'error'
    throw error
  }
}

test('matches are the preferred ones, however the rows come', () => {
  const first = seedOf('match')
  let matched = 0
  let skipped = 0
  for (let seed = first; seed < first + CASES; seed++) {
    const maker = new Maker(random(seed))
    const one = makeCase(maker)
    const plan = planOf(one.sql)
    for (let i = 0; i < ROW_SETS; i++) {
      const rows = maker.rows()
      const message = `MILLRACE_SEED=${seed}\n${one.sql}\n${JSON.stringify(rows)}`
      let wanted: string[] | 'error'
      try {
        wanted = outcomeOf(() => wantedOf(one, rows))
      } catch (error) {
        if (!(error instanceof TooManySteps)) throw error
        skipped++
        continue
      }
      let got: string[] | 'error'
      try {
        got = outcomeOf(() => run(new MatchRun(plan), one, rows, maker))
      } catch (error) {
        throw new Error(message, { cause: error })
      }
      expect(got, message).toEqual(wanted)
      if (wanted !== 'error' && wanted.length > 0) matched++
    }
  }
  expect(matched).toBeGreaterThan((CASES * ROW_SETS) / 3)
  expect(skipped).toBeLessThan((CASES * ROW_SETS) / 10)
}, 900_000)

/** The search alone, which remembers the ways it went from the first step on. */
function searchOf(sql: string) {
  const { root } = planOf(sql)
  const node = root.kind === 'project' ? root.inputs[0] : root
  if (node.kind !== 'match' || node.inputs[0].kind !== 'source') return undefined
  const { columns, table } = node.inputs[0]
  const schema = schemaOf(columns.map((column) => table.schema.fields[column]))
  const rows = { view: emptyBatch(schema) }
  const match = node.node as MatchNode
  const search = new MatchSearch({
    program: new MatchProgram(match.pattern),
    conditions: new MatchConditions(match, schema, rows, { epoch: 1, nowUs: 0, seed: 1 }),
    reach: reachOf(match),
    withinUs: match.withinUs ?? Infinity,
    rememberAfter: 0,
  })
  const load = (list: readonly ReferenceRow[]): MatchRows => {
    const builder = new BatchBuilder(schema)
    for (const { symbol, price, tax, second } of list) {
      const all = [symbol, price, tax, second * 1e6]
      builder.append(columns.map((column) => all[column]))
    }
    rows.view = builder.finish()
    const times = list.map(({ second }) => second * 1e6)
    return { slots: list.map((_, i) => i), times, ended: true, closedUs: Infinity }
  }
  return { search, load, names: match.variables.map(({ name }) => name) }
}

test('a way that was gone before need not be gone again', () => {
  const first = seedOf('match-ways')
  let searched = 0
  for (let seed = first; seed < first + CASES; seed++) {
    const maker = new Maker(random(seed))
    const one = makeCase(maker)
    const found = searchOf(one.sql)
    if (found === undefined) continue
    const lists = Array.from({ length: ROW_SETS }, () => partitionsOf(maker.rows(), one.reversed))
    for (const own of lists.flatMap((partitions) => [...partitions.values()])) {
      const rows = found.load(own)
      for (const start of own.keys()) {
        let wanted: Mapped | undefined
        try {
          wanted = preferred({ rows: own, start, path: [], number: 1 }, one.query)
        } catch (error) {
          if (error instanceof TooManySteps) continue
          throw error
        }
        const { search, names } = found
        search.restart(start, 1)
        const isFound = search.run(rows) === 'match'
        const { variables, depth } = search.path
        const path = isFound ? variables.slice(0, depth).map((v) => names[v]) : undefined
        expect(path, `MILLRACE_SEED=${seed} row ${start}\n${one.sql}`).toEqual(
          wanted?.path.map((v) => NAMES[v]),
        )
        searched++
      }
    }
  }
  expect(searched).toBeGreaterThan(CASES)
}, 900_000)

test.each([
  ['SUM(A.price) = 3', 'BAC'],
  ['COUNT(A.*) = 0', 'BBC'],
  ['LAST(A.price) = 2', 'ABC'],
  ['LAST(B.price, 1) = 2', 'BBC'],
  ['FIRST(A.price) = 3', 'BAC'],
  ["CLASSIFIER() = 'C' AND FIRST(CLASSIFIER()) = 'B'", 'BAC'],
  ["LAST(CLASSIFIER(), 1) = 'B' AND FIRST(CLASSIFIER()) = 'B'", 'BBC'],
  ['ARRAY_AGG(B.price)[1] = 3', 'ABC'],
  ['price > 9', undefined],
])('ways to one place differ by what %s reads', (condition, wanted) => {
  const sql = `SELECT * FROM ticker MATCH_RECOGNIZE (ORDER BY ts MEASURES 1 AS one
    PATTERN ((A | B) (A | B) C) DEFINE C AS ${condition})`
  const { search, load, names } = searchOf(sql)!
  const rows = [2, 3, 4].map((price, second) => ({ symbol: 'X', price, tax: 1, second }))
  search.restart(0, 1)
  const isFound = search.run(load(rows)) === 'match'
  expect(isFound ? search.path.variables.map((v) => names[v]).join('') : undefined).toBe(wanted)
})
