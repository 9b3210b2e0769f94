/** The fields of PRINTF: the part of Java's format language that SQL's users reach for. */

import type { Span } from '../../base/errors.ts'
import { type DataType, isFloating, isInteger, isNumeric } from '../../batch/types.ts'
import type { Value } from '../ir.ts'
import { limitText } from '../text-limit.ts'

export interface PrintfValue {
  readonly value: Value
  /** As CAST prints it. */
  readonly text: string
  readonly type: DataType
}

const FIELD = /%([-0+, ]*)(\d{0,9})(?:\.(\d{1,3}))?([a-zA-Z%])/g
const DIGITS_MAX = 100

/** The text; null if a field is unknown, has no value, or does not fit its value's type.
 *  OUT_OF_RANGE if it becomes too long. */
export function printf(
  format: string,
  values: readonly PrintfValue[],
  at: Span | undefined,
): string | null {
  let made = ''
  let from = 0
  let next = 0
  for (const field of format.matchAll(FIELD)) {
    made += format.slice(from, field.index)
    from = field.index + field[0].length
    const [, flags, width, digits, letter] = field
    if (letter === '%' || letter === 'n') {
      made += letter === '%' ? '%' : '\n'
      continue
    }
    const value = values[next++]
    const shown = value && spelled(letter, value, digits === undefined ? undefined : Number(digits))
    if (shown === undefined) return null
    limitText(made.length + Number(width), at)
    made += padded(withFlags(shown, flags, 'dfe'.includes(letter)), flags, Number(width))
  }
  const rest = format.slice(from)
  return rest.includes('%') ? null : made + rest
}

function spelled(letter: string, { value, text, type }: PrintfValue, digits: number | undefined) {
  if (letter === 's' || letter === 'S') {
    const cut = digits === undefined ? text : Array.from(text).slice(0, digits).join('')
    return letter === 'S' ? cut.toUpperCase() : cut
  }
  if (letter === 'd') return isInteger(type) ? String(value) : undefined
  if (letter === 'x' || letter === 'X') {
    if (!isInteger(type)) return undefined
    const hex = BigInt.asUintN(64, BigInt(value as number)).toString(16)
    return letter === 'X' ? hex.toUpperCase() : hex
  }
  if ((letter !== 'f' && letter !== 'e') || !isNumeric(type)) return undefined
  const number = isFloating(type) ? (value as number) : Number(text)
  const count = Math.min(digits ?? 6, DIGITS_MAX)
  if (letter === 'f') return number.toFixed(count)
  return number.toExponential(count).replace(/e([+-])(\d)$/, 'e$10$2')
}

function withFlags(shown: string, flags: string, isNumber: boolean): string {
  if (!isNumber) return shown
  const grouped = flags.includes(',')
    ? shown.replace(/^-?\d+/, (whole) => whole.replace(/\d(?=(?:\d{3})+$)/g, '$&,'))
    : shown
  if (grouped.startsWith('-')) return grouped
  return flags.includes('+') ? `+${grouped}` : flags.includes(' ') ? ` ${grouped}` : grouped
}

function padded(shown: string, flags: string, width: number): string {
  if (flags.includes('-')) return shown.padEnd(width)
  if (!flags.includes('0')) return shown.padStart(width)
  const [sign] = /^[-+ ]?/.exec(shown) ?? ['']
  return sign + shown.slice(sign.length).padStart(width - sign.length, '0')
}
