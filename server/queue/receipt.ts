/** A receipt names one delivery of a record: opaque to clients. */

import { fail } from '../../engine/base/errors.ts'

export interface Receipt {
  readonly split: number
  readonly offset: number
  /** Which delivery of the record it was, from 1. */
  readonly delivery: number
}

export const receiptText = ({ split, offset, delivery }: Receipt): string =>
  `${split}-${offset}-${delivery}`

/** INVALID_ARGUMENT if the text is no receipt of a stream with so many splits. */
export function receiptOf(text: string, splitCount: number): Receipt {
  const parts = /^(\d{1,4})-(\d{1,16})-(\d{1,9})$/.exec(text)
  const [split, offset, delivery] = (parts?.slice(1) ?? [splitCount]).map(Number)
  if (split < splitCount && Number.isSafeInteger(offset)) return { split, offset, delivery }
  return fail('INVALID_ARGUMENT', `'${text.slice(0, 50)}' is no receipt of this stream`, {
    hint: 'Give back what a record came with as "receipt".',
  })
}
