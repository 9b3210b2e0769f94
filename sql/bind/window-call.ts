/** TUMBLE and its relatives: which names they are, and what their arguments say. */

import { fail, type Span } from '../../engine/base/errors.ts'
import { isTimestamp, typeName } from '../../engine/batch/types.ts'
import { columnsOf, type Expr } from '../../engine/expr/ir.ts'
import type { WindowColumn, WindowSpec } from '../../engine/operator/nodes.ts'
import { makeProcessingTime } from '../logical/make-rows.ts'
import type { LogicalNode } from '../logical/node.ts'
import { evaluate } from './constant.ts'
import type { PlanMode } from './context.ts'

const WINDOWS: ReadonlySet<string> = new Set(['TUMBLE', 'HOP', 'CUMULATE', 'SESSION'])

const BOUNDS: Readonly<Record<string, WindowColumn>> = {
  START: 'window_start',
  END: 'window_end',
  ROWTIME: 'window_time',
  PROCTIME: 'window_time',
}

const BOUND_PATTERN = /^(TUMBLE|HOP|CUMULATE|SESSION)_(START|END|ROWTIME|PROCTIME)$/

/** TUMBLE, HOP, CUMULATE, SESSION, and their `_START`, `_END`, `_ROWTIME`, `_PROCTIME`. */
export const isWindowFunction = (name: string): boolean =>
  WINDOWS.has(name) || BOUND_PATTERN.test(name)

export const isWindow = (name: string): boolean => WINDOWS.has(name)

/** `TUMBLE_START` is the `window_start` of a `TUMBLE`; undefined for other names. */
export function windowBound(name: string): { window: string; role: WindowColumn } | undefined {
  const match = BOUND_PATTERN.exec(name)
  if (match === null) return undefined
  const [, window, bound] = match
  return { window, role: BOUNDS[bound] }
}

export interface WindowArgs {
  readonly name: string
  /** After the time column, in the function's order. */
  readonly args: readonly Expr[]
  readonly at: Span
}

const US_PER_MS = 1000

/** The lengths behind a window's time column; an offset may follow them, but for SESSION. */
const LENGTHS: Readonly<Record<string, readonly string[]>> = {
  TUMBLE: ['size'],
  HOP: ['slide', 'size'],
  CUMULATE: ['step', 'size'],
  SESSION: ['gap'],
}

/** The window that a call means. TYPE_MISMATCH, INVALID_ARGUMENT for arguments that make none. */
export function windowSpec({ name, args, at }: WindowArgs): WindowSpec {
  const roles = LENGTHS[name]
  const most = name === 'SESSION' ? roles.length : roles.length + 1
  if (args.length < roles.length || args.length > most) refuseCount(name, roles, at)
  const [first, second] = roles.map((role, i) => positiveUs(args[i], role, at))
  if (name === 'SESSION') return { kind: 'session', gapUs: first }
  const offsetUs = args.length > roles.length ? intervalUs(args[roles.length], 'offset') : 0
  if (name === 'TUMBLE') return { kind: 'tumble', sizeUs: first, offsetUs }
  if (name === 'HOP') return { kind: 'hop', slideUs: first, sizeUs: second, offsetUs }
  if (second % first !== 0) {
    fail('INVALID_ARGUMENT', 'The size of CUMULATE must be a whole number of steps', {
      at: args[1].at ?? at,
    })
  }
  return { kind: 'cumulate', stepUs: first, sizeUs: second, offsetUs }
}

function refuseCount(name: string, roles: readonly string[], at: Span): never {
  const offset = name === 'SESSION' ? '' : ' and perhaps an offset'
  const lengths = roles.map((_, i) => `, INTERVAL '${i * 4 + 1}' MINUTE`).join('')
  fail('INVALID_ARGUMENT', `${name} takes a time column, a ${roles.join(', a ')}${offset}`, {
    at,
    hint: `For example ${name}(ts${lengths}).`,
  })
}

function positiveUs(expr: Expr, role: string, at: Span): number {
  const us = intervalUs(expr, role)
  if (us > 0) return us
  return fail('INVALID_ARGUMENT', `The ${role} of a window must be above zero`, {
    at: expr.at ?? at,
  })
}

/** A constant interval of whole milliseconds, in microseconds. */
function intervalUs(expr: Expr, role: string): number {
  const { at, type } = expr
  if (type.kind !== 'interval_second') {
    const hint =
      type.kind === 'interval_month'
        ? 'Months differ in length; use days.'
        : "For example INTERVAL '1' MINUTE."
    fail('TYPE_MISMATCH', `The ${role} of a window is an interval, not ${typeName(type)}`, {
      at,
      hint,
    })
  }
  if (columnsOf(expr).size > 0) {
    fail('INVALID_ARGUMENT', `The ${role} of a window is a constant`, { at })
  }
  const value = Number(evaluate(expr) ?? Number.NaN)
  if (!Number.isSafeInteger(value) || value % US_PER_MS !== 0) {
    fail('INVALID_ARGUMENT', `The ${role} of a window is a number of whole milliseconds`, { at })
  }
  return value
}

/** The rows of a window, and the column of their time. */
export interface WindowInput {
  readonly node: LogicalNode
  readonly timeColumn: number
}

/** The time of a window is a column as it is, because a watermark says nothing about what is
 *  computed from it; processing time begins here if it is of that kind. In bounded mode any
 *  timestamp will do if no source has a watermark: all rows are there, so no window closes early.
 *  TYPE_MISMATCH, INVALID_ARGUMENT, UNSUPPORTED for processing time of rows that change. */
export function windowInput(expr: Expr, node: LogicalNode, mode: PlanMode, at: Span): WindowInput {
  if (expr.kind !== 'column') {
    return fail('INVALID_ARGUMENT', 'A window is over a column, not over an expression', {
      at: expr.at ?? at,
      hint: 'Make it a computed column of the table and declare the WATERMARK for that.',
    })
  }
  const { index: timeColumn, name, type } = expr
  const place = { at: expr.at ?? at }
  if (!isTimestamp(type)) {
    fail('TYPE_MISMATCH', `A window needs a timestamp; ${name} is ${typeName(type)}`, place)
  }
  const { timeColumns, watermarked } = node.traits
  if (timeColumns.includes(timeColumn)) return { node, timeColumn }
  if (node.traits.processingColumns.includes(timeColumn)) {
    return { node: byProcessingTime(node, timeColumn, place.at), timeColumn }
  }
  if (mode === 'bounded' && !watermarked) return { node, timeColumn }
  const known = timeColumns.map((index) => node.schema.fields[index].name)
  return fail('INVALID_ARGUMENT', `${name} is not a time attribute, so its windows never close`, {
    ...place,
    hint:
      known.length > 0
        ? `The time attribute here is ${known.join(', ')}.`
        : `Declare it in the table: WATERMARK FOR ${name} AS ${name} - INTERVAL '5' SECOND.`,
  })
}

/** The rows by the clock. UNSUPPORTED if they can be taken back. */
export function byProcessingTime(node: LogicalNode, column: number, at: Span): LogicalNode {
  if (node.traits.appendOnly) return makeProcessingTime(node, column)
  return fail('UNSUPPORTED', 'Rows that change have no one time at which they are processed', {
    at,
    hint: 'Use event time: WATERMARK FOR … in the table.',
  })
}
