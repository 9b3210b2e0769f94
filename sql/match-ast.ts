/** The syntax tree of MATCH_RECOGNIZE; a part of `ast.ts`. */

import type { Span } from '../engine/base/errors.ts'
import type { Expression, Name, OrderItem } from './ast.ts'

/** MATCH_RECOGNIZE. In its expressions `RUNNING x` and `FINAL x` are calls of these names, and
 *  `COUNT(a.*)` has the name `a.*` as its argument. */
export interface MatchClause {
  readonly partitionBy: readonly Expression[]
  readonly orderBy: readonly OrderItem[]
  readonly measures: readonly { readonly value: Expression; readonly name: Name }[]
  readonly rows: MatchRows
  /** Absent: past the last row. */
  readonly skip?: MatchSkip | undefined
  readonly pattern: MatchPattern
  readonly within?: Expression | undefined
  readonly subsets: readonly { readonly name: Name; readonly members: readonly Name[] }[]
  readonly defines: readonly { readonly name: Name; readonly condition: Expression }[]
  readonly at: Span
}

/** ONE ROW PER MATCH, or ALL ROWS with what is said of empty matches. */
export type MatchRows = 'one' | 'all' | 'all-omit-empty' | 'all-with-unmatched'

export type MatchSkip =
  | { readonly to: 'past-last' | 'next-row' }
  | { readonly to: 'first' | 'last'; readonly variable: Name }

export type MatchPattern =
  | { readonly kind: 'variable'; readonly name: Name; readonly at: Span }
  | { readonly kind: 'sequence'; readonly parts: readonly MatchPattern[]; readonly at: Span }
  | { readonly kind: 'choice'; readonly parts: readonly MatchPattern[]; readonly at: Span }
  | {
      readonly kind: 'repeat'
      readonly part: MatchPattern
      readonly from: number
      /** Infinity: no limit. */
      readonly to: number
      readonly reluctant: boolean
      readonly at: Span
    }
