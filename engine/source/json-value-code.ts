/** Generates the code that reads one JSON value from bytes into a column, by type. It takes the
 *  forms that streams are full of; for anything else it leaves to the caller's slow way (`exit`),
 *  so it never has to be complete, only right. On entry `c` is the byte at `p`, the value's first;
 *  on exit `p` is after the value. */

import { daysInMonth, daysOf } from '../base/time-text.ts'
import type { Field } from '../batch/schema.ts'
import { type DataType, storageOf } from '../batch/types.ts'
import type { LoopCode } from '../expr/codegen.ts'
import type { DecodeOptions } from '../format/format.ts'

/** How a column is filled: values at once, or ranges of the bytes. */
export type JsonColumnWay =
  /** Typed array elements. */
  | 'fixed'
  /** Ranges that are the column's text. */
  | 'text'
  /** Ranges of JSON, parsed one by one after the loop. */
  | 'later'

/** Which way a type goes. */
export function jsonColumnWay(type: DataType): JsonColumnWay {
  switch (type.kind) {
    case 'varchar':
      return 'text'
    case 'boolean':
    case 'tinyint':
    case 'smallint':
    case 'int':
    case 'bigint':
    case 'float':
    case 'double':
    case 'date':
    case 'timestamp':
    case 'timestamp_ltz':
      return 'fixed'
    case 'decimal':
      return storageOf(type) === 'i64' ? 'fixed' : 'later'
    default:
      return 'later'
  }
}

export interface ValueCode {
  readonly code: LoopCode
  readonly field: Field
  /** The position in the arrays that the generated function gets. */
  readonly column: number
  /** The statement that gives the message to the slow way. */
  readonly exit: string
  /** What a number is that stands for a timestamp. */
  readonly epoch: DecodeOptions['epoch']
}

/** Everything for one column: NULL, the value, and where it goes. */
export function emitJsonValue(at: ValueCode): void {
  const { code, field, column: k, exit } = at
  const isNull = 'c === 110 && bytes[p + 1] === 117 && bytes[p + 2] === 108 && bytes[p + 3] === 108'
  code.branch(
    'c === 110',
    () => {
      code.line(`if (!(${isNull})) ${exit}`)
      if (!field.nullable) code.line(exit)
      code.line(`nulls${k}[i] = 1`)
      code.line(`nullCount++`)
      if (jsonColumnWay(field.type) !== 'fixed') code.line(`starts${k}[i] = ends${k}[i] = 0`)
      code.line('p += 4')
    },
    () => emitPresent(at),
  )
}

function emitPresent(at: ValueCode): void {
  const { code, field, column: k, exit } = at
  const { type } = field
  if (jsonColumnWay(type) === 'later') {
    code.line(`starts${k}[i] = p`)
    code.line('p = skipValue(bytes, p, utf8)')
    code.line(`if (p < 0) ${exit}`)
    code.line(`ends${k}[i] = p`)
    return
  }
  const limit = INTEGER_LIMITS[type.kind]
  if (limit !== undefined) emitSmallInteger(at, limit)
  else if (type.kind === 'boolean') emitBoolean(at)
  else if (type.kind === 'decimal') emitDecimal(at, type)
  else if (type.kind === 'float' || type.kind === 'double') emitDouble(at, type.kind === 'float')
  else if (type.kind === 'varchar') emitString(at, type.length)
  else if (type.kind === 'date') emitDateValue(at)
  else if (type.kind === 'timestamp' || type.kind === 'timestamp_ltz') {
    emitTimestamp(at, type.precision)
  } else {
    emitInteger(at)
    storeInt64(at, 'v')
  }
}

const INTEGER_LIMITS: Partial<Record<DataType['kind'], number>> = {
  tinyint: 2 ** 7,
  smallint: 2 ** 15,
  int: 2 ** 31,
}

function emitDateValue(at: ValueCode): void {
  const { code, column: k, exit } = at
  emitDate(at)
  code.line(`if (bytes[p + 11] !== 34) ${exit}`)
  code.line(`values${k}[i] = days`)
  code.line('p += 12')
}

function emitBoolean({ code, column: k, exit }: ValueCode): void {
  code.line('const after = skipValue(bytes, p, utf8)')
  code.line(`if ((c !== 116 && c !== 102) || after < 0) ${exit}`)
  code.line(`values${k}[i] = c === 116 ? 1 : 0`)
  code.line('p = after')
}

/** A whole number of at most 15 digits into `v`; `c` is the byte after it. */
function emitInteger({ code, exit }: ValueCode): void {
  code.line('let negative = false')
  code.line('if (c === 45) { negative = true; c = bytes[++p] }')
  code.line(`if (!(c >= 48 && c <= 57)) ${exit}`)
  code.line('let v = c - 48')
  code.line('const digit = p')
  code.line('c = bytes[++p]')
  code.block('while (c >= 48 && c <= 57)', () => {
    code.line('v = v * 10 + (c - 48)')
    code.line('c = bytes[++p]')
  })
  code.line(`if (p - digit > 15 || (bytes[digit] === 48 && p - digit > 1)) ${exit}`)
  code.line(`if (c === 46 || c === 101 || c === 69) ${exit}`)
  code.line('if (negative) v = -v')
}

function emitSmallInteger(at: ValueCode, limit: number): void {
  const { code, column: k, exit } = at
  emitInteger(at)
  code.line(`if (v < -${limit} || v >= ${limit}) ${exit}`)
  code.line(`values${k}[i] = v`)
}

/** An integer below 2^53 as two lanes. */
function storeInt64({ code, column: k }: ValueCode, value: string): void {
  code.line(`lanes${k}[i * 2] = ${value} | 0`)
  code.line(`lanes${k}[i * 2 + 1] = Math.floor(${value} / 4294967296)`)
}

/** Sign, digits and fraction: `v` holds all digits, `fraction` how many of them stand after the
 *  point, `digits` how many there are. `c` is the byte after. */
function emitFraction({ code, exit }: ValueCode): void {
  code.line('let negative = false')
  code.line('if (c === 45) { negative = true; c = bytes[++p] }')
  code.line(`if (!(c >= 48 && c <= 57)) ${exit}`)
  code.line('let v = 0, digits = 0, fraction = 0')
  code.line('const digit = p')
  const digit = 'v = v * 10 + (c - 48); c = bytes[++p]'
  code.line(`while (c >= 48 && c <= 57) { ${digit} }`)
  code.line('digits = p - digit')
  code.line(`if (bytes[digit] === 48 && digits > 1) ${exit}`)
  code.block('if (c === 46)', () => {
    code.line('const point = p')
    code.line('c = bytes[++p]')
    code.line(`while (c >= 48 && c <= 57) { ${digit} }`)
    code.line('fraction = p - point - 1')
    code.line(`if (fraction === 0) ${exit}`)
    code.line('digits += fraction')
  })
}

/** 15 digits and a power of ten up to 10^22 are exact doubles, so their quotient is the nearest one
 *  (Clinger 1990). The rest is Number's business. */
function emitDouble(at: ValueCode, single: boolean): void {
  const { code, column: k, exit } = at
  const powers = code.bind(POWERS, 'powers')
  code.line('const first = p')
  emitFraction(at)
  code.branch(
    'digits > 15 || c === 101 || c === 69',
    () => {
      code.line('p = skipNumber(bytes, first)')
      code.line(`if (p < 0) ${exit}`)
      code.line('v = Number(text.latin1Slice(first, p))')
    },
    () => {
      code.line(`if (fraction > 0) v /= ${powers}[fraction]`)
      code.line('if (negative) v = -v')
    },
  )
  code.line(`if (!Number.isFinite(${single ? 'Math.fround(v)' : 'v'})) ${exit}`)
  code.line(`values${k}[i] = v`)
}

const POWERS = Array.from({ length: 23 }, (_, n) => Number(`1e${n}`))

function emitDecimal(at: ValueCode, type: Extract<DataType, { kind: 'decimal' }>): void {
  const { code, exit } = at
  const { scale, precision } = type
  emitFraction(at)
  code.line(`if (c === 101 || c === 69 || fraction > ${scale}) ${exit}`)
  code.line(`if (digits + ${scale} - fraction > 15) ${exit}`)
  code.line(`v *= ${code.bind(POWERS, 'powers')}[${scale} - fraction]`)
  if (precision <= 15) code.line(`if (v >= ${10 ** precision}) ${exit}`)
  code.line('if (negative) v = -v')
  storeInt64(at, 'v')
}

/** Four bytes at a time: the lowest set bit 7 of `special` marks the first byte that is a control,
 *  a quote, a backslash or not ASCII (each difference borrows only from bytes above the first). */
export function emitStringScan(code: LoopCode, onEscape: () => void, exit: string): void {
  code.block('for (;;)', () => {
    code.block('if (p + 4 <= limit)', () => {
      code.line('const w = view.getInt32(p, true)')
      code.line(
        'const special = ((w - 0x20202020) | ((w ^ 0x22222222) - 0x01010101) | ' +
          '((w ^ 0x5c5c5c5c) - 0x01010101) | w) & 0x80808080',
      )
      code.line('if (special === 0) { p += 4; continue }')
      code.line('p += (31 - Math.clz32(special & -special)) >> 3')
    })
    code.line('c = bytes[p]')
    code.line('if (c === 34) break')
    code.block('if (c >= 128)', () => {
      code.line(`if (!utf8.valid()) ${exit}`)
      code.line('do { c = bytes[++p] } while (c >= 128)')
      code.line('continue')
    })
    code.block('if (c === 92)', onEscape)
    code.line(`if (!(c >= 32)) ${exit}`)
    code.line('p++')
  })
}

function emitString({ code, column: k, exit }: ValueCode, length: number | undefined): void {
  code.line(`if (c !== 34) ${exit}`)
  code.line('let first = ++p')
  code.line('let last = -1')
  const onEscape = () => {
    code.line('const after = skipString(bytes, first - 1, utf8)')
    code.line(`if (after < 0) ${exit}`)
    code.line('const range = extra.unescape(first - 1, after)')
    code.line(`if (range < 0) ${exit}`)
    code.line('p = after - 1')
    code.line('first = range')
    code.line('last = extra.end')
    code.line('break')
  }
  emitStringScan(code, onEscape, exit)
  code.line('if (last < 0) last = p')
  if (length !== undefined) code.line(`if (last - first > ${length}) ${exit}`)
  code.line(`starts${k}[i] = first`)
  code.line(`ends${k}[i] = last`)
  code.line('p++')
}

/** The ten bytes after the quote at `p` as `days`. The last date is remembered: most rows of a
 *  stream have the date of the row before. */
function emitDate({ code, exit }: ValueCode): void {
  const days = code.bind(daysOf, 'daysOf')
  const inMonth = code.bind(daysInMonth, 'daysInMonth')
  code.line(`if (c !== 34 || p + 20 > limit) ${exit}`)
  code.line('const year = view.getInt32(p + 1, true)')
  code.line('const rest = view.getInt32(p + 5, true)')
  code.line('const day = view.getUint16(p + 9, true)')
  code.block('if (year !== lastYear || rest !== lastRest || day !== lastDay)', () => {
    for (const at of [1, 2, 3, 4, 6, 7, 9, 10]) {
      code.line(`if (!(bytes[p + ${at}] >= 48 && bytes[p + ${at}] <= 57)) ${exit}`)
    }
    code.line(`if (bytes[p + 5] !== 45 || bytes[p + 8] !== 45) ${exit}`)
    const digit = (at: number) => `(bytes[p + ${at}] - 48)`
    code.line(`const y = ${digit(1)} * 1000 + ${digit(2)} * 100 + ${digit(3)} * 10 + ${digit(4)}`)
    code.line(`const m = ${digit(6)} * 10 + ${digit(7)}`)
    code.line(`const d = ${digit(9)} * 10 + ${digit(10)}`)
    code.line(`if (y < 1 || m < 1 || m > 12 || d < 1 || (d > 28 && d > ${inMonth}(y, m))) ${exit}`)
    code.line(`lastYear = year; lastRest = rest; lastDay = day; lastDays = ${days}(y, m, d)`)
  })
  code.line('const days = lastDays')
}

/** `yyyy-mm-dd[T ]hh:mm:ss[.f]["Z"]`, or whole milliseconds or seconds since 1970. */
function emitTimestamp(at: ValueCode, precision: number): void {
  const { code } = at
  code.line('let us = 0')
  code.branch(
    'c === 34',
    () => emitTimestampText(at),
    () => {
      emitInteger(at)
      const perMilli = at.epoch === 'seconds' ? 1000 : 1
      const [least, most] = [MILLIS_MIN / perMilli, MILLIS_MAX / perMilli]
      code.line(`if (v < ${least} || v >= ${most}) ${at.exit}`)
      code.line(`us = v * ${1000 * perMilli}`)
      code.line(`if (!Number.isSafeInteger(us)) ${at.exit}`)
    },
  )
  if (precision < 6) {
    const step = 10 ** (6 - precision)
    code.line(`us = Math.floor(us / ${step}) * ${step}`)
  }
  storeInt64(at, 'us')
}

const MILLIS_MAX = 253_402_300_800_000
const MILLIS_MIN = -62_135_596_800_000

function emitTimestampText(at: ValueCode): void {
  const { code, exit } = at
  emitDate(at)
  code.line(`if (bytes[p + 11] !== 84 && bytes[p + 11] !== 32) ${exit}`)
  const two = (from: number) => `(bytes[p + ${from}] - 48) * 10 + (bytes[p + ${from + 1}] - 48)`
  for (const from of [12, 13, 15, 16, 18, 19]) {
    code.line(`if (!(bytes[p + ${from}] >= 48 && bytes[p + ${from}] <= 57)) ${exit}`)
  }
  code.line(`if (bytes[p + 14] !== 58 || bytes[p + 17] !== 58) ${exit}`)
  code.line(`const hour = ${two(12)}, minute = ${two(15)}, second = ${two(18)}`)
  code.line(`if (hour > 23 || minute > 59 || second > 59) ${exit}`)
  code.line('let fraction = 0, unit = 100000')
  code.line('p += 20')
  code.line('c = bytes[p]')
  code.block('if (c === 46)', () => {
    code.line('const point = p')
    code.line('c = bytes[++p]')
    code.block('while (c >= 48 && c <= 57)', () => {
      code.line('fraction += (c - 48) * unit')
      code.line('unit /= 10')
      code.line('c = bytes[++p]')
    })
    code.line(`if (p - point < 2 || p - point > 7) ${exit}`)
  })
  code.line('if (c === 90) c = bytes[++p]')
  code.line(`if (c !== 34) ${exit}`)
  code.line('p++')
  code.line('us = (days * 86400 + hour * 3600 + minute * 60 + second) * 1000000 + fraction')
  code.line(`if (!Number.isSafeInteger(us)) ${exit}`)
}
