/** What a placeholder in a rewritten text stands for. The grammar sees `"@7"`; we know that slot 7
 *  is a column, a call, an operator, a table. */

import type { Span } from '../../../engine/base/errors.ts'
import type { Expression, GroupItem, Name, SelectItem, TableRef } from '../../ast.ts'

/** A finished part of an expression. */
export interface OperandSlot {
  readonly is: 'operand'
  readonly value: Expression
}

/** Stands before arguments in brackets. */
export interface CallSlot {
  readonly is: 'call'
  build(args: readonly Expression[]): Expression
}

export interface PrefixSlot {
  readonly is: 'prefix'
  readonly level: number
  readonly at: Span
  apply(arg: Expression, at: Span): Expression
}

export interface InfixSlot {
  readonly is: 'infix'
  /** As written, in upper case. */
  readonly operator: string
  readonly level: number
  /** `a - b - c` is allowed, `a = b = c` is not. */
  readonly chains: boolean
  /** The word that may (ESCAPE) or must (AND of BETWEEN) bring a third operand. */
  readonly third?: 'ESCAPE' | 'AND' | undefined
  readonly at: Span
  apply(args: readonly Expression[], at: Span): Expression
}

/** ESCAPE: brings the third operand of an infix operator. */
export interface SeparatorSlot {
  readonly is: 'separator'
  readonly word: 'ESCAPE'
  readonly at: Span
}

/** Stands behind its operand, with arguments in brackets or without. */
export interface PostfixSlot {
  readonly is: 'postfix'
  readonly level: number
  readonly at: Span
  apply(arg: Expression, args: readonly Expression[], at: Span): Expression
}

/** The first element behind CASE: where the CASE stands. */
export interface CaseSlot {
  readonly is: 'case'
  readonly at: Span
}

export type Slot =
  | OperandSlot
  | CallSlot
  | PrefixSlot
  | InfixSlot
  | SeparatorSlot
  | PostfixSlot
  | CaseSlot
  | { readonly is: 'alias'; readonly name: Name }
  | { readonly is: 'item'; readonly item: SelectItem }
  | { readonly is: 'group'; readonly item: GroupItem }
  | {
      readonly is: 'table'
      readonly table: TableRef
      /** It is the right side of an ASOF JOIN. */
      readonly asof?: { readonly match?: Expression | undefined } | undefined
    }
  /** The condition of a join that has none, so that every join has one for the grammar. */
  | { readonly is: 'join'; readonly join: 'cross' | 'comma' | 'natural' }
  | { readonly is: 'column'; readonly name: Name }
