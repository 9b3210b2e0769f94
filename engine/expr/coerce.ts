/** Implicit conversion: what the engine does without being asked. It never loses anything but
 *  low digits of a number on its way to FLOAT or DOUBLE; literals convert more freely, because
 *  whether the very value fits is known. */

import {
  BIGINT,
  BOOLEAN,
  type DataType,
  DOUBLE,
  FLOAT,
  INT,
  isInteger,
  isNumeric,
  isTimestamp,
  NULL_TYPE,
  partsOf,
  type RowField,
  SMALLINT,
  sameType,
  TINYINT,
  VARCHAR,
} from '../batch/types.ts'
import { conversion } from './cast.ts'
import { asDecimal, commonDecimal } from './decimal.ts'
import { canonical, type Int64 } from './int64.ts'
import type { Expr, LiteralExpr, Value } from './ir.ts'

const INTEGER_LADDER: readonly DataType[] = [TINYINT, SMALLINT, INT, BIGINT]
const rankOf = (type: DataType): number => INTEGER_LADDER.findIndex((t) => t.kind === type.kind)

/** Whether every value of `from` converts to `to` without being asked. */
export function isImplicit(from: DataType, to: DataType): boolean {
  if (from.kind === 'null' || sameType(from, to)) return true
  if (to.kind === 'double') return isNumeric(from)
  if (to.kind === 'float') return isNumeric(from) && from.kind !== 'double'
  if (isInteger(to)) return isInteger(from) && rankOf(from) <= rankOf(to)
  if (to.kind === 'decimal') {
    const exact = asDecimal(from)
    if (exact === undefined) return false
    return exact.scale <= to.scale && exact.precision - exact.scale <= to.precision - to.scale
  }
  if (to.kind === 'varchar') {
    return (from.kind === 'varchar' || from.kind === 'json') && to.length === undefined
  }
  if (isTimestamp(to)) return from.kind === 'date' || isTimestamp(from)
  if (to.kind === 'time') return from.kind === 'time'
  return from.kind === to.kind && partsConvert(from, to)
}

/** Nested types convert if their parts do, one by one. */
function partsConvert(from: DataType, to: DataType): boolean {
  const [inner, target] = [partsOf(from), partsOf(to)]
  return (
    inner.length > 0 &&
    inner.length === target.length &&
    inner.every((part, i) => isImplicit(part, target[i]))
  )
}

/** `expr` as a `target`, by an implicit cast or as another literal; undefined if that needs an
 *  explicit CAST. Never raises. */
export function coerce(expr: Expr, target: DataType): Expr | undefined {
  if (sameType(expr.type, target)) return expr
  if (expr.kind === 'literal') {
    const converted = coerceLiteral(expr, target)
    if (converted !== undefined) return asksForZone(expr, target) ? castTo(expr, target) : converted
  }
  if (!isImplicit(expr.type, target)) return undefined
  return castTo(expr, target)
}

const castTo = (arg: Expr, type: DataType): Expr => ({
  kind: 'cast',
  type,
  arg,
  safe: false,
  at: arg.at,
})

/** Between a wall clock and an instant lies the session's zone: the cast stays for `inZone`. */
const asksForZone = ({ type, value }: LiteralExpr, target: DataType): boolean =>
  value !== null && (type.kind === 'timestamp_ltz') !== (target.kind === 'timestamp_ltz')

/** Text to any type its characters spell; numbers to any type that holds exactly that number. */
function coerceLiteral(expr: LiteralExpr, target: DataType): LiteralExpr | undefined {
  const { value, type: from } = expr
  if (target.kind === 'null') return undefined
  if (value === null) {
    return from.kind === 'null' || isImplicit(from, target) ? { ...expr, type: target } : undefined
  }
  const free = from.kind === 'varchar' || (isNumeric(from) && isNumeric(target))
  if (!free && !isImplicit(from, target)) return undefined
  const converted = convert(value, from, target)
  if (converted === undefined) return undefined
  const exact = !isNumeric(from) || isImplicit(from, target) || sameNumber(converted, target, expr)
  // Text that would be cut (VARCHAR(n)), or whose number would be.
  const whole =
    target.kind === 'varchar'
      ? converted === value
      : !(isInteger(target) && typeof value === 'string' && value.includes('.'))
  return exact && whole ? { ...expr, type: target, value: converted } : undefined
}

function convert(value: Value, from: DataType, to: DataType): Value | undefined {
  const apply = conversion(from, to) as ((value: Value) => Value | undefined) | undefined
  return apply?.(value)
}

/** Whether converting back gives the number we came from. */
function sameNumber(converted: Value, type: DataType, { value, type: original }: LiteralExpr) {
  return convert(converted, type, original) === value
}

/** The type all of these convert to without being asked; undefined if there is none. NULL fits
 *  all; no types at all give the type of NULL. */
export function commonType(types: readonly DataType[]): DataType | undefined {
  let common: DataType | undefined = NULL_TYPE
  for (const type of types) {
    common = commonOfTwo(common, type)
    if (common === undefined) return undefined
  }
  return common
}

function commonOfTwo(a: DataType, b: DataType): DataType | undefined {
  if (a.kind === 'null') return b
  if (b.kind === 'null' || sameType(a, b)) return a
  if (isNumeric(a) && isNumeric(b)) return commonNumber(a, b)
  if (a.kind === 'varchar' && b.kind === 'varchar') {
    if (a.length === undefined || b.length === undefined) return { kind: 'varchar' }
    return { kind: 'varchar', length: Math.max(a.length, b.length) }
  }
  if (a.kind === 'boolean' && b.kind === 'boolean') return BOOLEAN
  if (a.kind === 'json' || b.kind === 'json') {
    return a.kind === 'varchar' || b.kind === 'varchar' ? VARCHAR : undefined
  }
  if (partsOf(a).length > 0) return commonNested(a, b)
  return commonTime(a, b)
}

/** Arrays, maps and rows meet part by part; a row keeps the names of the first. */
function commonNested(a: DataType, b: DataType): DataType | undefined {
  if (a.kind === 'array' && b.kind === 'array') {
    const element = commonOfTwo(a.element, b.element)
    return element && { kind: 'array', element }
  }
  if (a.kind === 'map' && b.kind === 'map') {
    const key = commonOfTwo(a.key, b.key)
    const value = commonOfTwo(a.value, b.value)
    return key && value && { kind: 'map', key, value }
  }
  if (a.kind !== 'row' || b.kind !== 'row' || a.fields.length !== b.fields.length) return undefined
  const fields: RowField[] = []
  for (const [i, { name, type }] of a.fields.entries()) {
    const common = commonOfTwo(type, b.fields[i].type)
    if (common === undefined) return undefined
    fields.push({ name, type: common })
  }
  return { kind: 'row', fields }
}

function commonNumber(a: DataType, b: DataType): DataType {
  if (a.kind === 'double' || b.kind === 'double') return DOUBLE
  if (a.kind === 'float' || b.kind === 'float') {
    return a.kind === 'decimal' || b.kind === 'decimal' ? DOUBLE : FLOAT
  }
  const [x, y] = [asDecimal(a), asDecimal(b)]
  if ((a.kind === 'decimal' || b.kind === 'decimal') && x && y) return commonDecimal(x, y)
  return INTEGER_LADDER[Math.max(rankOf(a), rankOf(b))]
}

function commonTime(a: DataType, b: DataType): DataType | undefined {
  if (isTimestamp(a) && b.kind === 'date') return a
  if (isTimestamp(b) && a.kind === 'date') return b
  if ('precision' in a && 'precision' in b) {
    const precision = Math.max(a.precision, b.precision)
    if (a.kind === 'time' && b.kind === 'time') return { kind: 'time', precision }
    if (isTimestamp(a) && isTimestamp(b)) {
      return {
        kind: a.kind === 'timestamp' && b.kind === a.kind ? a.kind : 'timestamp_ltz',
        precision,
      }
    }
  }
  return undefined
}

/** A literal's i64 value as a bigint; undefined if the expression is no such literal. */
export function literalInteger(expr: Expr): bigint | undefined {
  if (expr.kind !== 'literal' || expr.value === null || !isInteger(expr.type)) return undefined
  return BigInt(canonical(BigInt(expr.value as Int64)))
}

/** A literal's text; undefined if the expression is no non-NULL text literal. */
export function literalText(expr: Expr): string | undefined {
  if (expr.kind !== 'literal' || typeof expr.value !== 'string') return undefined
  return expr.type.kind === 'varchar' ? expr.value : undefined
}
