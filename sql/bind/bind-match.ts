/** MATCH_RECOGNIZE: its variables, its pattern and its columns over a bound input. */

import { asSqlError, fail, SqlError } from '../../engine/base/errors.ts'
import type { Field } from '../../engine/batch/schema.ts'
import { isTimestamp, typeName } from '../../engine/batch/types.ts'
import { isNullable } from '../../engine/expr/facts.ts'
import type { Expr } from '../../engine/expr/ir.ts'
import { leastRows, MatchProgram } from '../../engine/operator/match/match-program.ts'
import type { MatchTerm, SortKey } from '../../engine/operator/nodes.ts'
import type { Expression } from '../ast.ts'
import { type MatchParts, makeMatch } from '../logical/make-match.ts'
import { fieldsOf, type LogicalNode } from '../logical/node.ts'
import type { MatchClause, MatchSkip } from '../match-ast.ts'
import { asBoolean, bindExpression } from './bind-expression.ts'
import { evaluate } from './constant.ts'
import type { PlanMode, Relation } from './context.ts'
import { MatchReferences } from './match-references.ts'
import { MatchVariables } from './match-variables.ts'
import { columnExpr, Scope } from './scope.ts'
import { byProcessingTime } from './window-call.ts'

/** The rows of the matches. UNKNOWN_COLUMN, TYPE_MISMATCH, INVALID_ARGUMENT (order, offsets,
 *  variables that are not in PATTERN), DUPLICATE_NAME, UNSUPPORTED. */
export function bindMatch(match: MatchClause, given: Relation, mode: PlanMode): Relation {
  const names = new MatchVariables(match)
  const pattern = bindPattern(match, names)
  const partitionBy = match.partitionBy.map((key) => partitionColumn(key, given))
  const { input, ...orderBy } = bindOrder(match, given, mode)
  const rows = match.rows === 'one' ? 'one' : 'all'
  const unmatched = match.rows === 'all-with-unmatched'
  const references = new MatchReferences({
    input,
    names,
    timeColumn: orderBy.timeColumn,
    mayBeEmpty: unmatched || leastRows(pattern) === 0,
  })
  const conditions = names.bindDefines(match.defines, (condition, variable) =>
    asBoolean(references.bind(condition, 'DEFINE', variable), 'DEFINE'),
  )
  const measures = match.measures.map(({ value, name }) => ({
    name: name.text,
    expr: references.bind(value, 'MEASURES'),
  }))
  const parts: MatchParts = {
    partitionBy: partitionBy.map((column) => columnExpr(input.node.schema, column)),
    orderBy: orderBy.keys,
    timeColumn: orderBy.timeColumn,
    variables: names.list.map((name, v) => ({ name, condition: conditions[v] })),
    pattern,
    withinUs: match.within && withinUs(match.within),
    skip: bindSkip(match.skip, names),
    rows,
    empty: match.rows !== 'all-omit-empty',
    unmatched,
    references: references.list,
    measures: measures.map(({ expr }) => expr),
    ...outputsOf(match, { partitionBy, orderBy: orderBy.keys, input, measures: measures.length }),
  }
  const fields = outputFields(parts, measures, input)
  checkOutput(fields, match)
  const node = makeMatch(references.inputNode(), parts, fields)
  return { node, scope: Scope.of(node.schema) }
}

/** LIMIT_EXCEEDED for a pattern that is too long. */
function bindPattern({ pattern }: MatchClause, names: MatchVariables): MatchTerm {
  const term = names.bindPattern(pattern)
  try {
    new MatchProgram(term)
  } catch (error) {
    const { code, message, hint } = asSqlError(error)
    throw new SqlError(code, message, { at: pattern.at, hint, cause: error })
  }
  return term
}

function partitionColumn(key: Expression, { scope }: Relation): number {
  if (key.kind === 'name') return scope.resolve(key.path).index
  return fail('UNSUPPORTED', 'PARTITION BY of MATCH_RECOGNIZE takes columns', {
    at: key.at,
    hint: 'Compute the column before: FROM (SELECT *, … AS k FROM t) MATCH_RECOGNIZE (…).',
  })
}

function bindOrder({ orderBy }: MatchClause, input: Relation, mode: PlanMode) {
  const { node, scope } = input
  const keys = orderBy.map(({ value, descending, nullsFirst }): SortKey => {
    const expr = bindExpression(value, { scope, schema: node.schema, clause: 'ORDER BY' })
    return { expr, descending, nullsFirst }
  })
  const [{ expr, descending }] = keys
  const { at } = orderBy[0].value
  const { appendOnly, timeColumns, processingColumns, watermarked } = node.traits
  if (!appendOnly) {
    fail('UNSUPPORTED', 'MATCH_RECOGNIZE needs append-only input', {
      at,
      hint: 'It works over a stream, or over a window result that is emitted on close.',
    })
  }
  const isColumn = expr.kind === 'column' && isTimestamp(expr.type) && !descending
  // In bounded mode all rows are there, so any time orders them if no watermark says otherwise.
  const isFree = mode === 'bounded' && !watermarked
  if (isColumn && timeColumns.includes(expr.index)) {
    return { keys, timeColumn: expr.index, input }
  }
  if (isColumn && processingColumns.includes(expr.index)) {
    const timed = { ...input, node: byProcessingTime(node, expr.index, at) }
    return { keys, timeColumn: expr.index, input: timed }
  }
  if (isColumn && isFree) return { keys, timeColumn: expr.index, input }
  return fail(
    'INVALID_ARGUMENT',
    'MATCH_RECOGNIZE is ordered by a time attribute first, ascending',
    {
      at,
      hint: timeHint(node),
    },
  )
}

function timeHint({ traits, schema }: LogicalNode): string {
  const names = traits.timeColumns.map((column) => schema.fields[column].name)
  return names.length > 0
    ? `The time attribute here is ${names.join(', ')}; other columns may follow it.`
    : 'Declare a WATERMARK in the table.'
}

function withinUs(within: Expression): number {
  const nothing = { scope: new Scope([]), schema: { fields: [] }, clause: 'WITHIN' }
  const bound = bindExpression(within, nothing)
  if (bound.type.kind !== 'interval_second') {
    fail('TYPE_MISMATCH', `WITHIN takes an interval, not ${typeName(bound.type)}`, {
      at: within.at,
      hint:
        bound.type.kind === 'interval_month'
          ? 'Months differ in length; use days.'
          : "For example WITHIN INTERVAL '1' HOUR.",
    })
  }
  const value = Number(evaluate(bound) ?? Number.NaN)
  if (Number.isSafeInteger(value) && value >= 0) return value
  return fail('INVALID_ARGUMENT', 'WITHIN takes an interval that is not negative', {
    at: within.at,
  })
}

function bindSkip(skip: MatchSkip | undefined, names: MatchVariables): MatchParts['skip'] {
  if (skip === undefined) return { to: 'past-last' }
  if (!('variable' in skip)) return { to: skip.to }
  return { to: skip.to, variables: names.expect(skip.variable) }
}

interface Outputs {
  readonly partitionBy: readonly number[]
  readonly orderBy: readonly SortKey[]
  readonly input: Relation
  readonly measures: number
}

/** One row: partition, measures. All rows: partition, order, measures, the other columns. */
function outputsOf({ rows }: MatchClause, { partitionBy, orderBy, input, measures }: Outputs) {
  const columns = (of: Iterable<number>) =>
    [...of].map((column) => ({ kind: 'column' as const, column }))
  const measured = Array.from({ length: measures }, (_, measure) => ({
    kind: 'measure' as const,
    measure,
  }))
  const first = new Set(partitionBy)
  if (rows === 'one') return { output: [...columns(first), ...measured] }
  for (const { expr } of orderBy) if (expr.kind === 'column') first.add(expr.index)
  const others = input.scope.visible().filter(({ index }) => !first.has(index))
  return {
    output: [...columns(first), ...measured, ...columns(others.map(({ index }) => index))],
  }
}

function outputFields(
  { output, unmatched }: MatchParts,
  measures: readonly { readonly name: string; readonly expr: Expr }[],
  { node }: Relation,
): Field[] {
  return output.map((from) => {
    if (from.kind === 'column') return fieldsOf(node)[from.column]
    const { name, expr } = measures[from.measure]
    return { name, type: expr.type, nullable: unmatched || isNullable(expr) }
  })
}

function checkOutput(fields: readonly Field[], { at, measures }: MatchClause): void {
  if (fields.length === 0) {
    fail('INVALID_ARGUMENT', 'MATCH_RECOGNIZE gives no column', { at, hint: 'Add MEASURES.' })
  }
  const names = measures.map(({ name }) => name.text)
  const twice = measures.find(({ name }, i) => names.indexOf(name.text) < i)
  if (twice !== undefined) {
    fail('DUPLICATE_NAME', `There are two measures ${twice.name.text}`, { at: twice.name.at })
  }
}
