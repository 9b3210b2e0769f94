/** ORDER BY items. */

import type { OrderItem } from '../ast.ts'
import type { Cursor } from './cursor.ts'

/** `value [ASC | DESC] [NULLS FIRST | LAST], …`, behind ORDER BY. NULLs are the smallest values
 *  unless told: first ascending, last descending. */
export function orderItems(cursor: Cursor): OrderItem[] {
  return cursor.separated(() => {
    const value = cursor.rules.expression(cursor)
    const descending = cursor.accept('DESC')
    if (!descending) cursor.accept('ASC')
    if (cursor.accept('NULLS', 'FIRST')) return { value, descending, nullsFirst: true }
    if (cursor.accept('NULLS', 'LAST')) return { value, descending, nullsFirst: false }
    return { value, descending, nullsFirst: !descending }
  })
}
