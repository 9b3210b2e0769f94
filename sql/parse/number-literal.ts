/** Numbers as SQL types them: whole ones are INT, BIGINT or DECIMAL(n, 0) by size, `0.1` is an
 *  exact DECIMAL, `1e3` a DOUBLE. */

import { fail, type Span } from '../../engine/base/errors.ts'
import { BIGINT, DOUBLE, INT } from '../../engine/batch/types.ts'
import type { Expression } from '../ast.ts'
import { spanOf, type Token } from './token.ts'

export type Literal = Extract<Expression, { kind: 'literal' }>

const DIGITS_MAX = 38
const SAFE = 1n << 53n

/** An i64 value: a number in [-2^53, 2^53), else a bigint. */
export const canonical = (value: bigint): number | bigint =>
  value >= -SAFE && value < SAFE ? Number(value) : value

/** The literal of a number token. OUT_OF_RANGE for more than 38 digits, or beyond DOUBLE. */
export function numberLiteral(token: Token): Literal {
  const { text } = token
  const at = spanOf(token)
  if (/[eE]/.test(text)) {
    const value = Number(text)
    if (!Number.isFinite(value)) fail('OUT_OF_RANGE', `${text} is too large for DOUBLE`, { at })
    return { kind: 'literal', type: DOUBLE, value, at }
  }
  const [whole, fraction = ''] = text.split('.')
  if (whole.length + fraction.length > 2 * DIGITS_MAX) tooManyDigits(at)
  const value = BigInt(whole + fraction)
  if (!text.includes('.')) return wholeNumber(value, at)
  return decimal(value, fraction.length, at)
}

/** INT, BIGINT or DECIMAL(n, 0), whichever is the first that holds the value. */
function wholeNumber(value: bigint, at: Span): Literal {
  if (BigInt.asIntN(32, value) === value)
    return { kind: 'literal', type: INT, value: Number(value), at }
  if (BigInt.asIntN(64, value) === value) {
    return { kind: 'literal', type: BIGINT, value: canonical(value), at }
  }
  return decimal(value, 0, at)
}

function decimal(value: bigint, scale: number, at: Span): Literal {
  const digits = (value < 0n ? -value : value).toString()
  const precision = Math.max(value === 0n ? 0 : digits.length, scale, 1)
  if (precision > DIGITS_MAX) tooManyDigits(at)
  return {
    kind: 'literal',
    type: { kind: 'decimal', precision, scale },
    value: canonical(value),
    at,
  }
}

function tooManyDigits(at: Span): never {
  fail('OUT_OF_RANGE', `A number has at most ${DIGITS_MAX} digits`, {
    at,
    hint: 'Write it with an exponent (1e40) for a DOUBLE',
  })
}

/** A sign and a number as one literal, so that the smallest BIGINT can be written; undefined if the
 *  literal is not a number. */
export function withSign(sign: string, literal: Literal, at: Span): Literal | undefined {
  const { type, value } = literal
  const isMinus = sign === '-'
  if (type.kind === 'double') {
    return { ...literal, value: isMinus ? -(value as number) : value, at }
  }
  if (typeof value !== 'number' && typeof value !== 'bigint') return undefined
  const exact = isMinus ? -BigInt(value) : BigInt(value)
  if (type.kind === 'int' || type.kind === 'bigint') return wholeNumber(exact, at)
  if (type.kind !== 'decimal') return undefined
  return type.scale === 0 ? wholeNumber(exact, at) : decimal(exact, type.scale, at)
}
