/** How traits pass through each kind of node. */

import type { Expr } from '../../engine/expr/ir.ts'
import type { WindowColumn, WindowSpec } from '../../engine/operator/nodes.ts'
import type { TableSpec } from '../../engine/source/table.ts'
import type { Traits, WindowProperty } from './node.ts'

/** Old column -> its first new place. */
type Placement = ReadonlyMap<number, number>

const placeAll = (columns: readonly number[], places: Placement): number[] | undefined => {
  const placed = columns.map((column) => places.get(column))
  return placed.includes(undefined) ? undefined : (placed as number[])
}

function place(input: Traits, places: Placement): Traits {
  return {
    appendOnly: input.appendOnly,
    watermarked: input.watermarked,
    keys: input.keys.flatMap((key) => {
      const placed = placeAll(key, places)
      return placed === undefined ? [] : [placed]
    }),
    timeColumns: input.timeColumns.flatMap((column) => places.get(column) ?? []),
    windowColumns: input.windowColumns.flatMap((property) => {
      const column = places.get(property.column)
      return column === undefined ? [] : [{ ...property, column }]
    }),
  }
}

/** Bare columns keep what they are; every other expression is new. */
function placementOf(exprs: readonly Expr[]): Placement {
  const places = new Map<number, number>()
  exprs.forEach((expr, i) => {
    if (expr.kind === 'column' && !places.has(expr.index)) places.set(expr.index, i)
  })
  return places
}

export function scanTraits(
  table: TableSpec,
  columns: readonly number[],
  keys: readonly (readonly number[])[],
): Traits {
  const watermark = table.watermark
  const whole: Traits = {
    appendOnly: true,
    watermarked: watermark !== undefined,
    keys,
    timeColumns: watermark === undefined ? [] : [watermark.column],
    windowColumns: [],
  }
  return place(whole, new Map(columns.map((column, i) => [column, i])))
}

export function valuesTraits(rowCount: number): Traits {
  const keys = rowCount <= 1 ? [[]] : []
  return { appendOnly: true, keys, timeColumns: [], windowColumns: [], watermarked: false }
}

export const projectTraits = (input: Traits, exprs: readonly Expr[]): Traits =>
  place(input, placementOf(exprs))

export const WINDOW_COLUMNS: readonly WindowColumn[] = ['window_start', 'window_end', 'window_time']

const properties = (
  columns: readonly WindowColumn[],
  first: number,
  window: WindowSpec,
): WindowProperty[] => columns.map((role, i) => ({ column: first + i, role, window }))

const timeColumnsOf = (found: readonly WindowProperty[]): number[] =>
  found.flatMap(({ role, column }) => (role === 'window_time' ? [column] : []))

/** `width`: columns of the input. A row is in exactly one tumbling window, so keys stay keys. */
export function windowTraits(input: Traits, width: number, window: WindowSpec): Traits {
  const added = properties(WINDOW_COLUMNS, width, window)
  return {
    ...input,
    timeColumns: [...input.timeColumns, ...timeColumnsOf(added)],
    // A windowed input's own windows are no longer the ones that its rows are grouped by.
    windowColumns: added,
  }
}

const indexes = (count: number): number[] => Array.from({ length: count }, (_, i) => i)

/** `distinct`: no aggregates. The first of equal rows is then final if no row is taken back. */
export function aggregateTraits(input: Traits, keyCount: number, distinct: boolean): Traits {
  return {
    appendOnly: distinct && input.appendOnly,
    watermarked: input.watermarked,
    keys: [indexes(keyCount)],
    timeColumns: [],
    windowColumns: [],
  }
}

export interface WindowAggregateShape {
  readonly keyCount: number
  /** Where the window columns begin. */
  readonly first: number
  readonly window: WindowSpec
  readonly columns: readonly WindowColumn[]
  readonly atClose: boolean
}

export function windowAggregateTraits(input: Traits, shape: WindowAggregateShape): Traits {
  const found = properties(shape.columns, shape.first, shape.window)
  return {
    // What was emitted at close is final, whatever the input is.
    appendOnly: shape.atClose,
    watermarked: input.watermarked,
    // Each bound of a tumbling window names it, so each makes a key of its own.
    keys: found.map(({ column }) => [...indexes(shape.keyCount), column]),
    timeColumns: timeColumnsOf(found),
    windowColumns: found,
  }
}
