/** Generated code for constants. Numbers and booleans are printed; everything else is bound. */

import type { LoopCode } from './codegen.ts'
import { type Emitted, harmless } from './emitted.ts'
import type { LiteralExpr } from './ir.ts'

export function emitLiteral({ value, type }: LiteralExpr, code: LoopCode): Emitted {
  if (value === null) {
    if (type.kind !== 'varchar' && type.kind !== 'json' && type.kind !== 'bytes') {
      return { form: 'scalar', value: harmless(type), isNull: 'true' }
    }
    return { ...code.bytesConstant(new Uint8Array(0)), isNull: 'true' }
  }
  const isNull = 'false'
  if (typeof value === 'string' || value instanceof Uint8Array) {
    return { form: 'text', value: code.bind(value), constant: value, isNull }
  }
  if (typeof value === 'number') return { form: 'scalar', value: printNumber(value, code), isNull }
  return {
    form: 'scalar',
    value: value === true || value === false ? `${value}` : code.bind(value),
    isNull,
  }
}

/** The number as JavaScript: parenthesised when negative, bound when it has no literal. */
function printNumber(value: number, code: LoopCode): string {
  if (!Number.isFinite(value) || Object.is(value, -0)) return code.bind(value)
  return value < 0 ? `(${value})` : `${value}`
}
