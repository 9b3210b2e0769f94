/** Time zones in expressions: AT TIME ZONE, CONVERT_TZ and texts read on a zone's clock. */

import { fail } from '../../base/errors.ts'
import { formatTimestamp, parseTimestamp, readTimestamp } from '../../base/time-text.ts'
import { type DataType, isTimestamp, TIMESTAMP_LTZ, VARCHAR } from '../../batch/types.ts'
import { TIMESTAMP_MAX, TIMESTAMP_MIN, truncateToPrecision } from '../calendar.ts'
import { coerce, literalText } from '../coerce.ts'
import type { PlainFunction, ScalarFunction } from '../function.ts'
import type { Int64 } from '../int64.ts'
import type { CallExpr, Expr } from '../ir.ts'
import { text, timestamp, timestampLtz } from '../literal.ts'
import { type Zone, zoneOf } from '../time-zone.ts'
import { oneOf } from './signature.ts'

const plain = { family: 'temporal', nulls: 'strict' } as const

/** The zone of an argument; a constant is looked up, and refused, once. */
function zoneArgument(arg: Expr, at: CallExpr['at']): (name: string) => Zone {
  const fixed = literalText(arg)
  if (fixed === undefined) return (name) => zoneOf(name, at)
  const zone = zoneOf(fixed, arg.at ?? at)
  return () => zone
}

const atTimeZone: PlainFunction = {
  ...plain,
  name: 'AT TIME ZONE',
  doc: "An instant (TIMESTAMP_LTZ) as the wall clock of a zone shows it, or a wall clock's reading (TIMESTAMP) in a zone as the instant.",
  syntax: ["timestamp AT TIME ZONE 'Europe/Berlin'"],
  examples: [
    {
      args: [timestampLtz('2024-07-01 12:00:00'), text('Europe/Berlin')],
      result: '2024-07-01 14:00:00.000',
    },
    {
      args: [timestamp('2024-07-01 12:00:00'), text('America/New_York')],
      result: '2024-07-01 16:00:00.000',
    },
  ],
  resolve(args) {
    if (args.length !== 2) return undefined
    const isPoint = isTimestamp(args[0].type)
    const from: DataType = isPoint ? args[0].type : { kind: 'timestamp', precision: 3 }
    if (coerce(args[0], from) === undefined || !('precision' in from)) return undefined
    const { precision } = from
    const kind = from.kind === 'timestamp' ? 'timestamp_ltz' : 'timestamp'
    return { args: [from, VARCHAR], type: { kind, precision } }
  },
  evaluate({ args, at }) {
    const zone = zoneArgument(args[1], at)
    const inRange = (us: Int64): Int64 => {
      if (us >= TIMESTAMP_MIN && us <= TIMESTAMP_MAX) return us
      return fail('OUT_OF_RANGE', 'The timestamp leaves the years 0001 to 9999', { at })
    }
    return args[0].type.kind === 'timestamp'
      ? (us: Int64, name: string) => inRange(zone(name).toInstant(us))
      : (us: Int64, name: string) => inRange(zone(name).toLocal(us))
  },
}

const convertTz: PlainFunction = {
  ...plain,
  name: 'CONVERT_TZ',
  doc: "A wall clock's reading (yyyy-MM-dd HH:mm:ss) in one zone as the reading in another; NULL if the text is none.",
  syntax: ['CONVERT_TZ(text, from, to)'],
  examples: [
    {
      args: [text('1970-01-01 00:00:00'), text('UTC'), text('America/Los_Angeles')],
      result: '1969-12-31 16:00:00',
    },
  ],
  resolve: oneOf([[VARCHAR, VARCHAR, VARCHAR], VARCHAR]),
  nullable: 'always',
  evaluate({ args, at }) {
    const [from, to] = [zoneArgument(args[1], at), zoneArgument(args[2], at)]
    return (value: string, fromName: string, toName: string) => {
      const us = parseTimestamp(value.trim())
      if (us === undefined) return null
      return formatTimestamp(to(toName).toLocal(from(fromName).toInstant(us)), 0)
    }
  },
}

const inTimeZone: PlainFunction = {
  ...plain,
  name: 'TIMESTAMP_IN_ZONE',
  doc: 'The instant of a text: by the zone written in it, else by the given one. NULL if it is no timestamp.',
  syntax: ['TIMESTAMP_IN_ZONE(text, zone)'],
  examples: [
    {
      args: [text('2024-07-01 12:00:00'), text('Europe/Berlin')],
      result: '2024-07-01 10:00:00.000',
    },
    {
      args: [text('2024-07-01 12:00:00Z'), text('Europe/Berlin')],
      result: '2024-07-01 12:00:00.000',
    },
  ],
  resolve: oneOf([[VARCHAR, VARCHAR], TIMESTAMP_LTZ]),
  nullable: 'always',
  evaluate({ args, at }) {
    const zone = zoneArgument(args[1], at)
    return (value: string, name: string) => {
      const read = readTimestamp(value.trim())
      if (read === undefined) return null
      const us =
        read.offsetUs === undefined
          ? zone(name).toInstant(read.localUs)
          : (parseTimestamp(value.trim()) ?? null)
      return us === null ? null : truncateToPrecision(us, 3)
    }
  },
}

export const zoneFunctions: readonly ScalarFunction[] = [atTimeZone, convertTz, inTimeZone]
