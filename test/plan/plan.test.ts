/** Golden plans: every `<case>.sql` is run over the tables of `_tables.sql`, and what comes out must
 *  be `<case>.plan`, or `<case>.error` if it is refused. `npm run test:bless` writes them anew. */

import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { SqlError } from '../../engine/base/errors.ts'
import { schemaText } from '../../engine/batch/schema.ts'
import { formatValue } from '../../engine/expr/cast.ts'
import {
  bindInsert,
  Catalog,
  caretText,
  defineTable,
  defineView,
  kindText,
  type PlanMode,
  type PlannedQuery,
  Planner,
  parseStatements,
  type Statement,
} from '../../sql/index.ts'

const FOLDER = import.meta.dirname
const bless = process.env.MILLRACE_BLESS === '1'
const read = (file: string) => readFileSync(`${FOLDER}/${file}`, 'utf8')

function runStatement(statement: Statement, catalog: Catalog, mode: PlanMode): string {
  switch (statement.kind) {
    case 'create-table': {
      catalog.add(defineTable(statement, catalog)!)
      return ''
    }
    case 'create-view': {
      catalog.add(defineView(statement, catalog)!.entry)
      return ''
    }
    case 'drop': {
      const entry = catalog.expect(statement.object as 'table', statement.name)
      catalog.remove(entry, statement.name.at)
      return `dropped the ${kindText(entry.kind)} ${entry.name}\n`
    }
    case 'insert-values': {
      const { table, rows } = bindInsert(statement, catalog)
      const { fields } = table.schema
      return rows
        .map((row) => row.map((value, i) => formatValue(value, fields[i].type)).join(', '))
        .join('\n')
    }
    case 'select': {
      const planner = new Planner(catalog)
      return planText(planner.planQuery(statement, mode, { id: 'q1', name: 'q' }))
    }
    default:
      throw new Error(`no golden form for ${statement.kind}`)
  }
}

function planText({ plan, explain, warnings }: PlannedQuery): string {
  const { fields } = plan.schema
  const key = plan.key === undefined ? 'none' : plan.key.map((i) => fields[i].name).join(', ')
  return [
    `== logical\n${explain.logical}`,
    `== physical\n${explain.physical}`,
    `== result\n${schemaText(plan.schema)}`,
    `${plan.appendOnly ? 'append-only' : 'changelog'}, key: ${key}`,
    ...warnings.map((warning) => `warning: ${warning}`),
  ].join('\n')
}

function run(sql: string): { ending: 'plan' | 'error'; text: string } {
  const catalog = new Catalog()
  for (const statement of parseStatements(read('_tables.sql'))) {
    runStatement(statement, catalog, 'continuous')
  }
  const mode = sql.startsWith('-- bounded') ? 'bounded' : 'continuous'
  try {
    const parts = parseStatements(sql).map((statement) => runStatement(statement, catalog, mode))
    return { ending: 'plan', text: `${parts.join('').trimEnd()}\n` }
  } catch (error) {
    if (!(error instanceof SqlError)) throw error
    return { ending: 'error', text: `${caretText(error, sql)}\n` }
  }
}

const cases = readdirSync(FOLDER)
  .filter((file) => file.endsWith('.sql') && !file.startsWith('_'))
  .map((file) => file.slice(0, -4))

describe('golden plans', () => {
  it.each(cases)('%s', (name) => {
    const { ending, text } = run(read(`${name}.sql`))
    if (bless) {
      for (const other of ['plan', 'error']) rmSync(`${FOLDER}/${name}.${other}`, { force: true })
      writeFileSync(`${FOLDER}/${name}.${ending}`, text)
      return
    }
    const file = `${name}.${ending}`
    expect(existsSync(`${FOLDER}/${file}`), `${file} is missing; got:\n${text}`).toBe(true)
    expect(text).toBe(read(file))
  })

  it('has a case for every golden file', () => {
    const golden = readdirSync(FOLDER).filter((file) => /\.(plan|error)$/.test(file))
    expect(golden.map((file) => file.replace(/\.\w+$/, '')).toSorted()).toEqual(cases.toSorted())
  })
})
