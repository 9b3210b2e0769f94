/** Where a binary decoder puts a column's values: a builder, and those of the column's parts, so
 *  that nested values go to their place without being made. */

import type { ColumnBuilder } from '../batch/building.ts'
import { columnBuilder } from '../batch/column-builder.ts'
import { ListBuilder, StructBuilder } from '../batch/nested-builder.ts'
import { type DataType, partsOf, storageOf } from '../batch/types.ts'
import { ViewBuilder, type ViewHeap } from './view-builder.ts'

export interface ColumnTarget {
  readonly builder: ColumnBuilder
  /** ARRAY: the elements. MAP: the keys and the values. ROW: one per field. */
  readonly parts: readonly ColumnTarget[]
}

/** Targets for a column of any type. */
export function columnTarget(type: DataType, heap: ViewHeap): ColumnTarget {
  const parts = partsOf(type).map((part) => columnTarget(part, heap))
  const children = parts.map(({ builder }) => builder)
  switch (storageOf(type)) {
    case 'bytes':
      return { builder: new ViewBuilder(type, heap), parts }
    case 'list':
      return { builder: new ListBuilder(type, children), parts }
    case 'struct':
      return { builder: new StructBuilder(type, children), parts }
    default:
      return { builder: columnBuilder(type), parts }
  }
}

/** Makes whole what a message broke off in, so that the column has `length` values: what is missing
 *  is NULL. */
export function settle({ builder, parts }: ColumnTarget, length = builder.length): void {
  for (const part of parts) settle(part)
  const filled = parts.reduce((most, part) => Math.max(most, part.builder.length), 0)
  if (builder instanceof ListBuilder) {
    for (const part of parts) settle(part, filled)
  } else if (builder instanceof StructBuilder && filled > builder.length) {
    for (const part of parts) settle(part, filled)
    builder.appendFilled()
  }
  if (builder.length < length) builder.appendNull()
}
