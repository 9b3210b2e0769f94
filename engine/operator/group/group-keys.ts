/** Group keys in generated code: from an expression's value to array elements of a `GroupTable`,
 *  and back to an output column's value. Equal keys have equal elements: -0 is 0, NaN is one NaN,
 *  NULL is its bit and zeros. */

import { fail } from '../../base/errors.ts'
import { isNestedType, nestedKey, nestedValue } from '../../batch/nested-key.ts'
import { type DataType, storageOf } from '../../batch/types.ts'
import { exactInteger, integerOfLanes } from '../../batch/value.ts'
import type { LoopCode } from '../../expr/codegen.ts'
import type { Emitted } from '../../expr/emitted.ts'
import type { Expr } from '../../expr/ir.ts'
import type { ArrayKind } from '../../state/group-table.ts'

type KeyForm = 'int' | 'float' | 'lanes' | 'wide' | 'text'

const ARRAYS: Record<KeyForm, readonly ArrayKind[]> = {
  int: ['i32'],
  float: ['f64'],
  lanes: ['i32', 'i32'],
  wide: ['i32', 'i32', 'i32', 'i32'],
  text: ['i32', 'i32'],
}

function formOf(type: DataType): KeyForm {
  switch (storageOf(type)) {
    case 'bool':
    case 'i8':
    case 'i16':
    case 'i32':
      return 'int'
    case 'f32':
    case 'f64':
      return 'float'
    case 'i64':
      return 'lanes'
    case 'i128':
      return 'wide'
    // Nested values are written as bytes.
    case 'bytes':
    case 'list':
    case 'struct':
      return 'text'
  }
}

/** The arrays that a key of this type takes in the table. */
export const keyArrays = (type: DataType): readonly ArrayKind[] => ARRAYS[formOf(type)]

/** Whether the key's first two arrays are (start, end) into the table's heap. */
export const isTextKey = (type: DataType): boolean => formOf(type) === 'text'

/** A key computed for the current row: the local variables that hold its elements. */
export interface KeyLocals {
  readonly form: KeyForm
  /** One variable per array of the key; text: heap, start, end of the row's bytes. */
  readonly parts: readonly string[]
  readonly isNull: string
}

/** Emits a key's value for the current row as locals, mixed into the variable `hash`. */
export function emitKey(code: LoopCode, expr: Expr, hash: string): KeyLocals {
  const emitted = code.emit(expr)
  const form = formOf(expr.type)
  const parts = partsOf(code, expr.type, form, emitted)
  if (form === 'text') emitTextHash(code, parts, hash)
  else if (form === 'float') emitFloatHash(code, parts[0], hash)
  else for (const part of parts) code.line(`${hash} = Math.imul(${hash} ^ ${part}, 0x9e3779b1)`)
  // Between keys: the low bits decide the slot, so bring the high ones down.
  code.line(`${hash} ^= ${hash} >>> 15`)
  return { form, parts, isNull: emitted.isNull }
}

/** The key of group `f` of another table, whose arrays are `b0`, `b1`, … and whose heap is
 *  `fromHeap`. `first` is the position of the key's first array. */
export function heldKey(type: DataType, first: number): KeyLocals {
  const form = formOf(type)
  const elements = ARRAYS[form].map((_, i) => `b${first + i}[f]`)
  // Its NULL bit is in `nullBits` already.
  return { form, parts: form === 'text' ? ['fromHeap', ...elements] : elements, isNull: 'false' }
}

function partsOf(code: LoopCode, type: DataType, form: KeyForm, emitted: Emitted): string[] {
  if (form !== 'text') return numberParts(code, form, emitted)
  return isNestedType(type) ? nestedParts(code, type, emitted) : textParts(code, emitted)
}

function nestedParts(code: LoopCode, type: DataType, emitted: Emitted): string[] {
  const [heap, start, end] = [code.name('heap'), code.name('start'), code.name('end')]
  const encode = code.bind(nestedKey(type), 'nestedKey')
  const value = code.asValue(emitted, type)
  const bytes = `${encode}(${value})`
  const { isNull } = emitted
  const known =
    isNull === 'false' ? bytes : `(${isNull}) ? ${code.bind(NO_BYTES, 'none')} : ${bytes}`
  code.line(`const ${heap} = ${known}, ${start} = 0, ${end} = ${heap}.length`)
  return [heap, start, end]
}

function numberParts(code: LoopCode, form: KeyForm, emitted: Emitted): string[] {
  const value = emitted.form === 'scalar' ? emitted.value : fail('INTERNAL', 'a scalar key')
  const { isNull } = emitted
  const orZero = (text: string) => (isNull === 'false' ? text : `(${isNull}) ? 0 : ${text}`)
  const names = ARRAYS[form].map(() => code.name('key'))
  if (form === 'int') code.line(`const ${names[0]} = ${orZero(`+${value} | 0`)}`)
  else if (form === 'float') {
    code.line(`let ${names[0]} = ${orZero(`+${value}`)}`)
    code.line(
      `if (${names[0]} === 0) ${names[0]} = 0; else if (${names[0]} !== ${names[0]}) ${names[0]} = NaN`,
    )
  } else if (form === 'lanes') {
    const [low, high] = names
    const slow = code.bind(highLane, 'highLane')
    const slowLow = code.bind(lowLane, 'lowLane')
    code.line(`let ${low} = 0, ${high} = 0`)
    code.block(isNull === 'false' ? '' : `if (!(${isNull}))`, () => {
      code.block(`if (typeof ${value} === 'number')`, () => {
        code.line(`${low} = ${value} | 0; ${high} = Math.floor(${value} / 4294967296) | 0`)
      })
      code.block('else', () =>
        code.line(`${low} = ${slowLow}(${value}); ${high} = ${slow}(${value})`),
      )
    })
  } else {
    const lanes = code.bind(fourLanes, 'fourLanes')
    code.line(`const [${names.join(', ')}] = ${lanes}(${orZero(value)})`)
  }
  return names
}

function textParts(code: LoopCode, emitted: Emitted): string[] {
  const { isNull } = emitted
  const [heap, start, end] = [code.name('heap'), code.name('start'), code.name('end')]
  if (emitted.form === 'slice') {
    code.line(`const ${heap} = ${emitted.heap}`)
    code.line(
      `const ${start} = ${isNull === 'false' ? emitted.start : `(${isNull}) ? 0 : ${emitted.start}`}`,
    )
    code.line(
      `const ${end} = ${isNull === 'false' ? emitted.end : `(${isNull}) ? 0 : ${emitted.end}`}`,
    )
    return [heap, start, end]
  }
  const encode = code.bind(encodeKey, 'encodeKey')
  const value = isNull === 'false' ? emitted.value : `(${isNull}) ? '' : ${emitted.value}`
  code.line(`const ${heap} = ${encode}(${value}), ${start} = 0, ${end} = ${heap}.length`)
  return [heap, start, end]
}

function emitTextHash(code: LoopCode, [heap, start, end]: readonly string[], hash: string): void {
  const at = code.name('at')
  code.line(`${hash} = Math.imul(${hash} ^ (${end} - ${start}), 0x9e3779b1)`)
  code.block(`for (let ${at} = ${start}; ${at} < ${end}; ${at}++)`, () =>
    code.line(`${hash} = Math.imul(${hash} ^ ${heap}[${at}], 0x01000193)`),
  )
}

function emitFloatHash(code: LoopCode, value: string, hash: string): void {
  const doubles = code.bind(DOUBLE, 'double')
  const words = code.bind(WORDS, 'words')
  code.line(`${doubles}[0] = ${value}`)
  code.line(`${hash} = Math.imul(${hash} ^ ${words}[0], 0x9e3779b1)`)
  code.line(`${hash} = Math.imul(${hash} ^ ${words}[1], 0x85ebca6b)`)
}

/** Whether group `g` has this key: a condition over the table's arrays (`arrays[0]` and on). */
export function keyEquals(
  code: LoopCode,
  { form, parts }: KeyLocals,
  arrays: readonly string[],
  tableHeap: string,
): string {
  if (form === 'float') {
    const stored = `${arrays[0]}[g]`
    return `(${stored} === ${parts[0]} || (${stored} !== ${stored} && ${parts[0]} !== ${parts[0]}))`
  }
  if (form !== 'text') return parts.map((part, i) => `${arrays[i]}[g] === ${part}`).join(' && ')
  const [heap, start, end] = parts
  const equal = code.bind(equalBytes, 'equalBytes')
  return (
    `${arrays[1]}[g] - ${arrays[0]}[g] === ${end} - ${start} && ` +
    `${equal}(${tableHeap}, ${arrays[0]}[g], ${heap}, ${start}, ${end})`
  )
}

/** Emits the storing of this key as group `g`. `table` is the GroupTable; `tableHeap` its heap. */
export function emitKeyStore(
  code: LoopCode,
  { form, parts }: KeyLocals,
  arrays: readonly string[],
  table: string,
  tableHeap: string,
): void {
  if (form !== 'text') {
    parts.forEach((part, i) => {
      code.line(`${arrays[i]}[g] = ${part}`)
    })
    return
  }
  const [heap, start, end] = parts
  const size = code.name('size')
  code.line(`const ${size} = ${end} - ${start}`)
  code.block(`if (${table}.heapSize + ${size} > ${tableHeap}.length)`, () =>
    code.line(`${table}.growHeap(${size}); ${tableHeap} = ${table}.heap`),
  )
  const copy = code.bind(copyBytes, 'copyBytes')
  code.line(`${copy}(${heap}, ${start}, ${end}, ${tableHeap}, ${table}.heapSize)`)
  code.line(`${arrays[0]}[g] = ${table}.heapSize`)
  code.line(`${table}.heapSize += ${size}`)
  code.line(`${arrays[1]}[g] = ${table}.heapSize`)
}

/** The key of group `g` as an output value. `bit` is the key's number, for its NULL bit. */
export function storedKey(
  code: LoopCode,
  type: DataType,
  arrays: readonly string[],
  tableHeap: string,
  bit: number,
): Emitted {
  const isNull = `(nulls[g] & ${1 << bit}) !== 0`
  switch (formOf(type)) {
    case 'int':
      return { form: 'scalar', value: intValue(type, `${arrays[0]}[g]`), isNull }
    case 'float':
      return { form: 'scalar', value: `${arrays[0]}[g]`, isNull }
    case 'lanes': {
      const join = code.bind(integerOfLanes, 'joinLanes')
      return { form: 'scalar', value: `${join}(${arrays[0]}[g], ${arrays[1]}[g])`, isNull }
    }
    case 'wide': {
      const join = code.bind(joinFour, 'joinFour')
      const lanes = arrays.slice(0, 4).map((array) => `${array}[g]`)
      return { form: 'scalar', value: `${join}(${lanes.join(', ')})`, isNull }
    }
    case 'text':
      if (isNestedType(type)) return storedNested(code, type, arrays, tableHeap, isNull)
      return {
        form: 'slice',
        heap: tableHeap,
        start: `${arrays[0]}[g]`,
        end: `${arrays[1]}[g]`,
        isNull,
      }
  }
}

/** Read only where it is not NULL. */
function storedNested(
  code: LoopCode,
  type: DataType,
  arrays: readonly string[],
  tableHeap: string,
  isNull: string,
): Emitted {
  const read = code.bind(nestedValue(type), 'nestedValue')
  const value = `${read}(${tableHeap}, ${arrays[0]}[g], ${arrays[1]}[g])`
  return { form: 'scalar', value: `((${isNull}) ? null : ${value})`, isNull }
}

const NO_BYTES = new Uint8Array(0)

const intValue = (type: DataType, element: string): string =>
  type.kind === 'boolean' ? `${element} === 1` : element

const DOUBLE = new Float64Array(1)
const WORDS = new Int32Array(DOUBLE.buffer)
const encoder = new TextEncoder()

const encodeKey = (value: string | Uint8Array): Uint8Array =>
  typeof value === 'string' ? encoder.encode(value) : value

const lowLane = (value: bigint): number => Number(BigInt.asIntN(32, value))
const highLane = (value: bigint): number => Number(BigInt.asIntN(32, value >> 32n))

function fourLanes(value: number | bigint): number[] {
  const wide = BigInt(value)
  return [0n, 32n, 64n, 96n].map((shift) => Number(BigInt.asIntN(32, wide >> shift)))
}

function joinFour(a: number, b: number, c: number, d: number): number | bigint {
  const high = (BigInt(d) << 32n) + BigInt(c >>> 0)
  return exactInteger((high << 64n) + (BigInt(b >>> 0) << 32n) + BigInt(a >>> 0))
}

function equalBytes(
  a: Uint8Array,
  aStart: number,
  b: Uint8Array,
  bStart: number,
  bEnd: number,
): boolean {
  for (let i = bStart, j = aStart; i < bEnd; i++, j++) if (a[j] !== b[i]) return false
  return true
}

function copyBytes(from: Uint8Array, start: number, end: number, to: Uint8Array, at: number): void {
  for (let i = start, j = at; i < end; i++, j++) to[j] = from[i]
}
