/** The list of operators. Adding one: its file, its node in `nodes.ts`, one line here, one test. */

import { aggregate } from './aggregate.ts'
import { filter } from './filter.ts'
import type { OperatorDefinition } from './operator.ts'
import { project } from './project.ts'
import { sort } from './sort.ts'
import { window } from './window.ts'
import { windowAggregate } from './window-aggregate.ts'

const LIST = [filter, project, window, aggregate, windowAggregate, sort] as const

type Definition = (typeof LIST)[number]
export type OperatorKind = Definition['kind']
export type OperatorNode<Kind extends OperatorKind> =
  Extract<Definition, { kind: Kind }> extends OperatorDefinition<Kind, infer Node> ? Node : never

const BY_KIND = new Map<string, Definition>(LIST.map((definition) => [definition.kind, definition]))

/** The definition of an operator. The node's type is lost here, as it is in a plan that crossed
 *  threads; `check` has accepted it. */
export function operatorOf(kind: OperatorKind): OperatorDefinition<OperatorKind, unknown> {
  return BY_KIND.get(kind) as unknown as OperatorDefinition<OperatorKind, unknown>
}
