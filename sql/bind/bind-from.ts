/** FROM: tables, views, common tables, subqueries, windowing table functions, and joins of them. */

import { fail } from '../../engine/base/errors.ts'
import { schemaOf } from '../../engine/batch/schema.ts'
import type { Name, TableRef } from '../ast.ts'
import { findName } from '../catalog/find-name.ts'
import { makeScan, makeValues, makeWindow } from '../logical/make.ts'
import { bindExpression } from './bind-expression.ts'
import { bindJoin } from './bind-join.ts'
import { bindMatch } from './bind-match.ts'
import { bindUnnest } from './bind-unnest.ts'
import type { BindContext, CommonTable, Relation } from './context.ts'
import { expandView } from './expand-view.ts'
import { relationOf, withAlias } from './relation.ts'
import { columnExpr, Scope } from './scope.ts'
import { windowInput, windowSpec } from './window-call.ts'

const NO_COLUMNS = schemaOf([])
const NOWHERE = new Scope([])

/** Without FROM: one row without columns. */
const oneRow = (): Relation => ({ node: makeValues(NO_COLUMNS, [[]]), scope: NOWHERE })

/** The rows of a FROM clause; a comma is a cross join. UNKNOWN_TABLE, and what joins raise. */
export function bindFrom(from: readonly TableRef[], context: BindContext): Relation {
  const [first, ...others] = from
  if (first === undefined) return oneRow()
  return others.reduce(
    (left, right) =>
      bindJoin({ join: 'cross', right, using: [], at: right.at }, left, joining(context)),
    bindTableRef(first, context),
  )
}

/** What joins need to bind their right sides. */
const joining = (context: BindContext) => ({ context, bindTableRef })

function bindTableRef(ref: TableRef, context: BindContext): Relation {
  switch (ref.kind) {
    case 'table':
      if (ref.asOf !== undefined) {
        fail('UNSUPPORTED', 'FOR SYSTEM_TIME AS OF stands on the right side of a JOIN', {
          at: ref.asOf.at,
          hint: 'FROM orders AS o JOIN rates FOR SYSTEM_TIME AS OF o.ts AS r ON o.currency = r.currency',
        })
      }
      return withAlias(bindTable(ref.name, context), ref.alias)
    case 'query': {
      const { node } = context.bindQuery(ref.query, { ...context, depth: context.depth + 1 })
      return withAlias(relationOf(node, undefined), ref.alias)
    }
    case 'window':
      return bindWindow(ref, context)
    case 'function':
      return bindUnnest({ ref, left: oneRow(), outer: false, context })
    case 'match':
      return withAlias(
        bindMatch(ref.match, bindTableRef(ref.input, context), context.mode),
        ref.alias,
      )
    case 'join':
      return bindJoin(ref, bindTableRef(ref.left, context), joining(context))
  }
}

/** Views and common tables are written out wherever they are named: twenty that each name the one
 *  before twice would be a million. */
const NAMED_MAX = 512

function bindTable(name: Name, context: BindContext): Relation {
  if (++context.named.count > NAMED_MAX) {
    fail('LIMIT_EXCEEDED', `The query reads more than ${NAMED_MAX} tables, views written out`, {
      at: name.at,
      hint: 'A view that is named several times counts each time, with all that it reads.',
    })
  }
  const common = findCommonTable(name, context)
  if (common !== undefined) return bindCommonTable(name, common, context)
  const entry = context.catalog.relation(name)
  context.dependsOn.add((entry.kind === 'table' ? entry.sideOf : undefined) ?? entry.id)
  const table = { ...name, text: entry.name }
  return relationOf(
    entry.kind === 'table' ? makeScan(entry.spec) : expandView(entry, context),
    table,
  )
}

/** The innermost of an exactly matching name, else of one that differs in case. */
function findCommonTable(name: Name, { commonTables }: BindContext): CommonTable | undefined {
  return findName(name.text, [...commonTables].reverse(), (table) => table.name)[0]
}

function bindCommonTable(name: Name, common: CommonTable, context: BindContext): Relation {
  const { node } = context.bindQuery(common.query, {
    ...common.context,
    depth: context.depth + 1,
  })
  return relationOf(node, { ...name, text: common.name }, common.columns)
}

function bindWindow(
  { window, alias }: Extract<TableRef, { kind: 'window' }>,
  context: BindContext,
): Relation {
  const { function: called, at } = window
  const name = called.text.toUpperCase()
  const input = bindTableRef(window.input, context)
  const args = window.args.map((arg) =>
    bindExpression(arg, { scope: NOWHERE, schema: NO_COLUMNS, clause: `The size of ${name}` }),
  )
  const spec = windowSpec({ name, args, at: called.at })
  const { timeColumn, partitionBy } = window
  if (partitionBy.length > 0 && spec.kind !== 'session') {
    fail('UNSUPPORTED', `${name} takes no PARTITION BY`, { at: partitionBy[0].at })
  }
  const { index } = input.scope.resolve([timeColumn])
  const column = columnExpr(input.node.schema, index, timeColumn.at)
  const timed = windowInput(column, input.node, context.mode, at)
  const node = makeWindow(
    timed.node,
    spec,
    timed.timeColumn,
    spec.kind === 'session'
      ? partitionBy.map((key) => input.scope.resolve([key]).index)
      : undefined,
  )
  const { fields } = node.schema
  const [table] = input.scope.tables()
  const added = fields.slice(-3).map((field, i) => ({
    table,
    name: field.name,
    index: fields.length - 3 + i,
  }))
  return withAlias({ node, scope: new Scope([...input.scope.columns, ...added]) }, alias)
}
