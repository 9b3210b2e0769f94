/** Generated code can pass columns of nested types on, but not compute with them. */

import { fail } from '../base/errors.ts'
import { type DataType, storageOf, typeName } from '../batch/types.ts'

/** UNSUPPORTED if the type is nested; `what` names what is of it. */
export function refuseNested(type: DataType, what: string): void {
  const storage = storageOf(type)
  if (storage !== 'list' && storage !== 'struct') return
  fail('UNSUPPORTED', `${what} of type ${typeName(type)} cannot be computed with yet`, {
    hint: 'Columns of nested types can be selected as they are.',
  })
}
