/** The session's time zone. Expressions are bound as if it were UTC; `inZone` then spells out every
 *  place where the zone counts, as a conversion with the zone as an argument. So functions, plans
 *  and replays know of no session: a query keeps the zone it was made with. */

import type { Span } from '../base/errors.ts'
import { DATE, type DataType, isInterval, VARCHAR } from '../batch/types.ts'
import { type CallExpr, type CastExpr, type Expr, mapExpr } from './ir.ts'
import { literal } from './literal.ts'
import { resolveCall, resolveCast } from './resolve.ts'
import { zoneOf } from './time-zone.ts'

/** Functions that read a TIMESTAMP_LTZ on the wall clock. */
const WALL = new Set([
  'EXTRACT',
  'YEAR',
  'QUARTER',
  'MONTH',
  'WEEK',
  'DAYOFYEAR',
  'DAYOFMONTH',
  'DAYOFWEEK',
  'HOUR',
  'MINUTE',
  'SECOND',
  'DAYNAME',
  'MONTHNAME',
  'DATE_FORMAT',
  'DATE_TRUNC',
  'FLOOR',
  'CEIL',
  'TIMESTAMPADD',
  'DATEDIFF',
  'LAST_DAY',
])

const isLtz = ({ type }: Expr): boolean => type.kind === 'timestamp_ltz'

/** The expression as it means in a session whose zone is `zone`. What has a zone already keeps it.
 *  `evenUtc`: spells out UTC too, for an expression that moves into another session.
 *  INVALID_ARGUMENT if there is no such zone. */
export function inZone(expr: Expr, zone: string, evenUtc = false): Expr {
  zoneOf(zone, expr.at)
  if (!evenUtc && /^(?:UTC|GMT|UT|Z)$/i.test(zone)) return expr
  return mapExpr(expr, (part) => {
    if (part.kind === 'cast') return castInZone(part, zone)
    return part.kind === 'call' ? callInZone(part, zone) : part
  })
}

/** Between an instant and the wall clock of the zone. */
const shifted = (expr: Expr, zone: string, at: Span | undefined): Expr =>
  resolveCall('AT TIME ZONE', [expr, literal(VARCHAR, zone, at)], at)

function castInZone(cast: CastExpr, zone: string): Expr {
  const { arg, type, safe, at } = cast
  if (isLtz(arg)) {
    if (type.kind === 'timestamp_ltz') return cast
    return resolveCast(shifted(arg, zone, at), type, safe, at)
  }
  if (type.kind !== 'timestamp_ltz') return cast
  if (arg.type.kind === 'varchar') {
    const read = resolveCall('TIMESTAMP_IN_ZONE', [arg, literal(VARCHAR, zone, at)], at)
    const precise = resolveCast(read, type, false, at)
    // What is no timestamp at all is the plain cast's to refuse.
    return safe ? precise : resolveCall('COALESCE', [precise, cast], at)
  }
  const wall: DataType = { kind: 'timestamp', precision: type.precision }
  return shifted(resolveCast(arg, wall, safe, at), zone, at)
}

function callInZone(call: CallExpr, zone: string): Expr {
  const { name, args, type, at } = call
  const now = () => shifted(resolveCall('CURRENT_TIMESTAMP', [], at), zone, at)
  switch (name) {
    case 'LOCALTIMESTAMP':
      return now()
    case 'CURRENT_DATE':
      return resolveCast(now(), DATE, false, at)
    case 'CURRENT_TIME':
      return resolveCast(now(), type, false, at)
    case 'TO_TIMESTAMP_LTZ':
      if (args[0].type.kind !== 'varchar') return call
      return shifted(resolveCall('TO_TIMESTAMP', args, at), zone, at)
    case 'UNIX_TIMESTAMP':
      if (args[0]?.type.kind !== 'varchar') return call
      return resolveCall(name, [shifted(resolveCall('TO_TIMESTAMP', args, at), zone, at)], at)
    default:
      return readsWall(call) && args.some(isLtz) ? onWall(call, zone) : call
  }
}

/** Months are counted on the calendar of the wall. */
const readsWall = ({ name, args }: CallExpr): boolean =>
  WALL.has(name) ||
  ((name === '+' || name === '-') &&
    args.some(({ type }) => isInterval(type) && type.kind === 'interval_month'))

function onWall({ name, args, type, at }: CallExpr, zone: string): Expr {
  const walls = args.map((arg) => (isLtz(arg) ? shifted(arg, zone, at) : arg))
  const made = resolveCall(name, walls, at)
  return type.kind === 'timestamp_ltz' ? shifted(made, zone, at) : made
}
