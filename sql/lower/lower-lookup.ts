/** A temporal join in processing time with a table outside, which is asked by key. */

import { fail } from '../../engine/base/errors.ts'
import { BOOLEAN } from '../../engine/batch/types.ts'
import { columnsOf, type Expr } from '../../engine/expr/ir.ts'
import type { LookupCacheSpec, LookupJoinNode } from '../../engine/operator/nodes.ts'
import type { TableSpec } from '../../engine/source/table.ts'
import { conjunction } from '../logical/conjuncts.ts'
import {
  fieldsOf,
  type LogicalNode,
  type ScanNode,
  type TemporalJoinNode,
} from '../logical/node.ts'
import { moveColumns, substitute } from '../logical/substitute.ts'

/** The right side as expressions over, and conditions on, the stored columns of a table. */
interface Asked {
  readonly table: TableSpec
  readonly exprs: readonly Expr[]
  readonly conditions: readonly Expr[]
}

/** What the operator is told; undefined if the right side is no table that is looked up.
 *  UNSUPPORTED if the join does not know what it must ask by. */
export function lookupNodeOf(node: TemporalJoinNode): LookupJoinNode | undefined {
  const asked = node.time === undefined ? takeApart(node.right) : undefined
  if (asked === undefined) return undefined
  const { table, exprs, conditions } = asked
  const { keys, leftKeys, rest } = keysOf(node, asked)
  const columns = [...new Set([...exprs, ...conditions].flatMap((expr) => [...columnsOf(expr)]))]
  // A row must be told from none.
  if (columns.length === 0) columns.push(keys[0])
  const place = (expr: Expr) => moveColumns(expr, (column) => columns.indexOf(column))
  const filter = conjunction(conditions)
  return {
    join: node.join,
    ...{ table, keys, leftKeys, columns },
    filter: filter && place(filter),
    exprs: exprs.map(place),
    rightFields: fieldsOf(node.right),
    condition: conjunction([...rest, ...(node.parts.condition ? [node.parts.condition] : [])]),
    cache: cacheOf(table),
    fields: fieldsOf(node),
  }
}

function takeApart(node: LogicalNode): Asked | undefined {
  if (node.kind === 'scan') return node.table.lookup === undefined ? undefined : scanned(node)
  if (node.kind !== 'project' && node.kind !== 'filter') return undefined
  const below = takeApart(node.input)
  if (below === undefined) return undefined
  const own = (expr: Expr) => substitute(expr, (index) => below.exprs[index])
  if (node.kind === 'project') return { ...below, exprs: node.exprs.map(own) }
  return { ...below, conditions: [...below.conditions, own(node.predicate)] }
}

/** Computed columns are computed here. */
function scanned({ table, columns }: ScanNode): Asked {
  const { schema, storedCount, computed } = table
  const own = (index: number): Expr =>
    index < storedCount
      ? { kind: 'column', index, ...schema.fields[index] }
      : substitute(computed[index - storedCount], own)
  return { table, exprs: columns.map(own), conditions: [] }
}

interface Keys {
  readonly keys: readonly number[]
  readonly leftKeys: readonly Expr[]
  /** Equalities that are not asked by, as conditions over both sides. */
  readonly rest: readonly Expr[]
}

function keysOf({ parts, on, left }: TemporalJoinNode, { table, exprs }: Asked): Keys {
  const { leftKeys, rightKeys, nullSafe } = parts
  const width = fieldsOf(left).length
  const found = new Map<number, Expr>()
  const rest: Expr[] = []
  rightKeys.forEach((key, i) => {
    const asked = substitute(key, (index) => exprs[index])
    const column = asked.kind === 'column' && !nullSafe[i] ? asked.index : undefined
    if (column !== undefined && !found.has(column) && isKey(table, column)) {
      found.set(column, leftKeys[i])
      return
    }
    const args = [leftKeys[i], moveColumns(key, (index) => width + index)]
    const name = nullSafe[i] ? 'IS NOT DISTINCT FROM' : '='
    rest.push({ kind: 'call', name, type: BOOLEAN, args, at: key.at })
  })
  const missing = (table.lookup === 'primary' ? (table.primaryKey ?? []) : []).filter(
    (column) => !found.has(column),
  )
  if (found.size === 0 || missing.length > 0) {
    const names = missing.map((column) => table.schema.fields[column].name).join(', ')
    const what = names === '' ? 'a column of it' : names
    fail('UNSUPPORTED', `A lookup in ${table.name} needs an equality with ${what}`, {
      at: on.at,
      hint: 'ON t.key = o.key, where the type of o.key is that of t.key or fits into it.',
    })
  }
  return { keys: [...found.keys()], leftKeys: [...found.values()], rest }
}

const isKey = ({ lookup, primaryKey = [], storedCount }: TableSpec, column: number): boolean =>
  lookup === 'primary' ? primaryKey.includes(column) : column < storedCount

function cacheOf({ options }: TableSpec): LookupCacheSpec | undefined {
  if (options['lookup.cache'] !== 'PARTIAL') return undefined
  const expireMs = options['lookup.partial-cache.expire-after-write']
  return {
    maxRows: Number(options['lookup.partial-cache.max-rows']),
    expireAfterWriteUs: expireMs === undefined ? undefined : Number(expireMs) * 1000,
    cachesMissing: options['lookup.partial-cache.cache-missing-key'] === 'true',
  }
}
