/** Builds one column value by value: chooses the builder for a type. `append` takes a `Value`; the
 *  concrete builders also have faster ways for callers that know what they bring. */

import type { ColumnBuilder } from './building.ts'
import { BytesBuilder } from './bytes-builder.ts'
import { BoolBuilder, Int64Builder, Int128Builder, NumberBuilder } from './fixed-builder.ts'
import { ListBuilder, StructBuilder } from './nested-builder.ts'
import { type DataType, partsOf, storageOf } from './types.ts'

/** A builder for any type that a column can have. */
export function columnBuilder(type: DataType): ColumnBuilder {
  switch (storageOf(type)) {
    case 'bool':
      return new BoolBuilder(type)
    case 'i64':
      return new Int64Builder(type)
    case 'i128':
      return new Int128Builder(type)
    case 'bytes':
      return new BytesBuilder(type)
    case 'list':
      return new ListBuilder(type, partsOf(type).map(columnBuilder))
    case 'struct':
      return new StructBuilder(type, partsOf(type).map(columnBuilder))
    default:
      return new NumberBuilder(type)
  }
}
