/** Equality and order of values of any type, for nested types and for functions on elements: NULL
 *  is the same as NULL, NaN as NaN, -0 as 0, and maps do not care for their entries' order. */

import { type DataType, partsOf } from '../batch/types.ts'
import { compareValues } from '../batch/value-order.ts'
import type { Value } from './ir.ts'

type Compare = (a: Value, b: Value) => number

/** The order of values of the type; NULL is last. */
export function totalOrder(type: DataType): Compare {
  const order = presentOrder(type)
  return (a, b) => {
    if (a === null || b === null) return a === b ? 0 : a === null ? 1 : -1
    return order(a, b)
  }
}

function presentOrder(type: DataType): Compare {
  const orders = partsOf(type).map(totalOrder)
  if (orders.length === 0) return compareValues as Compare
  if (type.kind === 'array') return listOrder((_) => orders[0])
  if (type.kind === 'row') return listOrder((i) => orders[i])
  const [key, value] = orders
  const entry: Compare = (a, b) => {
    const [x, y] = [a as readonly Value[], b as readonly Value[]]
    return key(x[0], y[0]) || value(x[1], y[1])
  }
  const list = listOrder(() => entry)
  const sorted = (map: Value) => (map as readonly Value[]).toSorted(entry)
  return (a, b) => list(sorted(a), sorted(b))
}

function listOrder(orderOf: (index: number) => Compare): Compare {
  return (a, b) => {
    const [x, y] = [a as readonly Value[], b as readonly Value[]]
    for (let i = 0; i < Math.min(x.length, y.length); i++) {
      const order = orderOf(i)(x[i], y[i])
      if (order !== 0) return order
    }
    return x.length - y.length
  }
}

/** Values as keys of a Map or Set: the same key for the same value. */
export function identityOf(type: DataType): (value: Value) => unknown {
  if (type.kind === 'bytes') {
    return (value) => value && Buffer.from(value as Uint8Array).toString('latin1')
  }
  if (partsOf(type).length === 0) return (value) => (Object.is(value, -0) ? 0 : value)
  return (value) => value && spelled(value, type)
}

/** A text that two values share only if they are the same. */
function spelled(value: Value, type: DataType): string {
  if (value === null) return '~'
  if (value instanceof Uint8Array) return `b${Buffer.from(value).toString('hex')}`
  if (typeof value === 'string') return JSON.stringify(value)
  if (!Array.isArray(value)) return Object.is(value, -0) ? '0' : String(value)
  const parts = partsOf(type)
  const list = value as readonly Value[]
  if (type.kind === 'array') return `[${list.map((item) => spelled(item, parts[0])).join(',')}]`
  if (type.kind === 'row') return `(${list.map((item, i) => spelled(item, parts[i])).join(',')})`
  const entries = (list as readonly (readonly Value[])[]).map(
    ([key, item]) => `${spelled(key, parts[0])}=${spelled(item, parts[1])}`,
  )
  return `{${entries.sort().join(',')}}`
}
