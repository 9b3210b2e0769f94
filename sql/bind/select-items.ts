/** The SELECT list: stars spelled out, every item with its name. */

import { fail, type Span } from '../../engine/base/errors.ts'
import { didYouMean } from '../../engine/base/nearest.ts'
import type { Expression, Name, SelectItem } from '../ast.ts'
import { findName } from '../catalog/find-name.ts'
import { refuseWide } from './column-limit.ts'
import type { Scope, ScopeColumn } from './scope.ts'

/** A column of a star, or an expression. */
export type Item = { readonly name: string; readonly at: Span } & (
  | { readonly value: Expression; readonly alias: Name | undefined; readonly column?: undefined }
  | { readonly column: ScopeColumn; readonly alias?: undefined; readonly value?: undefined }
)

/** UNKNOWN_TABLE, UNKNOWN_COLUMN for stars that name what is not there; LIMIT_EXCEEDED. */
export function expandItems(items: readonly SelectItem[], scope: Scope): Item[] {
  const expanded: Item[] = []
  for (const [i, item] of items.entries()) {
    if (item.kind === 'all') expanded.push(...expandStar(item, scope))
    else {
      const { value, alias } = item
      expanded.push({ name: alias?.text ?? nameOf(value, i), value, alias, at: value.at })
    }
    refuseWide(expanded.length, expanded[expanded.length - 1].at)
  }
  return expanded
}

/** A column keeps its name; other expressions are called by their position, as in Flink. */
function nameOf(value: Expression, position: number): string {
  return value.kind === 'name' ? value.path[value.path.length - 1].text : `EXPR$${position}`
}

function expandStar(
  { table, except, at }: Extract<SelectItem, { kind: 'all' }>,
  scope: Scope,
): Item[] {
  if (scope.columns.length === 0) fail('SYNTAX', 'SELECT * needs a FROM', { at })
  const columns = table === undefined ? scope.visible() : tableColumns(table, scope)
  const dropped = new Set(except.flatMap((name) => exceptColumn(name, columns)))
  const kept = columns.filter((column) => !dropped.has(column))
  if (kept.length === 0) fail('INVALID_ARGUMENT', 'EXCEPT leaves no column', { at })
  return kept.map((column) => ({ name: column.name, column, at }))
}

function tableColumns(table: Name, scope: Scope): readonly ScopeColumn[] {
  return (
    scope.ofTable(table.text) ??
    fail('UNKNOWN_TABLE', `There is no table ${table.text} in this FROM clause`, {
      at: table.at,
      hint: didYouMean(table.text, scope.tables()),
    })
  )
}

function exceptColumn(name: Name, columns: readonly ScopeColumn[]): readonly ScopeColumn[] {
  const found = findName(name.text, columns, (column) => column.name)
  if (found.length > 0) return found
  return fail('UNKNOWN_COLUMN', `There is no column ${name.text} to leave out`, {
    at: name.at,
    hint: didYouMean(
      name.text,
      columns.map((column) => column.name),
    ),
  })
}
