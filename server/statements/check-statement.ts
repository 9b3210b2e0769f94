/** One statement against a trial database: what it would give, or what is wrong with it. It is done
 *  to the trial, so that the next statement finds what it would have made. */

import { asSqlError } from '../../engine/base/errors.ts'
import { declaredSchema } from '../../engine/source/table.ts'
import {
  answerSchema,
  bindInsert,
  checkSetting,
  type Defined,
  defineAlteredTable,
  defineFunction,
  defineInsert,
  defineQuery,
  defineTableStatement,
  defineView,
  describe,
  describeFunction,
  type Entry,
  freeJobName,
  knownSetting,
  type MaterializedViewEntry,
  type PlannedQuery,
  Planner,
  planChange,
  type QueryEntry,
  type QueryStatement,
  type Redefined,
  redefine,
  renamed,
  type Statement,
  show,
  showSettings,
  textAnswer,
  type ViewEntry,
} from '../../sql/index.ts'
import { CATALOG_CONNECTORS } from '../connectors.ts'
import { columnsOf } from '../statement-result.ts'
import { definedQuery, definedView } from './alter.ts'
import { surroundings } from './redefine.ts'
import { isSameResult } from './replace.ts'
import { findRelation, withStateColumns } from './show.ts'
import type { Checked, Trial } from './validate.ts'

type Of<Kind extends Statement['kind']> = Extract<Statement, { kind: Kind }>

/** Raises what is wrong. */
export async function checkStatement(statement: Statement, trial: Trial): Promise<Checked> {
  switch (statement.kind) {
    case 'select':
      return checkSelect(statement, trial)
    case 'create-table':
      return checkTable(statement, trial)
    case 'create-view':
      return checkView(statement, trial)
    case 'create-query':
      return checkQuery(statement, trial)
    case 'create-function':
      return checkFunction(statement, trial)
    case 'alter':
      return checkAlter(statement, trial)
    case 'statement-set': {
      const all = statement.statements.map((one) => checkInsert(one as Of<'insert-select'>, trial))
      return { warnings: all.flatMap(({ warnings = [] }) => warnings) }
    }
    case 'insert-select':
      return checkInsert(statement, trial)
    case 'explain': {
      // What is explained is not done.
      await checkStatement(statement.statement, { ...trial, catalog: trial.catalog.copy() })
      return { columns: columnsOf(answerSchema(textAnswer('plan', ''))) }
    }
    default:
      return checkSmall(statement, trial)
  }
}

type Small = Exclude<
  Statement,
  {
    kind:
      | 'select'
      | 'create-table'
      | 'create-view'
      | 'create-query'
      | 'create-function'
      | 'alter'
      | 'statement-set'
      | 'insert-select'
      | 'explain'
  }
>

function checkSmall(statement: Small, { catalog, settings }: Trial): Checked {
  switch (statement.kind) {
    case 'insert-values':
      bindInsert(statement, catalog, undefined, settings.session.timeZone)
      return {}
    case 'update':
    case 'delete':
      planChange(statement, catalog, { session: settings.session })
      return {}
    case 'drop':
      checkDrop(statement, catalog)
      return {}
    case 'show': {
      const answer = show(statement.what, catalog, statement.filter)
      return { columns: columnsOf(answerSchema(withStateColumns(answer, statement.what))) }
    }
    case 'show-create': {
      const { object, name } = statement
      if (object === undefined) findRelation(catalog, name, true)
      else catalog.expect(object, name)
      return { columns: columnsOf(answerSchema(textAnswer('statement', ''))) }
    }
    case 'show-columns':
    case 'describe':
      return {
        columns: columnsOf(answerSchema(describe(findRelation(catalog, statement.name)))),
      }
    case 'describe-function':
      return { columns: columnsOf(answerSchema(describeFunction(statement.name, catalog))) }
    case 'analyze': {
      const { name } = statement
      const found = catalog.find(name.text, name.at)
      if (found?.kind !== 'materialized-view') catalog.expect('query', name)
      return { columns: columnsOf(answerSchema(textAnswer('plan', ''))) }
    }
    case 'set': {
      const { key, value } = statement
      if (key === undefined || value === undefined) {
        return { columns: columnsOf(answerSchema(showSettings(settings))) }
      }
      checkSetting(key.text, value.text, { key: key.at, value: value.at })
      settings.set(key.text, value.text)
      return {}
    }
    case 'reset':
      if (statement.key !== undefined) knownSetting(statement.key.text, statement.key.at)
      settings.reset(statement.key?.text)
      return {}
  }
}

const plannedFacts = ({ plan, explain, warnings }: PlannedQuery): Checked => ({
  columns: columnsOf(plan.schema),
  plan: explain,
  warnings,
})

/** As a continuous query; if it can only be asked once, as that. */
function checkSelect(statement: QueryStatement, { catalog, settings }: Trial): Checked {
  const planner = new Planner(catalog, { session: settings.session })
  const identity = { id: 'validate', name: '' }
  try {
    return plannedFacts(planner.planQuery(statement, 'continuous', identity))
  } catch (error) {
    if (statement.emit !== undefined) throw error
    const planned = planner.planQuery(statement, 'bounded', identity)
    const { message } = asSqlError(error)
    const once = `It can only be asked once, not as a continuous query: ${message}`
    return { ...plannedFacts(planned), warnings: [...planned.warnings, once] }
  }
}

function checkTable(
  statement: Of<'create-table'>,
  { catalog, queries, settings: { session } }: Trial,
): Checked {
  const defined = defineTableStatement(statement, catalog, CATALOG_CONNECTORS, { session })
  if (defined === undefined) return {}
  const { table, job, replaces } = defined
  const { at } = statement.name
  if (job !== undefined) queries.checkTarget(job.planned.plan, table.spec, at)
  for (const entry of replaces) catalog.remove(entry)
  catalog.add(table, statement.name.at)
  const columns = columnsOf(declaredSchema(table.spec))
  if (job === undefined) return { columns }
  catalog.add(job.entry)
  return { ...plannedFacts(job.planned), columns }
}

async function checkView(statement: Of<'create-view'>, trial: Trial): Promise<Checked> {
  const { catalog, settings } = trial
  const defined = defineView(statement, catalog, { session: settings.session })
  if (defined === undefined) return {}
  const { entry, planned, replaces: old } = defined
  return checkViewEntry(trial, { entry, planned }, old, statement.name.at)
}

async function checkViewEntry(
  trial: Trial,
  { entry, planned }: Defined<ViewEntry | MaterializedViewEntry>,
  old: Entry | undefined,
  at: { readonly offset: number; readonly length: number },
): Promise<Checked> {
  const { catalog } = trial
  if (entry.kind === 'view' && old?.kind === 'view') {
    swap(trial, redefine({ ...entry, id: old.id }, surroundings(trial), at))
    return plannedFacts(planned)
  }
  if (entry.kind === 'materialized-view' && old?.kind === 'materialized-view') {
    return checkReplacement(trial, old, { entry, planned })
  }
  catalog.add(entry, at)
  return plannedFacts(planned)
}

function swap({ catalog }: Trial, entries: readonly Redefined[]): void {
  for (const { after } of entries) catalog.replace(after)
}

type Running = MaterializedViewEntry | QueryEntry

/** With what would become of the running query's state. */
async function checkReplacement(
  { catalog, engine, queries }: Trial,
  old: Running,
  { entry, planned }: Defined<Running>,
): Promise<Checked> {
  catalog.checkUnused(old)
  const before = queries.plan(old.id)
  catalog.remove(old)
  catalog.add(entry)
  const facts = plannedFacts(planned)
  const { plan } = planned
  if (before === undefined || isSameResult(before, plan)) return facts
  const { operators } = await engine
    .request({ kind: 'compare', queryId: old.id, plan })
    .catch(() => ({ operators: [] }))
  const lost = operators.filter(({ fate, rows }) => fate === 'dropped' && rows > 0)
  const warning = lost.map(
    ({ operator, rows }) => `${rows} rows of state would be lost: ${operator}`,
  )
  return { ...facts, warnings: [...planned.warnings, ...warning], operators }
}

async function checkQuery(statement: Of<'create-query'>, trial: Trial): Promise<Checked> {
  const { name, orReplace, ifNotExists } = statement
  const { catalog, settings } = trial
  const { session } = settings
  const old = catalog.find(name.text)
  if (ifNotExists && old?.name === name.text) return {}
  if (orReplace && old?.kind === 'query') {
    return checkReplacement(trial, old, definedQuery(trial, { ...old, session }, statement))
  }
  const { entry, planned } = defineQuery(name, statement, catalog, { session })
  catalog.add(entry)
  return plannedFacts(planned)
}

function checkFunction(statement: Of<'create-function'>, { catalog }: Trial): Checked {
  const defined = defineFunction(statement, catalog)
  if (defined === undefined) return {}
  if (defined.replaces !== undefined) catalog.remove(defined.replaces)
  catalog.add(defined.entry)
  return {}
}

function checkInsert(
  statement: Of<'insert-select'>,
  { catalog, queries, settings: { session } }: Trial,
): Checked {
  const { text, at } = statement.table
  const name = { text: freeJobName(catalog.find(text)?.name ?? text, catalog), at }
  const { entry, planned } = defineInsert(name, statement, catalog, { session })
  if (entry.target !== undefined) queries.checkTarget(planned.plan, entry.target, at)
  catalog.add(entry)
  return plannedFacts(planned)
}

async function checkAlter(statement: Of<'alter'>, trial: Trial): Promise<Checked> {
  const { object, name, ifExists, action, at } = statement
  const { catalog } = trial
  const found = object === 'function' ? catalog.findFunction(name.text) : catalog.find(name.text)
  if (ifExists && found === undefined) return {}
  const entry = catalog.expect(object, name)
  switch (action.kind) {
    case 'pause':
    case 'resume':
    case 'restart':
      return {}
    case 'rename':
      if (entry.kind !== 'function') catalog.replace(renamed(entry, action.to, catalog))
      return {}
    case 'as':
      if (entry.kind === 'query') {
        return checkReplacement(trial, entry, definedQuery(trial, entry, action))
      }
      if (entry.kind !== 'view' && entry.kind !== 'materialized-view') return {}
      return checkViewEntry(trial, definedView(trial, entry, action), entry, name.at)
    default: {
      if (entry.kind !== 'table') return {}
      const entries = defineAlteredTable(entry, action, surroundings(trial), at)
      swap(trial, entries)
      const [{ after }] = entries
      return after.kind === 'table' ? { columns: columnsOf(declaredSchema(after.spec)) } : {}
    }
  }
}

function checkDrop({ object, name, ifExists }: Of<'drop'>, catalog: Trial['catalog']): void {
  const found = object === 'function' ? catalog.findFunction(name.text) : catalog.find(name.text)
  if (ifExists && found === undefined) return
  catalog.remove(catalog.expect(object, name), name.at)
}
