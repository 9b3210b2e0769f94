/** A logical plan as text: a tree, one node a line, inputs indented below. */

import { typeName } from '../../engine/batch/types.ts'
import { type Expr, printExpr } from '../../engine/expr/ir.ts'
import type { AggregateCall, EmitPolicy, SortKey } from '../../engine/operator/nodes.ts'
import { matchText } from './explain-match.ts'
import {
  callText,
  durationText,
  joinText,
  overText,
  rankText,
  sortKeyText,
  windowText,
} from './explain-parts.ts'
import { addedTo, fieldsOf, type LogicalNode, type WideNode } from './node.ts'
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
    default:
      return wideLine(node)
  }
}

/** Nodes of several inputs, of order, and those that multiply rows. */
function wideLine(node: WideNode): string {
  switch (node.kind) {
    case 'join':
      return joinText(node)
    case 'temporal-join': {
      const { time } = node
      const asOf = time === undefined ? 'now' : columnName(node.left, time.leftTime)
      return `TemporalJoin ${node.join} on ${printExpr(node.on)} as of ${asOf}`
    }
    case 'asof-join':
      return `AsofJoin ${node.join} on ${printExpr(node.on)}`
    case 'union':
      return 'Union all'
    case 'set-operation':
      return `${node.operator === 'except' ? 'Except' : 'Intersect'}${node.all ? ' all' : ''}`
    case 'rank':
      return rankText(node)
    case 'over':
      return overText(node)
    case 'expand': {
      const sets = node.sets.map((set) => `(${set.map((k) => printExpr(node.keys[k])).join(', ')})`)
      return `Expand to ${sets.join(', ')}`
    }
    case 'unnest': {
      const names = addedTo(node).map((field) => field.name)
      const outer = node.outer ? ' outer' : ''
      return `Unnest${outer} ${printExpr(node.value)} AS ${names.join(', ')}`
    }
    case 'temporal-filter': {
      const from = node.from && `from ${printExpr(node.from)}`
      const until = node.until && `until ${printExpr(node.until)}`
      return `TemporalFilter ${[from, until].filter(Boolean).join(' ')}`
    }
    case 'processing-time':
      return `ProcessingTime ${columnName(node, node.timeColumn)}`
    case 'match':
      return matchText(node)
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

function emitText(emit: EmitPolicy): string {
  if (emit.kind === 'on-time') return `on time, again for ${durationText(emit.leadUs)}`
  return emit.kind === 'every' ? `every ${durationText(emit.intervalUs)}` : emit.kind
}

const sortText = (keys: readonly SortKey[]): string =>
  keys.length === 0 ? '' : ` by ${keys.map(sortKeyText).join(', ')}`

const limitText = (limit: number | undefined, offset: number | undefined): string =>
  (limit === undefined ? '' : ` limit ${limit}`) + (offset === undefined ? '' : ` offset ${offset}`)
