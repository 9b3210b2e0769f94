/** What generated code holds for an expression: JavaScript that is valid where it was emitted. */

import type { DataType } from '../batch/types.ts'

/** A value without its NULL test.
 *  scalar: boolean, number or i64 value by the type; of a nested type, its `Value`.
 *  slice: bytes heap[start, end) of a varchar, json or bytes value, not copied.
 *  text: a JS string (varchar, json) or a Uint8Array (bytes); `constant` is the value itself if it
 *  is known now. */
export type Piece =
  | { readonly form: 'scalar'; readonly value: string }
  | { readonly form: 'slice'; readonly heap: string; readonly start: string; readonly end: string }
  | { readonly form: 'text'; readonly value: string; readonly constant?: string | Uint8Array }

export type Slice = Extract<Piece, { form: 'slice' }>

/** `isNull` is 'false' when the value cannot be NULL. Where it is NULL, the value is some harmless
 *  value of the same JavaScript type (0, false, '', an empty slice); of a nested type, null. */
export type Emitted = Piece & { readonly isNull: string }

export const scalar = (value: string): Piece => ({ form: 'scalar', value })
export const text = (value: string): Piece => ({ form: 'text', value })

/** The NULL tests of several values as one. */
export function anyNull(values: readonly Emitted[]): string {
  const tests = [...new Set(values.map((value) => value.isNull))].filter((test) => test !== 'false')
  if (tests.includes('true')) return 'true'
  return tests.length === 0 ? 'false' : tests.join(' || ')
}

/** JavaScript for "the BOOLEAN is TRUE". */
export function isTrue(emitted: Emitted): string {
  if (emitted.form !== 'scalar' || emitted.isNull === 'true') return 'false'
  return emitted.isNull === 'false' ? emitted.value : `!(${emitted.isNull}) && ${emitted.value}`
}

/** Whether values of the type are held as slice or text. */
export const isByteLike = (type: DataType): boolean =>
  type.kind === 'varchar' || type.kind === 'json' || type.kind === 'bytes'

/** Whether values of the type are held as arrays. */
export const isNested = (type: DataType): boolean =>
  type.kind === 'array' || type.kind === 'map' || type.kind === 'row'

/** The harmless value of a type: what a NULL holds. */
export function harmless(type: DataType): string {
  if (type.kind === 'boolean') return 'false'
  if (isNested(type)) return 'null'
  return type.kind === 'varchar' || type.kind === 'json' ? "''" : '0'
}
