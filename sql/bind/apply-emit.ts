/** EMIT: when the windowed aggregates of a query speak. */

import { fail } from '../../engine/base/errors.ts'
import type { EmitPolicy } from '../../engine/operator/nodes.ts'
import type { Emit } from '../ast.ts'
import { makeWindowAggregate } from '../logical/make.ts'
import { fieldsOf, type LogicalNode, type WindowAggregateNode } from '../logical/node.ts'
import { eachNode, inputsOf, rebuild } from '../logical/visit.ts'
import type { PlanMode } from './context.ts'

const CLOSE: EmitPolicy = { kind: 'close' }

/** What the last windowed aggregates do: a policy, or what their source's lateness asks for. */
type Wish = EmitPolicy | 'default'

/** Decides for every windowed aggregate that is not decided yet (those inside a view are, but for
 *  those that only follow their source). EMIT is about the last windowed aggregate on the way to
 *  the result; those that feed another one, or MATCH_RECOGNIZE, emit at close. UNSUPPORTED if there
 *  is nothing that could obey. */
export function applyEmit(
  node: LogicalNode,
  emit: Emit | undefined,
  mode: PlanMode = 'continuous',
): LogicalNode {
  if (emit?.kind === 'every' && !hasUndecided(node)) {
    fail('UNSUPPORTED', 'EMIT EVERY needs a windowed aggregate', {
      at: emit.at,
      hint: 'Everything else emits once per epoch.',
    })
  }
  const decided = decide(node, mode === 'bounded' ? CLOSE : policyOf(emit))
  if (emit?.kind === 'final') refuseUpdates(decided, emit)
  return decided
}

function policyOf(emit: Emit | undefined): Wish {
  switch (emit?.kind) {
    case 'changes':
      return { kind: 'changes' }
    case 'every':
      return { kind: 'every', intervalUs: emit.intervalUs }
    case 'final':
      return CLOSE
    default:
      return 'default'
  }
}

function hasUndecided(root: LogicalNode): boolean {
  let found = false
  eachNode(root, (node) => {
    if (node.kind === 'window-aggregate' && node.emit === undefined) found = true
  })
  return found
}

function decide(node: LogicalNode, wish: Wish): LogicalNode {
  if (node.kind !== 'window-aggregate') {
    const below = node.kind === 'match' || node.kind === 'processing-time' ? CLOSE : wish
    return rebuild(node, { input: (input) => decide(input, below) })
  }
  const { window, timeColumn, attached, keys, aggregates, windowColumns } = node
  const input = decide(node.input, CLOSE)
  return makeWindowAggregate(
    {
      ...{ input, window, timeColumn, attached, keys, aggregates, windowColumns },
      emit: policyFor(node, wish),
    },
    fieldsOf(node),
  )
}

function policyFor({ emit, input }: WindowAggregateNode, wish: Wish): EmitPolicy {
  // Who follows the source follows who reads it as well.
  if (emit !== undefined && emit.kind !== 'on-time') return emit
  if (wish !== 'default') return wish
  const leadUs = latenessUs(input)
  return leadUs === 0 ? CLOSE : { kind: 'on-time', leadUs }
}

/** How far the watermark of these rows stays behind for late ones: what all sources allow. What
 *  waits for windows to close has waited for that already. */
function latenessUs(node: LogicalNode): number {
  if (node.kind === 'scan') return (node.table.watermark?.latenessMs ?? 0) * 1000
  if (node.kind === 'window-aggregate' || node.kind === 'processing-time') return 0
  const inputs = inputsOf(node).filter(({ traits }) => traits.watermarked)
  return inputs.length === 0 ? 0 : Math.min(...inputs.map(latenessUs))
}

/** EMIT FINAL promises that no row is taken back. */
function refuseUpdates(root: LogicalNode, emit: Emit): void {
  if (root.traits.appendOnly) return
  let culprit = 'This query'
  eachNode(root, (node) => {
    if (node.kind === 'aggregate') culprit = 'An aggregate without a window'
  })
  fail('UNSUPPORTED', `${culprit} has no final result, so there is nothing to EMIT FINAL`, {
    at: emit.at,
    hint: 'Group by a window (TUMBLE), or leave EMIT out to get every change.',
  })
}
