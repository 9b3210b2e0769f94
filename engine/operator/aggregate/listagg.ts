/** LISTAGG and STRING_AGG. */

import { fail } from '../../base/errors.ts'
import { VARCHAR } from '../../batch/types.ts'
import type { AggregateCall } from '../nodes.ts'
import type { AggregateFunction } from './aggregate.ts'
import { emitItemAdd, emitItemMerge, ITEM_SLOTS, noItems } from './item-code.ts'
import type { ItemList } from './item-list.ts'

export const listagg: AggregateFunction = {
  name: 'LISTAGG',
  doc: 'The texts that are not NULL, joined by a constant separator (a comma if none is given); NULL if there is none. Without ORDER BY they are in order of arrival, which can differ from run to run if the stream has several splits.',
  example: "LISTAGG(origin, ', ' ORDER BY origin)",
  result: ([text, separator, ...more]) =>
    text?.kind === 'varchar' &&
    (separator === undefined || separator.kind === 'varchar') &&
    more.length === 0
      ? VARCHAR
      : undefined,
  nullable: true,
  ordered: true,
  constantsFrom: 1,
  check(call) {
    if (call.args.length > 1 && separatorOf(call) === null) {
      fail('INVALID_ARGUMENT', `The separator of ${call.name} is NULL`, { at: call.args[1].at })
    }
  },
  slots: () => ITEM_SLOTS,
  add: emitItemAdd,
  merge: emitItemMerge,
  value(code) {
    const separator = separatorOf(code.call) as string
    const join = (list: ItemList) => list.items.map(([text]) => text).join(separator)
    const value = `${code.code.bind(join, 'join')}(${code.slot('list')})`
    return { form: 'text', value, isNull: noItems(code) }
  },
}

function separatorOf({ args }: AggregateCall) {
  const [, separator] = args
  return separator?.kind === 'literal' ? separator.value : ','
}

export const stringAgg: AggregateFunction = {
  ...listagg,
  name: 'STRING_AGG',
  doc: 'The same as LISTAGG.',
  example: "STRING_AGG(origin, ', ')",
}
