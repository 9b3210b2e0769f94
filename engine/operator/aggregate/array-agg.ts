/** ARRAY_AGG. */

import type { AggregateFunction } from './aggregate.ts'
import { emitItemAdd, emitItemMerge, ITEM_SLOTS, noItems } from './item-code.ts'
import type { ItemList } from './item-list.ts'

export const arrayAgg: AggregateFunction = {
  name: 'ARRAY_AGG',
  doc: 'The values as an array, NULLs included; NULL over no rows. Without ORDER BY they are in order of arrival, which can differ from run to run if the stream has several splits.',
  example: 'ARRAY_AGG(origin ORDER BY delay DESC)',
  result: ([arg, ...more]) =>
    arg !== undefined && more.length === 0 ? { kind: 'array', element: arg } : undefined,
  nullable: true,
  takesNulls: true,
  ordered: true,
  slots: () => ITEM_SLOTS,
  add: emitItemAdd,
  merge: emitItemMerge,
  value(code) {
    const read = code.code.bind(valuesOf, 'valuesOf')
    return { form: 'scalar', value: `${read}(${code.slot('list')})`, isNull: noItems(code) }
  },
}

const valuesOf = (list: ItemList) => list.items.map(([value]) => value)
