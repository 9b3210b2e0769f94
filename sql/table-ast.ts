/** The syntax tree of what CREATE, ALTER and SHOW say of tables; a part of `ast.ts`. */

import type { Span } from '../engine/base/errors.ts'
import type { DataType } from '../engine/batch/types.ts'
import type { Expression, Name, OptionPair, QueryStatement } from './ast.ts'

export interface ColumnDefinition {
  readonly name: Name
  readonly at: Span
  /** Absent for a computed column. */
  readonly type?: DataType | undefined
  readonly notNull: boolean
  readonly primaryKey: boolean
  readonly computed?: Expression | undefined
  /** The computed column's expression as it is written. */
  readonly computedText?: string | undefined
  readonly metadata?: { readonly from?: string | undefined; readonly virtual: boolean } | undefined
  readonly comment?: string | undefined
}

export interface WatermarkDefinition {
  readonly column: Name
  readonly value: Expression
  /** The value as it is written. */
  readonly text: string
  readonly at: Span
}

/** What LIKE takes over from the other table, part by part. */
export type LikePart =
  | 'constraints'
  | 'generated'
  | 'metadata'
  | 'options'
  | 'partitions'
  | 'watermarks'

/** including: fails where both have it. overwriting: its own wins. */
export type LikeRule = 'including' | 'excluding' | 'overwriting'

export interface LikeClause {
  readonly table: Name
  readonly rules: Readonly<Record<LikePart, LikeRule>>
  readonly at: Span
}

/** Where ALTER TABLE puts a column: first, behind another, or (absent) last. */
export type ColumnPlace = 'first' | { readonly after: Name }

export interface PlacedColumn extends ColumnDefinition {
  readonly place?: ColumnPlace | undefined
}

/** What ALTER TABLE … ADD and MODIFY say. */
export interface TableParts {
  readonly columns: readonly PlacedColumn[]
  readonly primaryKey?: readonly Name[] | undefined
  readonly watermark?: WatermarkDefinition | undefined
}

export type AlterAction =
  | { readonly kind: 'pause' | 'resume' | 'restart' }
  | { readonly kind: 'rename'; readonly to: Name }
  | { readonly kind: 'rename-column'; readonly from: Name; readonly to: Name }
  | { readonly kind: 'set'; readonly options: readonly OptionPair[] }
  | { readonly kind: 'reset'; readonly keys: readonly Name[] }
  | ({ readonly kind: 'add' | 'modify'; readonly at: Span } & TableParts)
  | { readonly kind: 'drop-columns'; readonly columns: readonly Name[] }
  | { readonly kind: 'drop-key' | 'drop-watermark'; readonly at: Span }
  /** Another query in the place of the one that is there. */
  | ({ readonly kind: 'as'; readonly columns: readonly Name[] } & QueryStatement)

/** `LIKE 'a%'` behind SHOW. */
export interface ShowFilter {
  readonly pattern: string
  readonly negated: boolean
  readonly ignoresCase: boolean
}

export interface CreateTableAs extends QueryStatement {
  /** `(a, b)`: the query's columns in another order. Empty: as they are. */
  readonly order: readonly Name[]
}
