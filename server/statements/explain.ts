/** EXPLAIN: how a statement's query would run, and the code that it would run; nothing is started.
 *  EXPLAIN ANALYZE: what each operator did, of a query that runs, or of a SELECT that is run for
 *  it. */

import { fail } from '../../engine/base/errors.ts'
import type { NodeReport } from '../../engine/graph/protocol.ts'
import { generatedCode } from '../../engine/plan/generated-code.ts'
import { nodesOf, type Plan } from '../../engine/plan/physical.ts'
import {
  defineInsert,
  defineTableStatement,
  explainPhysical,
  type PlannedQuery,
  Planner,
  type Statement,
  textAnswer,
} from '../../sql/index.ts'
import { CATALOG_CONNECTORS } from '../connectors.ts'
import type { DatabaseParts } from '../database.ts'
import { watermarkText } from '../sse/event.ts'
import { answerResult, type StatementResult } from '../statement-result.ts'
import { runBounded } from './select.ts'

type Explain = Extract<Statement, { kind: 'explain' }>

export async function explain(
  parts: DatabaseParts,
  { mode, statement }: Explain,
): Promise<StatementResult> {
  if (mode === 'analyze') return analyzeSelect(parts, statement)
  const { explain: texts, plan, warnings } = planOf(parts, statement)
  const { logical, physical } = texts
  switch (mode) {
    case 'logical':
      return told(logical, warnings)
    case 'physical':
      return told(physical, warnings)
    case 'code':
      return told(codeText(plan.root), warnings)
    default: {
      const both = `== Logical plan ==\n${logical.trimEnd()}\n\n== Physical plan ==\n${physical}`
      return told(both, warnings)
    }
  }
}

function told(text: string, warnings: readonly string[] = []): StatementResult {
  const lines = warnings.map((warning) => `Warning: ${warning}`)
  return answerResult(textAnswer('plan', [text.trimEnd(), ...lines].join('\n')))
}

/** Plans as a continuous query. */
function planOf({ catalog, settings }: DatabaseParts, statement: Statement): PlannedQuery {
  const { session } = settings
  const identity = { id: 'explain', name: '' }
  switch (statement.kind) {
    case 'select':
    case 'create-query':
      return new Planner(catalog, { session }).planQuery(statement, 'continuous', identity)
    case 'create-view': {
      const planner = new Planner(catalog, { session })
      return planner.planQuery(statement, 'continuous', identity, statement.columns)
    }
    case 'insert-select': {
      const name = { text: freeName(catalog), at: statement.table.at }
      return defineInsert(name, statement, catalog, { id: 'explain', session }).planned
    }
    case 'create-table': {
      const defined = defineTableStatement(
        { ...statement, ifNotExists: false },
        catalog,
        CATALOG_CONNECTORS,
        { session },
      )
      if (defined?.job !== undefined) return defined.job.planned
      break
    }
    default:
  }
  return fail('UNSUPPORTED', 'EXPLAIN is for SELECT, CREATE … AS and INSERT INTO … SELECT', {
    at: statement.at,
  })
}

function freeName(catalog: DatabaseParts['catalog']): string {
  for (let n = 0; ; n++) if (catalog.find(`explain_${n}`) === undefined) return `explain_${n}`
}

/** The functions of each operator below its line; values of the statement are bound to names. */
function codeText(root: Plan): string {
  const code = generatedCode(root)
  return explainPhysical(root, {
    below: (plan) => (code.get(plan) ?? []).flatMap((source) => [...source.split('\n'), '']),
  })
}

async function analyzeSelect(parts: DatabaseParts, statement: Statement): Promise<StatementResult> {
  if (statement.kind !== 'select') {
    return fail('UNSUPPORTED', 'EXPLAIN ANALYZE is for a SELECT or the name of a query', {
      at: statement.at,
      hint: 'Create it first, and then write EXPLAIN ANALYZE and its name.',
    })
  }
  const { plan, report } = await runBounded(parts, statement)
  return told(reportText(plan.root, report))
}

/** EXPLAIN ANALYZE of a query or materialized view that runs. UNKNOWN_QUERY. */
export async function analyze(
  { catalog, engine, queries }: DatabaseParts,
  { name }: Extract<Statement, { kind: 'analyze' }>,
): Promise<StatementResult> {
  const found = catalog.find(name.text, name.at)
  const entry = found?.kind === 'materialized-view' ? found : catalog.expect('query', name)
  const plan = queries.plan(entry.id)
  if (plan === undefined) return fail('UNKNOWN_QUERY', `${entry.name} does not run`)
  const report = await engine.request({ kind: 'analyze', queryId: entry.id })
  return told(reportText(plan.root, report))
}

/** The plan with what each part did behind its line. */
function reportText(root: Plan, reports: readonly NodeReport[]): string {
  const byNode = new Map([...nodesOf(root)].map((plan, i) => [plan, reports[i]]))
  const total = reports.reduce((sum, { busyMs }) => sum + busyMs, 0)
  const remark = (plan: Plan) => `  [${factsOf(plan, byNode.get(plan)!, total).join(', ')}]`
  return explainPhysical(root, { remark })
}

function factsOf(plan: Plan, report: NodeReport, totalMs: number): string[] {
  const { rowsIn, rowsOut, busyMs, stateRows, stateBytes, watermarkUs } = report
  const isLeaf = plan.kind === 'source' || plan.kind === 'values'
  const share = totalMs === 0 ? 0 : Math.round((busyMs / totalMs) * 100)
  return [
    ...(isLeaf ? [] : [`${rowsIn} rows in`]),
    `${rowsOut} rows out`,
    ...(isLeaf ? [] : [`${busyMs.toFixed(1)} ms (${share} %)`]),
    ...(stateRows + stateBytes > 0 ? [`state ${stateRows} rows, ${bytesText(stateBytes)}`] : []),
    `watermark ${watermarkUs === Infinity ? 'at the end' : (watermarkText(watermarkUs) ?? 'none')}`,
  ]
}

function bytesText(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB']
  let [value, unit] = [bytes, 0]
  for (; value >= 1024 && unit < units.length - 1; unit++) value /= 1024
  return `${unit === 0 ? value : value.toFixed(1)} ${units[unit]}`
}
