/** Columns that stand for something which has no place yet: while a query is bound, some of its
 *  expressions are about nodes that are only built later. Each kind has its own range of column
 *  positions, far beyond those of any input. */

import type { DataType } from '../../engine/batch/types.ts'
import { type ColumnExpr, columnsOf, type Expr, mapExpr } from '../../engine/expr/ir.ts'

type Kind = 'set-number' | 'aggregate' | 'over' | 'subquery' | 'outer'

const RANGE = 1 << 24
const KINDS: readonly Kind[] = ['set-number', 'aggregate', 'over', 'subquery', 'outer']

/** The first position of a kind. */
const firstOf = (kind: Kind): number => (KINDS.indexOf(kind) + 1) * RANGE

/** No real column is at this position or behind it. */
export const FIRST_PLACEHOLDER = RANGE

export interface PlaceholderParts {
  readonly name: string
  readonly type: DataType
  readonly nullable: boolean
  readonly at?: ColumnExpr['at']
}

/** The `index`-th thing of a kind, as a column. */
export const placeholder = (kind: Kind, index: number, parts: PlaceholderParts): ColumnExpr => ({
  kind: 'column',
  index: firstOf(kind) + index,
  ...parts,
})

/** Which thing of a kind the position stands for; undefined if it is none of the kind. */
export function placeOf(kind: Kind, index: number): number | undefined {
  const place = index - firstOf(kind)
  return place >= 0 && place < RANGE ? place : undefined
}

/** Replaces the placeholders of a kind by what they stand for. */
export const replacePlaceholders = (kind: Kind, expr: Expr, of: (place: number) => Expr): Expr =>
  mapExpr(expr, (part) => {
    const place = part.kind === 'column' ? placeOf(kind, part.index) : undefined
    return place === undefined ? part : { ...of(place), at: part.at }
  })

/** Places of outer columns for each level: 0 is the query right around. */
const LEVEL = 1 << 16

/** A column of the query `level` levels further out than the one right around. */
export const outerPlaceholder = (level: number, column: number, parts: PlaceholderParts) =>
  placeholder('outer', level * LEVEL + column, parts)

/** The column of the query right around that the position stands for; undefined for all others. */
export function outerColumnOf(index: number): number | undefined {
  const place = placeOf('outer', index)
  return place !== undefined && place < LEVEL ? place : undefined
}

/** Whether the expression reads a column of the query right around. */
export const readsOuter = (expr: Expr): boolean => {
  for (const column of columnsOf(expr)) if (outerColumnOf(column) !== undefined) return true
  return false
}

/** Puts expressions in place of the columns of the query right around. */
export const replaceNear = (expr: Expr, of: (column: number) => Expr): Expr =>
  mapExpr(expr, (part) => {
    const column = part.kind === 'column' ? outerColumnOf(part.index) : undefined
    return column === undefined ? part : { ...of(column), at: part.at }
  })

/** The same, at the place where the subquery is joined: what is further out comes one level
 *  nearer. */
export const replaceOuter = (
  expr: Expr,
  of: (column: number, at: ColumnExpr['at']) => Expr,
): Expr =>
  mapExpr(expr, (part) => {
    if (part.kind !== 'column' || placeOf('outer', part.index) === undefined) return part
    const column = outerColumnOf(part.index)
    if (column === undefined) return { ...part, index: part.index - LEVEL }
    return { ...of(column, part.at), at: part.at }
  })

/** Replaces the real columns of an expression; placeholders stay. */
export const substituteReal = (expr: Expr, of: (index: number) => Expr): Expr =>
  mapExpr(expr, (part) => {
    if (part.kind !== 'column' || part.index >= FIRST_PLACEHOLDER) return part
    const value = of(part.index)
    return value.at === undefined ? { ...value, at: part.at } : value
  })

/** The expression inside of a subquery: what is right around it is one level further out there. */
export const fromInside = (expr: Expr): Expr =>
  mapExpr(expr, (part) =>
    part.kind === 'column' && placeOf('outer', part.index) !== undefined
      ? { ...part, index: part.index + LEVEL }
      : part,
  )
