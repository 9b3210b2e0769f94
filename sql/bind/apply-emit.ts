/** EMIT: when the windowed aggregates of a query speak. */

import { fail } from '../../engine/base/errors.ts'
import type { EmitPolicy } from '../../engine/operator/nodes.ts'
import type { Emit } from '../ast.ts'
import { makeWindowAggregate } from '../logical/make.ts'
import { fieldsOf, type LogicalNode } from '../logical/node.ts'
import { eachNode, rebuild } from '../logical/visit.ts'

const CLOSE: EmitPolicy = { kind: 'close' }

/** Decides for every windowed aggregate that is not decided yet (those inside a view are). EMIT is
 *  about the last windowed aggregate on the way to the result; those that feed another one emit at
 *  close. UNSUPPORTED if there is nothing that could obey. */
export function applyEmit(node: LogicalNode, emit: Emit | undefined): LogicalNode {
  if (emit?.kind === 'every' && !hasUndecided(node)) {
    fail('UNSUPPORTED', 'EMIT EVERY needs a windowed aggregate', {
      at: emit.at,
      hint: 'Everything else emits once per epoch.',
    })
  }
  const decided = decide(node, policyOf(emit))
  if (emit?.kind === 'final') refuseUpdates(decided, emit)
  return decided
}

function policyOf(emit: Emit | undefined): EmitPolicy {
  if (emit?.kind === 'changes') return { kind: 'changes' }
  if (emit?.kind === 'every') return { kind: 'every', intervalUs: emit.intervalUs }
  return CLOSE
}

function hasUndecided(root: LogicalNode): boolean {
  let found = false
  eachNode(root, (node) => {
    if (node.kind === 'window-aggregate' && node.emit === undefined) found = true
  })
  return found
}

function decide(node: LogicalNode, policy: EmitPolicy): LogicalNode {
  if (node.kind !== 'window-aggregate') {
    return rebuild(node, { input: (input) => decide(input, policy) })
  }
  const emit = node.emit ?? policy
  const { window, timeColumn, attached, keys, aggregates, windowColumns } = node
  const input = decide(node.input, CLOSE)
  return makeWindowAggregate(
    { input, window, timeColumn, attached, keys, aggregates, windowColumns, emit },
    fieldsOf(node),
  )
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
