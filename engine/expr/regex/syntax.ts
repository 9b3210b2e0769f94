/** The tree of a regular expression. */

import type { CharSet } from './char-set.ts'

export type Assertion = 'begin' | 'end' | 'line-begin' | 'line-end' | 'word' | 'not-word'

export type Node =
  | { readonly kind: 'set'; readonly set: CharSet }
  | { readonly kind: 'assert'; readonly assertion: Assertion }
  /** One after another; none: the empty text. */
  | { readonly kind: 'sequence'; readonly parts: readonly Node[] }
  /** The first that leads to a match. */
  | { readonly kind: 'choice'; readonly parts: readonly Node[] }
  | {
      readonly kind: 'repeat'
      readonly part: Node
      readonly min: number
      readonly max: number
      /** Rather few than many. */
      readonly lazy: boolean
    }
  /** What it matches is kept as group `index` (from 1). */
  | { readonly kind: 'group'; readonly part: Node; readonly index: number }

export const EMPTY: Node = { kind: 'sequence', parts: [] }

/** A parsed pattern. */
export interface Pattern {
  readonly root: Node
  readonly groupCount: number
  readonly groupNames: ReadonlyMap<string, number>
}
