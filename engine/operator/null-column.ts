/** Columns of NULLs. */

import { allocate, Column } from '../batch/column.ts'
import { type DataType, partsOf, storageOf } from '../batch/types.ts'

/** A column of `length` NULLs of any type. */
export function nullColumn(type: DataType, length: number): Column {
  const ranges = new Int32Array(length)
  const isStruct = storageOf(type) === 'struct'
  return new Column({
    type,
    length,
    values: allocate(type, length),
    validity: new Uint8Array((length + 7) >> 3),
    starts: ranges,
    ends: ranges,
    children: partsOf(type).map((part) => nullColumn(part, isStruct ? length : 0)),
  })
}
