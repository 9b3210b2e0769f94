/** How traits pass through nodes of one input; those of joins and orders: `join-traits.ts`,
 *  `order-traits.ts`. */

import type { Expr } from '../../engine/expr/ir.ts'
import type { WindowColumn, WindowSpec } from '../../engine/operator/nodes.ts'
import { isAppendOnly, type TableSpec } from '../../engine/source/table.ts'
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
    processingColumns: input.processingColumns.flatMap((column) => places.get(column) ?? []),
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
  const { watermark, storedCount, computed } = table
  const whole: Traits = {
    appendOnly: isAppendOnly(table),
    watermarked: watermark !== undefined,
    keys: table.primaryKey === undefined ? keys : [table.primaryKey, ...keys],
    timeColumns: watermark === undefined ? [] : [watermark.column],
    processingColumns: computed.flatMap((expr, i) =>
      isProcessingTime(expr) ? storedCount + i : [],
    ),
    windowColumns: [],
  }
  return place(whole, new Map(columns.map((column, i) => [column, i])))
}

/** `PROCTIME()`, also under a cast that takes none of its milliseconds. */
export function isProcessingTime(expr: Expr): boolean {
  if (expr.kind === 'cast') {
    const { arg, type } = expr
    const isSame = arg.type.kind === type.kind && 'precision' in type && (type.precision ?? 0) >= 3
    return isSame && isProcessingTime(arg)
  }
  return expr.kind === 'call' && expr.name === 'PROCTIME'
}

/** Traits of which nothing is known but these. */
export const plainTraits = (
  parts: Pick<Traits, 'appendOnly' | 'keys' | 'watermarked'>,
): Traits => ({ ...parts, timeColumns: [], processingColumns: [], windowColumns: [] })

export const valuesTraits = (rowCount: number): Traits =>
  plainTraits({ appendOnly: true, keys: rowCount <= 1 ? [[]] : [], watermarked: false })

export function projectTraits(input: Traits, exprs: readonly Expr[]): Traits {
  const traits = place(input, placementOf(exprs))
  const made = exprs.flatMap((expr, i) => (isProcessingTime(expr) ? [i] : []))
  return { ...traits, processingColumns: [...traits.processingColumns, ...made] }
}

export const WINDOW_COLUMNS: readonly WindowColumn[] = ['window_start', 'window_end', 'window_time']

const properties = (
  columns: readonly WindowColumn[],
  first: number,
  window: WindowSpec,
): WindowProperty[] => columns.map((role, i) => ({ column: first + i, role, window }))

export const timeColumnsOf = (found: readonly WindowProperty[]): number[] =>
  found.flatMap(({ role, column }) => (role === 'window_time' ? [column] : []))

/** Which bounds tell the windows of one kind apart: all windows of a row, or of a key. */
const namesWindow = ({ kind }: WindowSpec, role: WindowColumn): boolean =>
  kind !== 'cumulate' || role !== 'window_start'

/** `width`: columns of the input. A row is in exactly one tumbling window or session, so keys stay
 *  keys; it can be in several others, which a bound tells apart. */
export function windowTraits(input: Traits, width: number, window: WindowSpec): Traits {
  const added = properties(WINDOW_COLUMNS, width, window)
  // The rows of a session wait until it is over.
  const waits = window.kind === 'session'
  const once = window.kind === 'tumble' || waits
  const keys = once ? input.keys : input.keys.map((key) => [...key, width + 1])
  return {
    ...input,
    // What a session that is over said is final, though its row may have been replaced since.
    keys: waits && !input.appendOnly ? [] : keys,
    timeColumns: [...(waits ? [] : input.timeColumns), ...timeColumnsOf(added)],
    processingColumns: waits ? [] : input.processingColumns,
    // A windowed input's own windows are no longer the ones that its rows are grouped by.
    windowColumns: added,
  }
}

export const indexes = (count: number): number[] => Array.from({ length: count }, (_, i) => i)

/** `distinct`: no aggregates. The first of equal rows is then final if no row is taken back. */
export function aggregateTraits(input: Traits, keyCount: number, distinct: boolean): Traits {
  return plainTraits({
    appendOnly: distinct && input.appendOnly,
    watermarked: input.watermarked,
    keys: [indexes(keyCount)],
  })
}

export interface WindowAggregateShape {
  readonly keyCount: number
  /** Where the window columns begin. */
  readonly first: number
  readonly window: WindowSpec
  readonly columns: readonly WindowColumn[]
  readonly atClose: boolean
  /** The rows have their windows already. */
  readonly attached: boolean
}

export function windowAggregateTraits(input: Traits, shape: WindowAggregateShape): Traits {
  const found = properties(shape.columns, shape.first, shape.window)
  return {
    // What was emitted at close is final, whatever the input is.
    appendOnly: shape.atClose,
    watermarked: input.watermarked,
    keys: windowKeys(shape, found),
    timeColumns: timeColumnsOf(found),
    processingColumns: [],
    windowColumns: found,
  }
}

/** Sessions of several keys that are grouped together are told apart by both bounds. */
function windowKeys(
  { keyCount, window, attached }: WindowAggregateShape,
  found: readonly WindowProperty[],
): number[][] {
  const keys = indexes(keyCount)
  if (window.kind !== 'session' || !attached) {
    return found
      .filter(({ role }) => namesWindow(window, role))
      .map(({ column }) => [...keys, column])
  }
  const bounds = found.filter(({ role }) => role !== 'window_time').map(({ column }) => column)
  return bounds.length < 2 ? [] : [[...keys, ...bounds]]
}
