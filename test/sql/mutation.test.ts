/** Law 7 for the planner: whatever is done to the text of a query, the answer is a plan or an error
 *  that says what is wrong and where, never a crash. */

import { readdirSync, readFileSync } from 'node:fs'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { SqlError } from '../../engine/base/errors.ts'
import {
  bindInsert,
  Catalog,
  defineTable,
  defineView,
  type PlanMode,
  Planner,
  parseStatements,
  type Statement,
} from '../../sql/index.ts'

const FOLDER = `${import.meta.dirname}/../plan`
const QUERIES = readdirSync(FOLDER)
  .filter((file) => file.endsWith('.sql') && !file.startsWith('_'))
  .map((file) => readFileSync(`${FOLDER}/${file}`, 'utf8').replace('-- bounded\n', ''))

const TOKEN = /'[^']*'|[A-Za-z_]\w*|\d+(?:\.\d+)?|<>|[<>!]=|\|\||\s+|[^\s\w]/g
const WORDS = [
  ...new Set(QUERIES.flatMap((query) => query.match(TOKEN) ?? []).filter((t) => t.trim() !== '')),
]

const catalog = new Catalog()
for (const statement of parseStatements(readFileSync(`${FOLDER}/_tables.sql`, 'utf8'))) {
  run(statement, 'continuous', true)
}

function run(statement: Statement, mode: PlanMode, keep = false): void {
  if (statement.kind === 'create-table') {
    const entry = defineTable(statement, catalog)
    if (keep && entry) catalog.add(entry)
  } else if (statement.kind === 'create-view') {
    const defined = defineView(statement, catalog)
    if (keep && defined) catalog.add(defined.entry)
  } else if (statement.kind === 'insert-values') bindInsert(statement, catalog)
  else if (statement.kind === 'select') {
    const { plan } = new Planner(catalog).planQuery(statement, mode, { id: 'q', name: 'q' })
    structuredClone(plan)
  }
}

/** What a name or a literal may be replaced by: mostly still a query, seldom the right one. */
const ATOMS = [
  ...['origin', 'delay', 'ts', 'hour_of_day', 'window_start', 'window_end', 'flights', 'hourly'],
  ...['late_flights', 'live_minutes', 'readings', 'sensor', 'taken', 'x', 'f.origin', 'f.*', '*'],
  ...[
    '1',
    '2.5',
    '99999999999',
    "'SEA'",
    'NULL',
    'TRUE',
    "INTERVAL '1' MINUTE",
    'CURRENT_TIMESTAMP',
  ],
  ...['COUNT(*)', 'MAX(delay)', 'SUM(DISTINCT delay)', 'UPPER(origin)', '1 / 0', 'delay + 1'],
  ...["TUMBLE(ts, INTERVAL '1' MINUTE)", "TUMBLE_START(ts, INTERVAL '1' MINUTE)", 'ABS(1, 2)'],
  ...[
    '(SELECT 1)',
    "CAST('x' AS INT)",
    'CASE WHEN delay > 1 THEN 1 END',
    '(1, 2)',
    'COUNT(delay) + 1',
  ],
]
const ATOM = /^('.*|\d.*|[a-z_]\w*)$/

type Edit = readonly [position: number, wild: number, choice: number]

/** Replaces names and literals; now and then removes or inserts any token. */
function mutate(query: string, edits: readonly Edit[]): string {
  const tokens = (query.match(TOKEN) ?? []).filter((token) => token.trim() !== '')
  for (const [position, wild, choice] of edits) {
    const atoms = tokens.flatMap((token, i) => (ATOM.test(token) ? [i] : []))
    const place = position % Math.max(tokens.length, 1)
    if (wild === 0) tokens.splice(place, 1)
    else if (wild === 1) tokens.splice(place, 0, WORDS[choice % WORDS.length])
    else if (atoms.length > 0) tokens[atoms[position % atoms.length]] = ATOMS[choice % ATOMS.length]
  }
  return tokens.join(' ')
}

const edit = fc.tuple(fc.nat(200), fc.nat(12), fc.nat(10_000))

it('plans or refuses', { timeout: 120_000 }, () => {
  let plans = 0
  const refusals = new Map<string, number>()
  fc.assert(
    fc.property(
      fc.constantFrom(...QUERIES),
      fc.array(edit, { minLength: 1, maxLength: 3 }),
      fc.constantFrom<PlanMode>('continuous', 'bounded'),
      (query, edits, mode) => {
        const sql = mutate(query, edits)
        try {
          for (const statement of parseStatements(sql)) run(statement, mode)
          plans++
        } catch (error) {
          if (!(error instanceof SqlError) || error.code === 'INTERNAL') throw error
          refusals.set(error.code, (refusals.get(error.code) ?? 0) + 1)
          const inside = error.at === undefined || error.at.offset <= sql.length
          expect(inside, `${error.message} points outside of ${sql}`).toBe(true)
        }
      },
    ),
    { numRuns: process.env.MILLRACE_LONG === '1' ? 100_000 : 3000 },
  )
  // It is a test of the planner only if enough of the texts get that far.
  expect(plans).toBeGreaterThan(30)
  expect(refusals.get('UNKNOWN_COLUMN')).toBeGreaterThan(50)
  expect(refusals.get('INVALID_AGGREGATE')).toBeGreaterThan(5)
})
