/** FIRST_VALUE and LAST_VALUE as aggregates: by arrival, or by an ORDER BY. */

import { storageOf } from '../../batch/types.ts'
import type { AggregateCode, AggregateForm, AggregateFunction } from './aggregate.ts'
import { emitItemAdd, emitItemMerge, ITEM_SLOTS, itemValue, noItems } from './item-code.ts'
import { type ItemList, itemOrder } from './item-list.ts'

type End = 'FIRST_VALUE' | 'LAST_VALUE'

const DOC =
  'that is not NULL; NULL if there is none. Without ORDER BY it goes by order of arrival, which can differ from run to run if the stream has several splits.'

function atEnd(name: End, doc: string): AggregateFunction {
  return {
    name,
    doc: `${doc} ${DOC}`,
    example: `${name}(origin ORDER BY ts)`,
    result: ([arg, ...more]) => (more.length === 0 ? arg : undefined),
    nullable: true,
    ignoresDistinct: true,
    ordered: true,
    overChanges: overChanges(name),
    slots: () => [
      { name: 'seen', kind: 'u8', initial: 0 },
      { name: 'item', kind: 'js', initial: 0 },
    ],
    add(add) {
      const { code, call, slot, args, values, order } = add
      const keys = order.map((key, k) => itemValue(code, key, call.orderBy![k].expr.type))
      if (keys.length > 0) {
        const item = [code.asValue(values[0], args[0]), ...keys].join(', ')
        emitTake(add, name, code.constant('item', `[${item}]`))
      } else if (name === 'LAST_VALUE') {
        code.line(`${slot('item')} = [${code.asValue(values[0], args[0])}]; ${slot('seen')} = 1`)
      } else {
        code.block(`if (${slot('seen')} === 0)`, () =>
          code.line(`${slot('item')} = [${code.asValue(values[0], args[0])}]; ${slot('seen')} = 1`),
        )
      }
    },
    merge(merge) {
      const { code, other } = merge
      code.block(`if (${other('seen')} === 1)`, () => emitTake(merge, name, other('item')))
    },
    value: (state) => ({
      form: storageOf(state.args[0]) === 'bytes' ? 'text' : 'scalar',
      value: `${state.slot('item')}[0]`,
      isNull: `${state.slot('seen')} === 0`,
    }),
  }
}

/** Emits the taking of an item that stands before (after) the one so far. */
function emitTake({ code, call, slot }: AggregateCode, name: End, item: string): void {
  const by = itemOrder(call.orderBy)
  const order = by === undefined ? '0' : `${code.bind(by, 'order')}(${item}, ${slot('item')})`
  const better = name === 'FIRST_VALUE' ? `${order} < 0` : `${order} >= 0`
  code.line(
    `if (${slot('seen')} === 0 || ${better}) { ${slot('item')} = ${item}; ${slot('seen')} = 1 }`,
  )
}

function overChanges(name: End): AggregateForm {
  const at = (list: ItemList) => list.items.at(name === 'FIRST_VALUE' ? 0 : -1)![0]
  return {
    slots: () => ITEM_SLOTS,
    add: emitItemAdd,
    merge: emitItemMerge,
    value: (state) => ({
      form: storageOf(state.args[0]) === 'bytes' ? 'text' : 'scalar',
      value: `${state.code.bind(at, 'valueAt')}(${state.slot('list')})`,
      isNull: noItems(state),
    }),
  }
}

export const firstValue = atEnd('FIRST_VALUE', 'The first value')
export const lastValue = atEnd('LAST_VALUE', 'The last value')
