/** A logical plan as text: a tree, one node a line, inputs indented below. */

import { typeName } from '../../engine/batch/types.ts'
import { type Expr, printExpr } from '../../engine/expr/ir.ts'
import type { AggregateCall, EmitPolicy, SortKey, WindowSpec } from '../../engine/operator/nodes.ts'
import { fieldsOf, type LogicalNode } from './node.ts'
import { inputsOf } from './visit.ts'

/** Ends with a line end. */
export function explainLogical(node: LogicalNode, indent = ''): string {
  const below = inputsOf(node).map((input) => explainLogical(input, `${indent}  `))
  return `${indent}${line(node)}\n${below.join('')}`
}

function line(node: LogicalNode): string {
  switch (node.kind) {
    case 'scan':
      return `Scan ${node.table.name} (${namesOf(node)})`
    case 'values': {
      const { length } = node.rows
      const columns = fieldsOf(node).map((f) => `${f.name} ${typeName(f.type)}`)
      return `Values (${columns.join(', ')}), ${length} ${length === 1 ? 'row' : 'rows'}`
    }
    case 'filter':
      return `Filter ${printExpr(node.predicate)}`
    case 'project':
      return `Project ${list(
        node.exprs,
        fieldsOf(node).map((f) => f.name),
      )}`
    case 'window':
      return `Window ${windowText(node.window, columnName(node.input, node.timeColumn))}`
    case 'aggregate':
      return `Aggregate${keysText(node.keys)}${callsText(node.aggregates)}`
    case 'window-aggregate': {
      const window = windowText(node.window, columnName(node.input, node.timeColumn))
      const bounds = node.windowColumns.length > 0 ? ` -> ${node.windowColumns.join(', ')}` : ''
      const emit = node.emit === undefined ? '' : ` emit ${emitText(node.emit)}`
      const grouped = `${keysText(node.keys)}${callsText(node.aggregates)}`
      return `WindowAggregate ${window}${grouped}${bounds}${emit}`
    }
    case 'sort':
      return `Sort${sortText(node.keys)}${limitText(node.limit, node.offset)}`
  }
}

const namesOf = (node: LogicalNode): string =>
  fieldsOf(node)
    .map((f) => f.name)
    .join(', ')

const columnName = (node: LogicalNode, column: number): string => fieldsOf(node)[column].name

/** `a, b + 1 AS c`: a name is only said where it is not the expression's own. */
const list = (exprs: readonly Expr[], names: readonly string[]): string =>
  exprs
    .map((expr, i) => {
      const text = printExpr(expr)
      return text === names[i] ? text : `${text} AS ${names[i]}`
    })
    .join(', ')

const keysText = (keys: readonly Expr[]): string =>
  keys.length > 0 ? ` by ${keys.map(printExpr).join(', ')}` : ''

const callsText = (calls: readonly AggregateCall[]): string =>
  calls.length > 0 ? `: ${calls.map(callText).join(', ')}` : ''

function callText({ name, args, distinct, filter }: AggregateCall): string {
  const inside = args.length === 0 ? '*' : args.map(printExpr).join(', ')
  const where = filter === undefined ? '' : ` FILTER (WHERE ${printExpr(filter)})`
  return `${name}(${distinct ? 'DISTINCT ' : ''}${inside})${where}`
}

function windowText({ kind, sizeUs, offsetUs }: WindowSpec, column: string): string {
  const offset = offsetUs === 0 ? '' : `, offset ${durationText(offsetUs)}`
  return `${kind}(${column}, ${durationText(sizeUs)}${offset})`
}

function emitText(emit: EmitPolicy): string {
  return emit.kind === 'every' ? `every ${durationText(emit.intervalUs)}` : emit.kind
}

const UNITS: readonly (readonly [string, number])[] = [
  ['d', 86_400_000_000],
  ['h', 3_600_000_000],
  ['min', 60_000_000],
  ['s', 1_000_000],
  ['ms', 1000],
]

/** `5 min`: in the largest unit that divides it. */
export function durationText(us: number): string {
  for (const [unit, size] of UNITS) if (us % size === 0) return `${us / size} ${unit}`
  return `${us} us`
}

const sortText = (keys: readonly SortKey[]): string =>
  keys.length === 0
    ? ''
    : ` by ${keys
        .map(({ expr, descending, nullsFirst }) => {
          const natural = nullsFirst !== descending
          const nulls = natural ? '' : nullsFirst ? ' NULLS FIRST' : ' NULLS LAST'
          return `${printExpr(expr)}${descending ? ' DESC' : ''}${nulls}`
        })
        .join(', ')}`

const limitText = (limit: number | undefined, offset: number | undefined): string =>
  (limit === undefined ? '' : ` limit ${limit}`) + (offset === undefined ? '' : ` offset ${offset}`)
