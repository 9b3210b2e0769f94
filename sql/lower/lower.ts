/** Logical plan -> the engine's physical plan. Each operator's own `check` has the last word on
 *  what it can run, and its `schema` must be what the logical plan says. */

import { assert } from '../../engine/base/assert.ts'
import { fail } from '../../engine/base/errors.ts'
import { sameShape, schemaText } from '../../engine/batch/schema.ts'
import { isDeterministic } from '../../engine/expr/facts.ts'
import { operatorOf } from '../../engine/operator/index.ts'
import type { EmitPolicy, LookupJoinNode, WindowEnd } from '../../engine/operator/nodes.ts'
import type { InputInfo } from '../../engine/operator/operator.ts'
import type { OperatorPlan, Plan } from '../../engine/plan/physical.ts'
import { matchPartsOf } from '../logical/make-match.ts'
import { rankPartsOf } from '../logical/make-order.ts'
import { fieldsOf, type LogicalNode, type TemporalJoinNode } from '../logical/node.ts'
import { keepsFirst } from '../logical/version-rows.ts'
import { inputsOf } from '../logical/visit.ts'
import { detachWindow } from './detach-window.ts'
import { forgets } from './forgets.ts'
import { lookupNodeOf } from './lower-lookup.ts'
import { lowerScan } from './lower-scan.ts'
import { pinChanges } from './pin-changes.ts'
import { refuseBareSession } from './refuse-bare-session.ts'
import { splitSession } from './split-session.ts'
import { versionsOf, withAllVersions } from './versions-of.ts'

export interface Lowered extends InputInfo {
  readonly plan: Plan
}

/** The plan that runs a logical plan. `stateTtlUs`: how long operators keep state without news; 0
 *  is for ever. Raises what an operator's `check` raises. */
export function lower(planned: LogicalNode, stateTtlUs = 0): Lowered {
  const node = pinChanges(planned)
  const { schema } = node
  switch (node.kind) {
    case 'scan':
      return lowerScan(node)
    case 'values':
      return { plan: { kind: 'values', schema, rows: node.rows }, schema, appendOnly: true }
    case 'window-aggregate': {
      const detached = detachWindow(splitSession(node))
      return detached === node ? operating(node, stateTtlUs) : lower(detached, stateTtlUs)
    }
    default:
      return operating(node, stateTtlUs)
  }
}

type Operating = Exclude<LogicalNode, { kind: 'scan' | 'values' }>

function operating(node: Operating, stateTtlUs: number): Lowered {
  if (node.kind === 'temporal-join') {
    const lookup = lookupNodeOf(node)
    if (lookup !== undefined) return asking(node, lookup, stateTtlUs)
    if (node.time !== undefined) return temporal(node, stateTtlUs)
  }
  const inputs = inputsOf(node).map((input) => lower(input, stateTtlUs))
  const plans = inputs.map(({ plan }) => plan)
  const kind = operatorKind(node, inputs)
  const own = stateTtlUs > 0 && forgets(node) ? { stateTtlUs } : {}
  const parts = { ...operatorNode(node), ...own }
  const plan = { kind, node: parts, inputs: plans } as OperatorPlan
  return checked(plan, inputs, node)
}

/** A projection that asks the clock or chance remembers what it said of rows that change. */
function operatorKind(node: Operating, [input]: readonly InputInfo[]): string {
  if (node.kind !== 'project' || input.appendOnly) return node.kind
  return node.exprs.every(isDeterministic) ? 'project' : 'pinned-project'
}

/** In processing time, with a table outside. */
function asking(node: TemporalJoinNode, lookup: LookupJoinNode, stateTtlUs: number): Lowered {
  const left = lower(node.left, stateTtlUs)
  const plan = { kind: 'lookup-join', node: lookup, inputs: [left.plan] } as OperatorPlan
  return checked(plan, [left], node)
}

/** In event time: the right side brings all versions. */
function temporal(node: TemporalJoinNode, stateTtlUs: number): Lowered {
  const inputs = [lower(node.left, stateTtlUs), lower(versionsOf(node), stateTtlUs)]
  const plans = [inputs[0].plan, withAllVersions(inputs[1].plan)]
  const plan = { kind: node.kind, node: operatorNode(node), inputs: plans } as OperatorPlan
  return checked(plan, inputs, node)
}

const CLOSE: EmitPolicy = { kind: 'close' }

/** What the operator of the same kind is told. */
function operatorNode(node: Operating): object {
  const fields = fieldsOf(node)
  switch (node.kind) {
    case 'filter':
      return { predicate: node.predicate }
    case 'project':
      return { fields, exprs: node.exprs }
    case 'window': {
      const { window, timeColumn, partitionBy, speaksOpen } = node
      refuseBareSession(node)
      return { window, timeColumn, partitionBy, speaksOpen }
    }
    case 'aggregate': {
      const { keys, aggregates } = node
      return { keys, aggregates, fields }
    }
    case 'window-aggregate': {
      const { window, timeColumn, keys, aggregates, windowColumns, emit = CLOSE } = node
      return { window, timeColumn, keys, aggregates, windowColumns, fields, emit }
    }
    case 'sort': {
      const { keys, limit, offset } = node
      return { keys, limit, offset }
    }
    case 'join':
      return { join: node.join, ...node.parts, nullAware: node.nullAware, fields }
    case 'temporal-join': {
      const { join, time, parts } = node
      const { leftKeys, rightKeys, nullSafe, condition } = parts
      const keys = { leftKeys, rightKeys, nullSafe }
      const when = time === undefined ? { kind: 'processing' } : { kind: 'event', ...time }
      const first = time !== undefined && keepsFirst(node.right) ? { ties: 'first' } : {}
      return { join, time: when, ...keys, condition, ...first, fields }
    }
    case 'asof-join':
      return { join: node.join, ...node.parts, fields }
    case 'union':
      return { fields }
    case 'set-operation':
      return { operator: node.operator, all: node.all, fields }
    case 'rank':
      return { ...rankPartsOf(node), windowEnd: windowEndOf(node), fields }
    case 'over': {
      const { partitionBy, orderBy, calls, timeColumn } = node
      return { partitionBy, orderBy, calls, timeColumn, windowEnd: windowEndOf(node), fields }
    }
    case 'expand':
      return { keys: node.keys, sets: node.sets, fields }
    case 'unnest':
      return { value: node.value, outer: node.outer, ordinality: node.ordinality, fields }
    case 'temporal-filter':
      return { from: node.from, until: node.until }
    case 'processing-time':
      refuseWaiting(node)
      return { timeColumn: node.timeColumn }
    case 'match':
      return { ...matchPartsOf(node), fields }
  }
}

/** Rows that a condition on the clock lets in later are no longer processed when they say. */
function refuseWaiting({ input, timeColumn }: Extract<Operating, { kind: 'processing-time' }>) {
  if (input.traits.processingColumns.includes(timeColumn)) return
  fail('UNSUPPORTED', 'A window by processing time over rows that wait for the clock', {
    hint: 'Put the condition on the clock after the window.',
  })
}

/** The window's end, if each partition is within one window. */
function windowEndOf(node: Extract<Operating, { kind: 'rank' | 'over' }>): WindowEnd | undefined {
  const end = node.input.traits.windowColumns.find(({ role }) => role === 'window_end')
  const isKey = node.partitionBy.some((key) => key.kind === 'column' && key.index === end?.column)
  return isKey && end ? { column: end.column, session: end.window.kind === 'session' } : undefined
}

function checked(plan: OperatorPlan, inputs: readonly InputInfo[], node: LogicalNode): Lowered {
  const operator = operatorOf(plan.kind)
  operator.check(plan.node, inputs)
  const schema = operator.schema(
    plan.node,
    inputs.map((input) => input.schema),
  )
  assert(
    sameShape(schema, node.schema),
    `${plan.kind} gives ${schemaText(schema)}, planned was ${schemaText(node.schema)}`,
  )
  const appendOnly = operator.appendOnly(plan.node, inputs)
  // Windows and EMIT FINAL were allowed on the strength of the plan's word.
  assert(appendOnly || !node.traits.appendOnly, `${plan.kind} was planned to take no row back`)
  return { plan, schema, appendOnly }
}
