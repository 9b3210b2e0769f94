/** UPDATE and DELETE: which rows of a table they change, as a bounded query over it. */

import { fail } from '../engine/base/errors.ts'
import type { Expr } from '../engine/expr/ir.ts'
import type { QueryPlan } from '../engine/plan/physical.ts'
import { isAppendOnly, type TableSpec } from '../engine/source/table.ts'
import type { Name, Query, SelectItem, Statement } from './ast.ts'
import { valueInto } from './bind/bind-insert.ts'
import { columnExpr, Scope } from './bind/scope.ts'
import type { Catalog } from './catalog/catalog.ts'
import { makeProject } from './logical/make.ts'
import { fieldsOf, type LogicalNode } from './logical/node.ts'
import { Planner, type PlannerOptions } from './planner.ts'

export type ChangeRows = Extract<Statement, { kind: 'update' | 'delete' }>

export interface PlannedChange {
  readonly table: TableSpec
  /** Gives the rows that the statement is about, as they are: the stored columns. Those of UPDATE
   *  are followed by the stored columns as they are to be. */
  readonly plan: QueryPlan
}

/** UNSUPPORTED for a table whose rows cannot be taken back, or that is not of the embedded queue;
 *  UNKNOWN_TABLE, UNKNOWN_COLUMN, DUPLICATE_NAME, INVALID_ARGUMENT for a column that cannot be set,
 *  TYPE_MISMATCH, and what a query raises. */
export function planChange(
  statement: ChangeRows,
  catalog: Catalog,
  options: PlannerOptions = {},
): PlannedChange {
  const { spec: table } = catalog.expect('table', statement.table)
  refuseUnlessChanging(statement, table)
  const set = statement.kind === 'update' ? targetsOf(statement, table) : undefined
  const query = queryOf(statement, table)
  const { text } = statement
  const { plan } = new Planner(catalog, options).planQuery(
    { query, text, queryText: text },
    'bounded',
    { id: 'change', name: '' },
    [],
    (bound) => (set === undefined ? bound : withNewRow(bound, table, set)),
  )
  return { table, plan }
}

function refuseUnlessChanging({ kind, table: { at } }: ChangeRows, table: TableSpec): void {
  const what = `${kind.toUpperCase()} of ${table.name}`
  if (table.connector !== 'log') {
    fail('UNSUPPORTED', `${what}: it belongs to the ${table.connector} connector`, {
      at,
      hint: 'Only rows of tables of the embedded queue can be changed.',
    })
  }
  if (!isAppendOnly(table)) return
  fail('UNSUPPORTED', `${what}: the table only takes new rows`, {
    at,
    hint: "Create it with a PRIMARY KEY, or WITH ('format' = 'changelog-json').",
  })
}

/** A column that is set, and where its value is found among the query's columns. */
interface Target {
  readonly column: number
  readonly from: number
  readonly name: Name
}

function targetsOf({ set }: Extract<ChangeRows, { kind: 'update' }>, table: TableSpec): Target[] {
  const scope = Scope.of(table.schema)
  const { storedCount, metadata = [], primaryKey = [] } = table
  const targets = set.map(({ column: name }, i): Target => {
    const { index: column } = scope.resolve([name])
    const refuse = (why: string, hint?: string): never =>
      fail('INVALID_ARGUMENT', `The column ${name.text} ${why}`, { at: name.at, hint })
    if (column >= storedCount) refuse('is computed and cannot be set')
    if (metadata.some((of) => of.column === column)) refuse('is metadata and cannot be set')
    if (primaryKey.includes(column)) {
      refuse('is part of the key and cannot be set', 'DELETE the row and INSERT another.')
    }
    return { column, from: storedCount + i, name }
  })
  targets.forEach(({ column, name }, i) => {
    if (targets.findIndex((other) => other.column === column) === i) return
    fail('DUPLICATE_NAME', `${name.text} is set twice`, { at: name.at })
  })
  return targets
}

/** The stored columns of the rows that WHERE keeps, and the values that are set. */
function queryOf(statement: ChangeRows, table: TableSpec): Query {
  const { at, where, table: name } = statement
  const stored = table.schema.fields.slice(0, table.storedCount)
  const columns = stored.map((field): SelectItem => {
    const path = [{ text: field.name, quoted: true, at }]
    return { kind: 'value', value: { kind: 'name', path, at } }
  })
  const set = statement.kind === 'update' ? statement.set : []
  const values = set.map(({ value }, i): SelectItem => {
    return { kind: 'value', value, alias: { text: `$set${i}`, at } }
  })
  const items = [...columns, ...values]
  const from = { kind: 'table', name, at: name.at } as const
  const select = {
    kind: 'select',
    distinct: false,
    items,
    from: [from],
    where,
    groupBy: [],
    at,
  } as const
  return { with: [], body: select, orderBy: [], at }
}

/** The rows as they are, then as they are to be. */
function withNewRow(bound: LogicalNode, table: TableSpec, set: readonly Target[]): LogicalNode {
  const stored = table.schema.fields.slice(0, table.storedCount)
  // A value as it was written converts more freely than a column of its type.
  const given = bound.kind === 'project' ? bound.exprs : undefined
  const input = bound.kind === 'project' ? bound.input : bound
  const at = (index: number): Expr => given?.[index] ?? columnExpr(bound.schema, index)
  const before = stored.map((_, i) => at(i))
  const after = stored.map((field, i) => {
    const target = set.find(({ column }) => column === i)
    return target === undefined ? at(i) : valueInto(at(target.from), field, target.name.at)
  })
  const fields = fieldsOf(bound).slice(0, stored.length)
  const renamed = stored.map((field, i) => ({ ...field, name: `new_${i}` }))
  return makeProject(input, [...before, ...after], [...fields, ...renamed])
}
