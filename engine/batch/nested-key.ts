/** Arrays, maps and rows as bytes that are equal exactly if the values are, so that they can be
 *  keys. -0 is 0, NaN is NaN, NULL is NULL, and the order of a map's entries means nothing. */

import { type DataType, storageOf } from './types.ts'
import { exactInteger, type Value } from './value.ts'

type Plain = null | boolean | number | string | readonly Plain[]

const encoder = new TextEncoder()
const decoder = new TextDecoder()

/** Whether values of the type are made of others. */
export const isNestedType = (type: DataType): boolean =>
  ['list', 'struct'].includes(storageOf(type))

/** The function that writes a non-NULL value of the type. */
export function nestedKey(type: DataType): (value: Value) => Uint8Array {
  const write = writer(type)
  return (value) => encoder.encode(JSON.stringify(write(value)))
}

/** The function that reads back what `nestedKey` has written; a map's entries come in the order of
 *  their keys' texts. */
export function nestedValue(
  type: DataType,
): (heap: Uint8Array, start: number, end: number) => Value {
  const read = reader(type)
  return (heap, start, end) => read(JSON.parse(decoder.decode(heap.slice(start, end))) as Plain)
}

/** Integers beyond doubles are written as their digits. */
function writer(type: DataType): (value: Value) => Plain {
  if (type.kind === 'array') return (value) => (value as readonly Value[]).map(orNull(type.element))
  if (type.kind === 'row') {
    const fields = type.fields.map((field) => orNull(field.type))
    return (value) => (value as readonly Value[]).map((part, i) => fields[i](part))
  }
  if (type.kind === 'map') {
    const [key, item] = [orNull(type.key), orNull(type.value)]
    return (value) =>
      (value as readonly (readonly Value[])[])
        .map(([k, v]) => [key(k), item(v)])
        .map((entry) => [JSON.stringify(entry[0]), entry] as const)
        .sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
        .map(([, entry]) => entry)
  }
  switch (storageOf(type)) {
    case 'f32':
    case 'f64':
      return (value) => (Number.isFinite(value) ? (value as number) + 0 : String(value))
    case 'bytes':
      return (value) =>
        typeof value === 'string' ? value : Buffer.from(value as Uint8Array).toString('base64')
    default:
      return (value) => (typeof value === 'bigint' ? String(value) : (value as Plain))
  }
}

function orNull(type: DataType): (value: Value) => Plain {
  const write = writer(type)
  return (value) => (value === null ? null : write(value))
}

function reader(type: DataType): (plain: Plain) => Value {
  if (type.kind === 'array') {
    const element = reader(type.element)
    return nullOr((plain) => (plain as readonly Plain[]).map(element))
  }
  if (type.kind === 'row') {
    const fields = type.fields.map((field) => reader(field.type))
    return nullOr((plain) => (plain as readonly Plain[]).map((part, i) => fields[i](part)))
  }
  if (type.kind === 'map') {
    const [key, item] = [reader(type.key), reader(type.value)]
    return nullOr((plain) =>
      (plain as readonly (readonly Plain[])[]).map(([k, v]) => [key(k), item(v)]),
    )
  }
  switch (storageOf(type)) {
    case 'f32':
    case 'f64':
      return nullOr((plain) => Number(plain))
    case 'bytes':
      return nullOr((plain) =>
        type.kind === 'bytes' ? new Uint8Array(Buffer.from(plain as string, 'base64')) : plain,
      )
    default:
      return nullOr((plain) => (typeof plain === 'string' ? exactInteger(BigInt(plain)) : plain))
  }
}

const nullOr =
  (read: (plain: Plain) => Value) =>
  (plain: Plain): Value =>
    plain === null ? null : read(plain)
