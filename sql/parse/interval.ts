/** INTERVAL literals: `INTERVAL '5' SECOND`, `INTERVAL '1 02:30:00' DAY TO SECOND`,
 *  `INTERVAL '1-6' YEAR TO MONTH`, `INTERVAL 5 MINUTE`. Months and microseconds never mix. */

import { fail, type Span } from '../../engine/base/errors.ts'
import { nearestName } from '../../engine/base/nearest-name.ts'
import { INTERVAL_MONTH, INTERVAL_SECOND } from '../../engine/batch/types.ts'
import type { Cursor } from './cursor.ts'
import { canonical, type Literal } from './number-literal.ts'
import { spanOf, type Token } from './token.ts'

const MONTHS: Readonly<Record<string, bigint>> = { YEAR: 12n, QUARTER: 3n, MONTH: 1n }
const MICROSECONDS: Readonly<Record<string, bigint>> = {
  WEEK: 604_800_000_000n,
  DAY: 86_400_000_000n,
  HOUR: 3_600_000_000n,
  MINUTE: 60_000_000n,
  SECOND: 1_000_000n,
  MILLISECOND: 1_000n,
  MICROSECOND: 1n,
}
const UNITS = [...Object.keys(MONTHS), ...Object.keys(MICROSECONDS)]
/** The fields of a range and what stands before each. */
const FIELDS = ['YEAR', 'MONTH', 'DAY', 'HOUR', 'MINUTE', 'SECOND']
const BEFORE: Readonly<Record<string, string>> = {
  MONTH: '-',
  HOUR: ' +',
  MINUTE: ':',
  SECOND: ':',
}
const FIELD_MAX: Readonly<Record<string, number>> = { MONTH: 11, HOUR: 23, MINUTE: 59, SECOND: 59 }

/** Whether an INTERVAL literal stands here; otherwise `interval` is a name. */
export function isInterval(cursor: Cursor): boolean {
  if (cursor.key !== 'INTERVAL') return false
  const next = cursor.peek()
  if (next.kind === 'string' || next.kind === 'number') return true
  if (next.kind === 'quoted') return unitOf(cursor.peek(2)) !== undefined
  if (next.key !== '-' && next.key !== '+') return false
  const amount = cursor.peek(2)
  return amount.kind === 'string' || (amount.kind === 'number' && cursor.peek(3).kind === 'word')
}

/** The literal here. SYNTAX if a unit is missing or the text does not fit it. */
export function interval(cursor: Cursor): Literal {
  const first = cursor.advance()
  const sign = cursor.accept('-') ? -1n : 1n
  if (sign === 1n) cursor.accept('+')
  const amount = cursor.token
  const text =
    amount.kind === 'number' ? cursor.advance().text : cursor.string('a number in quotes')
  const unit = readUnit(cursor, text)
  const to = cursor.accept('TO') ? readUnit(cursor, text) : undefined
  const at = cursor.spanFrom(first)
  const isMonths = MONTHS[unit] !== undefined
  const size = to === undefined ? single(text, unit, amount) : range(text, unit, to, amount, at)
  const value = sign * size
  if (BigInt.asIntN(isMonths ? 32 : 64, value) !== value) {
    fail('OUT_OF_RANGE', 'The interval is too long', { at })
  }
  const type = isMonths ? INTERVAL_MONTH : INTERVAL_SECOND
  return { kind: 'literal', type, value: canonical(value), at }
}

function unitOf(token: Token): string | undefined {
  const { key } = token
  return UNITS.find((unit) => key === unit || key === `${unit}S`)
}

function readUnit(cursor: Cursor, text: string): string {
  const unit = unitOf(cursor.token)
  if (unit === undefined) {
    const meant = cursor.token.kind === 'word' ? nearestName(cursor.key, UNITS) : undefined
    const [, count, word] = /^\s*([+-]?\d+)\s*([a-z]+?)s?\s*$/i.exec(text) ?? []
    const fix = unitOf({ ...cursor.token, key: (word ?? '').toUpperCase() })
    const hint =
      fix === undefined
        ? `For example INTERVAL '${count ?? 5}' MINUTE`
        : `Write INTERVAL '${count}' ${fix}`
    cursor.unexpected({
      what: 'a unit such as SECOND or DAY after the interval',
      near: meant === undefined ? [] : [meant],
      hint,
    })
  }
  cursor.advance()
  // A precision does not change the value.
  if (cursor.is('(') && cursor.peek().kind === 'number') {
    cursor.advance()
    cursor.integer('a precision')
    if (cursor.accept(',')) cursor.integer('a precision')
    cursor.expect(')')
  }
  return unit
}

/** `'5' SECOND`; seconds may have a fraction. */
function single(text: string, unit: string, at: Span): bigint {
  const match = /^\s*([+-]?)(\d{1,18})(?:\.(\d{1,6}))?\s*$/.exec(text)
  const [, sign, whole, fraction] = match ?? []
  if (whole === undefined || (fraction !== undefined && unit !== 'SECOND')) {
    fail('SYNTAX', `'${text}' is not a number of ${unit.toLowerCase()}s`, { at: spanOf(at) })
  }
  const size = BigInt(whole) * (MONTHS[unit] ?? MICROSECONDS[unit])
  const total = size + BigInt((fraction ?? '').padEnd(6, '0'))
  return sign === '-' ? -total : total
}

/** `'1 02:30:00' DAY TO SECOND`: one number for each field from `from` to `to`. */
function range(text: string, from: string, to: string, at: Span, all: Span): bigint {
  const fields = FIELDS.slice(FIELDS.indexOf(from), FIELDS.indexOf(to) + 1)
  const isMonths = MONTHS[from] !== undefined
  if (!FIELDS.includes(from) || fields.length < 2 || isMonths !== (MONTHS[to] !== undefined)) {
    fail('SYNTAX', `An interval cannot go from ${from} to ${to}`, {
      at: all,
      hint: 'Write YEAR TO MONTH, or DAY, HOUR or MINUTE TO a smaller unit down to SECOND',
    })
  }
  const parts = fields.map((field, i) => `${i === 0 ? '' : BEFORE[field]}(\\d{1,9})`).join('')
  const fraction = to === 'SECOND' ? '(?:\\.(\\d{1,6}))?' : ''
  const match = new RegExp(`^\\s*([+-]?)${parts}${fraction}\\s*$`).exec(text)
  const isOver = fields.some((field, i) => i > 0 && Number(match?.[i + 2]) > FIELD_MAX[field])
  if (match === null || isOver) {
    fail('SYNTAX', `'${text}' is not an interval from ${from} to ${to}`, {
      at: spanOf(at),
      hint: `For example INTERVAL ${isMonths ? "'1-6' YEAR TO MONTH" : "'1 02:30:00' DAY TO SECOND"}`,
    })
  }
  let size = BigInt((match[fields.length + 2] ?? '').padEnd(6, '0'))
  for (const [i, field] of fields.entries()) {
    size += BigInt(match[i + 2]) * (MONTHS[field] ?? MICROSECONDS[field])
  }
  return match[1] === '-' ? -size : size
}
