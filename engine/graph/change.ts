/** What happens to the dataflow between two epochs. Each change is written to the journal with the
 *  epoch that follows it, so that a replay makes the same changes at the same place (law 1). */

import type { ErrorJson } from '../base/errors.ts'
import type { FoundSplits } from '../source/source.ts'
import type { TableReaderState } from '../source/table-reader.ts'

export type Change =
  /** The query begins to read its tables from their beginning, through a cursor of its own. */
  | { readonly kind: 'attach'; readonly queryId: string }
  /** The query is no more, nor are its results. */
  | { readonly kind: 'detach'; readonly queryId: string }
  /** Another query takes its place and, for the same parts, its state. `before`: the plan that
   *  goes, which the catalog does not know any more (`planToText`). */
  | {
      readonly kind: 'replace'
      readonly queryId: string
      readonly by: string
      readonly before: string
    }
  /** The query stops where it is, in a cursor of its own. */
  | { readonly kind: 'pause'; readonly queryId: string }
  | { readonly kind: 'resume'; readonly queryId: string }
  /** The world outside made the query fail; a replay could not know. */
  | { readonly kind: 'fail'; readonly queryId: string; readonly error: ErrorJson }
  /** A cursor has caught up with the main one and joins it. `readers`: where the main cursor stands
   *  in the tables that both read. */
  | {
      readonly kind: 'merge'
      readonly cursor: string
      readonly readers: Readonly<Record<string, TableReaderState>>
    }
  /** Answers to what an operator of the query asked outside; `rows` in base64. */
  | {
      readonly kind: 'answer'
      readonly queryId: string
      readonly stage: string
      readonly ids: readonly number[]
      readonly counts: readonly number[]
      readonly rows: string | null
    }
  /** Splits of a table were found: the cursor reads them from now on. */
  | {
      readonly kind: 'splits'
      readonly cursor: string
      readonly table: string
      readonly found: FoundSplits
    }

export type ChangeKind = Change['kind']
