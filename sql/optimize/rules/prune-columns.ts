/** Drops columns that nothing reads, down to the table: they are not even decoded. */

import { assert } from '../../../engine/base/assert.ts'
import { schemaOf } from '../../../engine/batch/schema.ts'
import { type Storage, storageOf } from '../../../engine/batch/types.ts'
import { columnsOf, type Expr } from '../../../engine/expr/ir.ts'
import type { AggregateCall } from '../../../engine/operator/nodes.ts'
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

interface Pruned {
  /** Has at least the wanted columns. */
  readonly node: LogicalNode
  /** Where a wanted column is now. */
  readonly moved: (column: number) => number
}

type Wanted = ReadonlySet<number>

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
  }
}

/** The window's own columns always stay. */
function pruneWindow(node: Extract<LogicalNode, { kind: 'window' }>, wanted: Wanted): Pruned {
  const width = fieldsOf(node.input).length
  const below = new Set([...wanted].filter((column) => column < width))
  const { node: input, moved } = prune(node.input, below.add(node.timeColumn))
  const narrow = fieldsOf(input).length
  return {
    node: makeWindow(input, node.window, moved(node.timeColumn)),
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
  const reads = readBy([...keys, ...calls.flatMap(partsOf)])
  const windowed = node.kind === 'window-aggregate'
  const { node: input, moved } = prune(node.input, windowed ? reads.add(node.timeColumn) : reads)
  const move = (expr: Expr) => moveColumns(expr, moved)
  const parts = {
    input,
    keys: keys.map(move),
    aggregates: calls.map((call) => moveCall(call, move)),
  }
  const fields = kept.map((i) => fieldsOf(node)[i])
  if (!windowed) return { node: makeAggregate(parts, fields), moved: placesOf(kept) }
  const { window, windowColumns, emit } = node
  const timeColumn = moved(node.timeColumn)
  return {
    node: makeWindowAggregate({ ...parts, window, timeColumn, windowColumns, emit }, fields),
    moved: placesOf(kept),
  }
}

/** An aggregate without keys and calls would have no column to carry its one row, and dropping all
 *  calls of a changing aggregate would claim that it does not change: the first one stays. */
const mustKeep = (node: Aggregating, column: number): boolean => column === node.keys.length

const partsOf = ({ args, filter }: AggregateCall): readonly Expr[] =>
  filter === undefined ? args : [...args, filter]

const moveCall = (call: AggregateCall, move: (expr: Expr) => Expr): AggregateCall => ({
  ...call,
  args: call.args.map(move),
  filter: call.filter && move(call.filter),
})

const keptOf = (node: LogicalNode, wanted: Wanted): number[] => {
  const kept = fieldsOf(node).flatMap((_, i) => (wanted.has(i) ? [i] : []))
  // COUNT(*) reads no column, but rows without any cannot be counted: a cheap one stays.
  return kept.length === 0 && fieldsOf(node).length > 0 ? [cheapest(node)] : kept
}

const HEAVY: ReadonlySet<Storage> = new Set(['bytes', 'list', 'struct', 'i128'])

/** The first column of fixed width, else the first. */
const cheapest = (node: LogicalNode): number =>
  Math.max(
    fieldsOf(node).findIndex(({ type }) => !HEAVY.has(storageOf(type))),
    0,
  )

function placesOf(kept: readonly number[]): Pruned['moved'] {
  const places = new Map(kept.map((column, i) => [column, i]))
  return (column) => {
    const place = places.get(column)
    assert(place !== undefined, `column ${column} was pruned but is read`)
    return place
  }
}

const readBy = (exprs: readonly Expr[]): Set<number> => {
  const reads = new Set<number>()
  for (const expr of exprs) columnsOf(expr, reads)
  return reads
}

const union = (a: Wanted, b: Wanted): Set<number> => new Set([...a, ...b])
