/** Names for relations: table aliases and column aliases. */

import { fail } from '../../engine/base/errors.ts'
import type { Name, TableAlias } from '../ast.ts'
import { makeProject } from '../logical/make.ts'
import { fieldsOf, type LogicalNode } from '../logical/node.ts'
import type { Relation } from './context.ts'
import { columnExpr, Scope } from './scope.ts'

/** All columns of a node under one table name (or none), renamed if `columns` gives names. */
export function relationOf(
  node: LogicalNode,
  table: Name | undefined,
  columns: readonly Name[] = [],
): Relation {
  const named = columns.length === 0 ? node : renameColumns(node, columns)
  return { node: named, scope: Scope.of(named.schema, table?.text) }
}

/** The relation under an alias; without one it keeps its names. */
export function withAlias(relation: Relation, alias: TableAlias | undefined): Relation {
  return alias === undefined ? relation : relationOf(relation.node, alias.name, alias.columns)
}

/** Says that there are too many or too few names. */
export function namesFor(names: number, columns: number): string {
  const are = names === 1 ? 'is 1 name' : `are ${names} names`
  return `There ${are} for ${columns} column${columns === 1 ? '' : 's'}`
}

/** The same columns under new names. INVALID_ARGUMENT if the numbers differ. */
export function renameColumns(node: LogicalNode, names: readonly Name[]): LogicalNode {
  const fields = fieldsOf(node)
  if (names.length !== fields.length) {
    fail('INVALID_ARGUMENT', namesFor(names.length, fields.length), {
      at: names[Math.min(fields.length, names.length - 1)].at,
    })
  }
  return makeProject(
    node,
    fields.map((_, i) => columnExpr(node.schema, i)),
    fields.map((field, i) => ({ ...field, name: names[i].text })),
  )
}

/** The same columns, each under another name: the second `x` becomes `x0`, as in Flink. */
export function uniqueNames(node: LogicalNode): LogicalNode {
  const fields = fieldsOf(node)
  const taken = new Set(fields.map((field) => field.name))
  if (taken.size === fields.length) return node
  const seen = new Set<string>()
  const renamed = fields.map((field) => {
    let { name } = field
    for (let i = 0; seen.has(name) || (name !== field.name && taken.has(name)); i++) {
      name = `${field.name}${i}`
    }
    seen.add(name)
    return { ...field, name }
  })
  return makeProject(
    node,
    fields.map((_, i) => columnExpr(node.schema, i)),
    renamed,
  )
}

/** Refuses a list that names a column twice: DUPLICATE_NAME, at the second. */
export function refuseTwins(columns: readonly Name[]): void {
  const seen = new Set<string>()
  for (const { text, at } of columns) {
    if (seen.has(text)) fail('DUPLICATE_NAME', `The column ${text} is named twice`, { at })
    seen.add(text)
  }
}
