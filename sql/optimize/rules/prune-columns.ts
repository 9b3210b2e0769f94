/** Drops columns that nothing reads, down to the table. */

import { schemaOf } from '../../../engine/batch/schema.ts'
import { columnsOf, type Expr } from '../../../engine/expr/ir.ts'
import { changeCall, readByCall } from '../../logical/change-call.ts'
import {
  makeAggregate,
  makeFilter,
  makeProject,
  makeScan,
  makeSort,
  makeValues,
  makeWindow,
  makeWindowAggregate,
} from '../../logical/make.ts'
import { fieldsOf, type LogicalNode } from '../../logical/node.ts'
import { moveColumns } from '../../logical/substitute.ts'
import type { Rule } from '../rule.ts'
import { pruneWide } from './prune-wide.ts'
import { keptOf, type Pruned, placesOf, readBy, union, type Wanted } from './pruned.ts'

export const pruneColumns: Rule = {
  name: 'prune-columns',
  apply(root) {
    const all = fieldsOf(root).map((_, i) => i)
    const { node, moved } = prune(root, new Set(all))
    if (all.every((column) => moved(column) === column) && fieldsOf(node).length === all.length) {
      return node
    }
    const fields = fieldsOf(root)
    const exprs = fields.map((field, i): Expr => ({ kind: 'column', index: moved(i), ...field }))
    return makeProject(node, exprs, fields)
  },
}

function prune(node: LogicalNode, wanted: Wanted): Pruned {
  switch (node.kind) {
    case 'scan': {
      const kept = keptOf(node, wanted)
      const columns = kept.map((i) => node.columns[i])
      return { node: makeScan(node.table, columns, node.tableKeys), moved: placesOf(kept) }
    }
    case 'values': {
      const kept = keptOf(node, wanted)
      const schema = schemaOf(kept.map((i) => fieldsOf(node)[i]))
      const rows = node.rows.map((row) => kept.map((i) => row[i]))
      return { node: makeValues(schema, rows), moved: placesOf(kept) }
    }
    case 'filter': {
      const { node: input, moved } = prune(node.input, union(wanted, columnsOf(node.predicate)))
      return { node: makeFilter(input, moveColumns(node.predicate, moved)), moved }
    }
    case 'project': {
      const kept = keptOf(node, wanted)
      const exprs = kept.map((i) => node.exprs[i])
      const { node: input, moved } = prune(node.input, readBy(exprs))
      const changed = exprs.map((expr) => moveColumns(expr, moved))
      const fields = kept.map((i) => fieldsOf(node)[i])
      return { node: makeProject(input, changed, fields), moved: placesOf(kept) }
    }
    case 'window':
      return pruneWindow(node, wanted)
    case 'aggregate':
    case 'window-aggregate':
      return pruneAggregate(node, wanted)
    case 'sort': {
      const exprs = node.keys.map((key) => key.expr)
      const { node: input, moved } = prune(node.input, union(wanted, readBy(exprs)))
      const keys = node.keys.map((key) => ({ ...key, expr: moveColumns(key.expr, moved) }))
      return { node: makeSort(input, { keys, limit: node.limit, offset: node.offset }), moved }
    }
    default:
      return pruneWide(node, wanted, prune)
  }
}

/** The window's own columns always stay. */
function pruneWindow(node: Extract<LogicalNode, { kind: 'window' }>, wanted: Wanted): Pruned {
  const width = fieldsOf(node.input).length
  const below = new Set([...wanted].filter((column) => column < width))
  for (const column of node.partitionBy ?? []) below.add(column)
  const { node: input, moved } = prune(node.input, below.add(node.timeColumn))
  const narrow = fieldsOf(input).length
  const partitionBy = node.partitionBy?.map(moved)
  return {
    node: makeWindow(input, node.window, moved(node.timeColumn), partitionBy),
    moved: (column) => (column < width ? moved(column) : narrow + column - width),
  }
}

type Aggregating = Extract<LogicalNode, { kind: 'aggregate' | 'window-aggregate' }>

/** Keys always stay: they say what a group is. A distinct stays one: it has no aggregates anyway,
 *  and an aggregate that lost all of its calls still has one row per group. */
function pruneAggregate(node: Aggregating, wanted: Wanted): Pruned {
  const { keys, aggregates } = node
  const first = keys.length
  const kept = fieldsOf(node).flatMap((_, i) => {
    const isCall = i >= first && i < first + aggregates.length
    return !isCall || wanted.has(i) || mustKeep(node, i) ? [i] : []
  })
  const calls = aggregates.filter((_, i) => kept.includes(first + i))
  const reads = readBy([...keys, ...calls.flatMap(readByCall)])
  const windowed = node.kind === 'window-aggregate'
  if (windowed) {
    for (const column of [node.timeColumn, ...Object.values(node.attached ?? {})]) reads.add(column)
  }
  const { node: input, moved } = prune(node.input, reads)
  const move = (expr: Expr) => moveColumns(expr, moved)
  const parts = {
    input,
    keys: keys.map(move),
    aggregates: calls.map((call) => changeCall(call, move)),
  }
  const fields = kept.map((i) => fieldsOf(node)[i])
  if (!windowed) return { node: makeAggregate(parts, fields), moved: placesOf(kept) }
  const { window, windowColumns, emit } = node
  const timeColumn = moved(node.timeColumn)
  const attached = node.attached && {
    start: moved(node.attached.start),
    end: moved(node.attached.end),
  }
  return {
    node: makeWindowAggregate(
      { ...parts, window, timeColumn, attached, windowColumns, emit },
      fields,
    ),
    moved: placesOf(kept),
  }
}

/** An aggregate without keys and calls would have no column to carry its one row, and dropping all
 *  calls of a changing aggregate would claim that it does not change: the first one stays. */
const mustKeep = (node: Aggregating, column: number): boolean => column === node.keys.length
