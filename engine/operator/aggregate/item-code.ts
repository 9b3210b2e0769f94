/** Generated code around an `ItemList`: what ARRAY_AGG, LISTAGG, FIRST_VALUE and LAST_VALUE
 *  share. */

import { storageOf } from '../../batch/types.ts'
import type { Emitted } from '../../expr/emitted.ts'
import type { AddCode, AggregateCode, MergeCode, Slot } from './aggregate.ts'
import { addItem, itemOrder, mergeItems } from './item-list.ts'

export const ITEM_SLOTS: readonly Slot[] = [{ name: 'list', kind: 'js', initial: 0 }]

/** Whether values of a type have an order that SQL knows and a hash. */
export const isFlat = (type: Parameters<typeof storageOf>[0]): boolean =>
  !['list', 'struct'].includes(storageOf(type))

/** JavaScript for the emitted value as a `Value`, NULL included. */
export function itemValue(
  code: AddCode['code'],
  emitted: Emitted,
  type: AddCode['args'][number],
): string {
  if (emitted.isNull === 'true') return 'null'
  const value = code.asValue(emitted, type)
  return emitted.isNull === 'false' ? value : `(${emitted.isNull} ? null : ${value})`
}

/** Emits the adding of the first argument, with the keys of the call's ORDER BY. */
export function emitItemAdd(add: AddCode): void {
  const { code, call, args, values, order, slot, weight } = add
  const keys = order.map((key, k) => itemValue(code, key, call.orderBy![k].expr.type))
  const item = [itemValue(code, values[0], args[0]), ...keys].join(', ')
  const [take, by] = [code.bind(addItem, 'addItem'), code.bind(itemOrder(call.orderBy), 'order')]
  code.line(`${slot('list')} = ${take}(${slot('list')}, [${item}], ${weight}, ${by})`)
}

/** Emits the adding of another group's items behind those that are equal in order. */
export function emitItemMerge({ code, call, slot, other }: MergeCode): void {
  const [take, by] = [
    code.bind(mergeItems, 'mergeItems'),
    code.bind(itemOrder(call.orderBy), 'order'),
  ]
  code.line(`${slot('list')} = ${take}(${slot('list')}, ${other('list')}, ${by})`)
}

/** JavaScript for "the group has no item". */
export const noItems = ({ slot }: AggregateCode): string =>
  `(${slot('list')} === undefined || ${slot('list')}.items.length === 0)`
