/** The contract of a rule: a plan in, a plan with the same rows and the same columns out. */

import type { LogicalNode } from '../logical/node.ts'

export interface Rule {
  /** As its file is called. */
  readonly name: string
  apply(root: LogicalNode): LogicalNode
}
