/** Decimals as text and back. A decimal is a scaled integer: 1.50 with scale 2 is 150. */

/** `1.50`, `-0.05`, `7` (scale 0). */
export function formatDecimal(unscaled: number | bigint, scale: number): string {
  const text = String(unscaled)
  if (scale === 0) return text
  const sign = text.startsWith('-') ? '-' : ''
  const digits = text.slice(sign.length).padStart(scale + 1, '0')
  return `${sign}${digits.slice(0, -scale)}.${digits.slice(-scale)}`
}

const DIGITS_MAX = 400

const DECIMAL = /^([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d{1,4}))?$/

/** The scaled integer of `1.5`, `-.5`, `15e-1`, rounded half away from zero to `scale` digits;
 *  undefined if the text is not a number, or has more than 400 digits in any place. */
export function parseDecimal(text: string, scale: number): bigint | undefined {
  const match = DECIMAL.exec(text)
  if (match === null) return undefined
  const [, sign, whole, fraction = '', exponent = '0'] = match
  if (whole === '' && fraction === '') return undefined
  const digits = whole + fraction
  // How many digits stand right of the wanted last one; negative: zeros to append.
  const excess = fraction.length - Number(exponent) - scale
  if (digits.length > DIGITS_MAX || Math.abs(excess) > DIGITS_MAX) return undefined
  const unscaled = excess <= 0 ? BigInt(digits + '0'.repeat(-excess)) : rounded(digits, excess)
  return sign === '-' ? -unscaled : unscaled
}

function rounded(digits: string, excess: number): bigint {
  const kept = digits.length - excess
  if (kept < 0) return 0n
  const up = digits.charCodeAt(kept) >= 53 ? 1n : 0n
  return BigInt(digits.slice(0, kept) || '0') + up
}
