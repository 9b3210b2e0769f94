/** How Avro writes the items of arrays and maps: in blocks, each with its count. */

import type { ByteCursor } from '../byte-cursor.ts'
import type { AvroType } from './schema.ts'

/** Reads or skips one value at the cursor. */
export type Read = (cursor: ByteCursor) => void

/** Calls `item` for each item of all blocks. `free`: an item has no bytes. */
export function readBlocks(cursor: ByteCursor, free: boolean, item: Read): void {
  for (let count = blockCount(cursor); count !== 0; count = blockCount(cursor)) {
    if (count < 0) {
      count = -count
      // The block's size in bytes, for those who want to skip it.
      cursor.varint()
    }
    cursor.expect(count, free)
    for (let n = 0; n < count; n++) item(cursor)
  }
}

/** Steps over all blocks. */
export function skipBlocks(cursor: ByteCursor, free: boolean, item: Read): void {
  for (let count = blockCount(cursor); count !== 0; count = blockCount(cursor)) {
    if (count < 0) {
      cursor.zigzag()
      cursor.skip(cursor.length())
    } else if (!free) {
      cursor.expect(count, false)
      for (let n = 0; n < count; n++) item(cursor)
    }
  }
}

function blockCount(cursor: ByteCursor): number | bigint {
  cursor.zigzag()
  return cursor.signed()
}

const known = new WeakMap<AvroType, boolean>()

/** Whether a value of the type takes no bytes. */
export function isFree(type: AvroType): boolean {
  if (type.kind === 'null') return true
  if (type.kind === 'fixed') return type.size === 0
  if (type.kind !== 'record') return false
  const found = known.get(type)
  if (found !== undefined) return found
  // A record in itself has no end; that is not none.
  known.set(type, false)
  const free = type.fields.every((field) => isFree(field.type))
  known.set(type, free)
  return free
}
