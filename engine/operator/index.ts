/** The list of operators. Adding one: its file, its node in `nodes.ts`, one line here, one test. */

import { expand } from './expand.ts'
import { filter } from './filter.ts'
import { aggregate } from './group/aggregate.ts'
import { asofJoin } from './join/asof-join.ts'
import { join } from './join/join.ts'
import { temporalJoin } from './join/temporal-join.ts'
import { lookupJoin } from './lookup/lookup-join.ts'
import { match } from './match/match.ts'
import type { OperatorDefinition } from './operator.ts'
import { over } from './over/over.ts'
import { pinnedProject } from './pinned-project.ts'
import { processingTime } from './processing-time.ts'
import { project } from './project.ts'
import { rank } from './rank/rank.ts'
import { setOperation } from './set-operation.ts'
import { sort } from './sort.ts'
import { temporalFilter } from './temporal-filter.ts'
import { union } from './union.ts'
import { unnest } from './unnest.ts'
import { upsert } from './upsert.ts'
import { window } from './window/window.ts'
import { windowAggregate } from './window/window-aggregate.ts'

const LIST = [
  filter,
  project,
  pinnedProject,
  window,
  aggregate,
  windowAggregate,
  sort,
  union,
  expand,
  unnest,
  join,
  temporalJoin,
  asofJoin,
  lookupJoin,
  setOperation,
  temporalFilter,
  processingTime,
  rank,
  over,
  match,
  upsert,
] as const

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
