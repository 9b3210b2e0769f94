/** Numbers as text, both ways, in the form Flink (Java) prints and accepts. */

/** `1.0`, `1.5E10`, `NaN`, `Infinity`: shortest digits that give the same double back. */
export const formatDouble = (value: number): string => javaForm(value, String(value))

/** As `formatDouble`, with the shortest digits that give the same float back. */
export function formatFloat(value: number): string {
  for (let digits = 1; digits < 9; digits++) {
    const short = value.toPrecision(digits)
    if (Math.fround(Number(short)) === value) return javaForm(value, String(Number(short)))
  }
  return javaForm(value, value.toPrecision(9))
}

/** Java writes an exponent outside [10^-3, 10^7), and always a digit behind the point. */
function javaForm(value: number, shortest: string): string {
  if (!Number.isFinite(value)) return String(value)
  if (value === 0) return Object.is(value, -0) ? '-0.0' : '0.0'
  const size = Math.abs(value)
  const sign = value < 0 ? '-' : ''
  const { digits, exponent } = scientific(shortest)
  if (size >= 1e-3 && size < 1e7) {
    if (exponent < 0) return `${sign}0.${'0'.repeat(-exponent - 1)}${digits}`
    const whole = digits.slice(0, exponent + 1).padEnd(exponent + 1, '0')
    return `${sign}${whole}.${digits.slice(exponent + 1) || '0'}`
  }
  return `${sign}${digits[0]}.${digits.slice(1) || '0'}E${exponent}`
}

/** Significant digits without zeros around them, and the exponent of the first. */
function scientific(shortest: string): { digits: string; exponent: number } {
  const [mantissa, power = '0'] = shortest.replace(/^-/, '').split('e')
  const [whole, fraction = ''] = mantissa.split('.')
  const all = whole + fraction
  const leading = all.length - all.replace(/^0+/, '').length
  return {
    digits: all.slice(leading).replace(/0+$/, ''),
    exponent: Number(power) + whole.length - 1 - leading,
  }
}

const DOUBLE = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/
const NAMED = new Map([
  ['nan', Number.NaN],
  ['infinity', Number.POSITIVE_INFINITY],
  ['+infinity', Number.POSITIVE_INFINITY],
  ['-infinity', Number.NEGATIVE_INFINITY],
])

/** The double a text means; undefined if it is no number. Surrounding spaces are ignored. */
export function parseDouble(text: string): number | undefined {
  const trimmed = text.trim()
  if (DOUBLE.test(trimmed)) return Number(trimmed)
  return NAMED.get(trimmed.toLowerCase())
}

const INTEGER = /^([+-]?\d+)(?:\.\d*)?$/

/** The whole part of a decimal number's text; undefined if it is no such number. */
export function parseInteger(text: string): bigint | undefined {
  const match = INTEGER.exec(text.trim())
  if (match === null || match[1].length > 100) return undefined
  return BigInt(match[1].replace('+', ''))
}
