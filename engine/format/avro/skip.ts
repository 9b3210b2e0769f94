/** Steps over Avro values that no column wants, by their form alone. */

import { fail } from '../../base/errors.ts'
import type { ByteCursor } from '../byte-cursor.ts'
import { isFree, type Read, skipBlocks } from './blocks.ts'
import type { AvroType } from './schema.ts'

const long: Read = (cursor) => cursor.varint()
const bytes: Read = (cursor) => {
  cursor.zigzag()
  cursor.skip(cursor.length())
}
const sized =
  (count: number): Read =>
  (cursor) => {
    cursor.skip(count)
  }

/** What steps over a value of the type. `known`: of the records that it is in, which may be in
 *  themselves. */
export function avroSkip(type: AvroType, known = new Map<AvroType, Read>()): Read {
  if (isFree(type)) return () => {}
  switch (type.kind) {
    case 'int':
    case 'long':
    case 'enum':
      return long
    case 'boolean':
      return sized(1)
    case 'float':
      return sized(4)
    case 'double':
      return sized(8)
    case 'fixed':
      return sized(type.size)
    case 'array':
      return skipItems(type.items, avroSkip(type.items, known))
    case 'map': {
      const value = avroSkip(type.values, known)
      return (cursor) =>
        skipBlocks(cursor, false, (at) => {
          bytes(at)
          value(at)
        })
    }
    case 'union': {
      const branches = type.branches.map((branch) => avroSkip(branch, known))
      return (cursor) => branchAt(cursor, branches)(cursor)
    }
    case 'record':
      return (
        known.get(type) ??
        skipRecord(
          type.fields.map((field) => field.type),
          type,
          known,
        )
      )
    default:
      return bytes
  }
}

function skipItems(items: AvroType, item: Read): Read {
  const free = isFree(items)
  return (cursor) => skipBlocks(cursor, free, item)
}

function skipRecord(fields: readonly AvroType[], type: AvroType, known: Map<AvroType, Read>): Read {
  const steps: Read[] = []
  const skip: Read = (cursor) => {
    for (const step of steps) step(cursor)
  }
  known.set(type, skip)
  for (const field of fields) steps.push(avroSkip(field, known))
  return skip
}

/** The branch of a union that the cursor is at. INVALID_VALUE if there is no such branch. */
export function branchAt<T>(cursor: ByteCursor, branches: readonly T[]): T {
  cursor.zigzag()
  const { low, high } = cursor
  return high === 0 && low >= 0 && low < branches.length
    ? branches[low]
    : fail('INVALID_VALUE', 'the union has no such branch')
}
