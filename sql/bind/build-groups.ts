/** The aggregating node of a GROUP BY: with a window if its keys have both bounds of one. */

import { fail } from '../../engine/base/errors.ts'
import type { Field } from '../../engine/batch/schema.ts'
import type { Expr } from '../../engine/expr/ir.ts'
import { bigint, literal } from '../../engine/expr/literal.ts'
import type { AggregateCall } from '../../engine/operator/nodes.ts'
import { fuseWindow } from '../logical/fuse-window.ts'
import { makeAggregate, makeProject, makeWindowAggregate } from '../logical/make.ts'
import { makeUnion } from '../logical/make-set.ts'
import {
  fieldsOf,
  type LogicalNode,
  type WindowAggregateNode,
  type WindowProperty,
} from '../logical/node.ts'
import { aggregateName, isAggregateNullable } from './bind-aggregate.ts'
import { keyField } from './correlation.ts'
import { columnExpr } from './scope.ts'

export interface GroupParts {
  readonly input: LogicalNode
  readonly keys: readonly Expr[]
  readonly calls: readonly AggregateCall[]
  /** Whether each group has a row. */
  readonly filled: boolean
}

export interface Built {
  readonly node: LogicalNode
  /** In which column of the node each key is. */
  readonly keysAt: readonly number[]
  /** The column of the first aggregate. */
  readonly callsAt: number
}

/** A GROUP BY is windowed when it has both `window_start` and `window_end`. */
export function buildGroups(parts: GroupParts): Built {
  const bounds = parts.keys.map((key) => boundOf(key, parts.input))
  const start = bounds.find((bound) => bound?.role === 'window_start')
  const end = bounds.find((bound) => bound?.role === 'window_end')
  if (start === undefined || end === undefined) return buildPlain(parts)
  const built = buildWindowed(parts, bounds, start, end)
  return start.window.kind === 'session' ? (fusedSession(built) ?? built) : built
}

/** What a key is to the window of the input, if it is a bound of it. */
function boundOf(key: Expr, input: LogicalNode): WindowProperty | undefined {
  if (key.kind !== 'column') return undefined
  return input.traits.windowColumns.find((property) => property.column === key.index)
}

function fusedSession(built: Built): Built | undefined {
  const node = fuseWindow(built.node as WindowAggregateNode)
  return node && { ...built, node }
}

function buildPlain({ input, keys, calls, filled }: GroupParts): Built {
  return {
    node: makeAggregate({ input, keys, aggregates: calls }, [
      ...keys.map(keyField),
      ...callFields(calls, filled),
    ]),
    keysAt: keys.map((_, i) => i),
    callsAt: keys.length,
  }
}

/** The keys that are bounds move behind the aggregates. */
function buildWindowed(
  { input, keys: all, calls, filled }: GroupParts,
  bounds: readonly (WindowProperty | undefined)[],
  start: WindowProperty,
  end: WindowProperty,
): Built {
  const keys = all.filter((_, i) => bounds[i] === undefined)
  const ends = all.filter((_, i) => bounds[i] !== undefined)
  const attached = { start: start.column, end: end.column }
  const node = makeWindowAggregate(
    {
      input,
      window: start.window,
      timeColumn: start.column,
      attached: start.window.kind === 'tumble' ? undefined : attached,
      keys,
      aggregates: calls,
      windowColumns: bounds.flatMap((bound) => bound?.role ?? []),
    },
    [...keys.map(keyField), ...callFields(calls, filled), ...ends.map(keyField)],
  )
  const endsAt = keys.length + calls.length
  const keysAt = all.map((key, i) =>
    bounds[i] === undefined ? keys.indexOf(key) : endsAt + ends.indexOf(key),
  )
  return { node, keysAt, callsAt: keys.length }
}

/** The groups of grouping sets, and one more row for each set without keys: it is there also over
 *  no rows, which only an aggregate without keys gives. Its keys are NULL, the last one is the
 *  set's number. */
export function withEmptySets(
  grouped: Built,
  numbers: readonly number[],
  parts: Omit<GroupParts, 'keys'>,
): Built {
  const { callsAt } = grouped
  const fields = fieldsOf(grouped.node)
  const node = numbers.reduce((rows: LogicalNode, number) => {
    const whole = buildPlain({ ...parts, keys: [] }).node
    const keys = fields.slice(0, callsAt - 1).map(({ type }) => literal(type, null))
    const calls = fieldsOf(whole).map((_, i) => columnExpr(whole.schema, i))
    const own = fields.map((field, i) => (i < callsAt - 1 ? { ...field, nullable: true } : field))
    const row = makeProject(whole, [...keys, bigint(number), ...calls], own)
    return makeUnion(rows, row)
  }, grouped.node)
  return { ...grouped, node }
}

const callFields = (calls: readonly AggregateCall[], filled: boolean): Field[] =>
  calls.map((call) => ({
    name: aggregateName(call),
    type: call.type,
    nullable: isAggregateNullable(call, filled),
  }))

/** INVALID_AGGREGATE for a column that a group has no one value of. */
export function refuseUngrouped({ name, at }: Extract<Expr, { kind: 'column' }>): never {
  fail('INVALID_AGGREGATE', `${name} is neither grouped nor aggregated`, {
    at,
    hint: `Add ${name} to GROUP BY, or aggregate it: MAX(${name}).`,
  })
}
