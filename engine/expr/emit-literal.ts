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
  // Only what is a number or a boolean for certain becomes text.
  const printable = typeof value === 'number' || typeof value === 'boolean'
  return { form: 'scalar', value: printable ? printScalar(value) : code.bind(value), isNull }
}

/** The constant as JavaScript, in parentheses when it has a sign. */
function printScalar(value: number | boolean): string {
  if (Object.is(value, -0)) return '(-0)'
  return Number(value) < 0 ? `(${value})` : `${value}`
}
