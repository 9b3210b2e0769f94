/** Changes in the form of our own results as messages, one `{"op":…,"row":{…}}` each. */

import type { Schema } from '../batch/schema.ts'
import { badRecord } from '../format/bad-record.ts'
import { CHANGE_WEIGHTS } from '../format/changelog-json.ts'
import type { DecodeOptions } from '../format/format.ts'
import {
  badMessage,
  type DecodedMessages,
  type MessageDecoder,
  type Messages,
} from '../format/messages.ts'
import { type BadChanges, type ChangeImages, ChangeRows, textIn } from './change-rows.ts'
import { type FoundRanges, JsonRanges } from './json-ranges.ts'

/** Rows that are taken back have weight -1. */
export class ChangelogMessages implements MessageDecoder {
  readonly #envelope = new JsonRanges({ required: ['op', 'row'], others: 'fail' })
  readonly #rows: ChangeRows

  constructor(schema: Schema, options: DecodeOptions) {
    this.#rows = new ChangeRows(schema, options)
  }

  decode(messages: Messages): DecodedMessages {
    const found = this.#envelope.find(messages)
    const bad: BadChanges = new Map(found.bad.map((one) => [one.index, one]))
    const { batch, rows } = this.#rows.decode(imagesOf(found, bad), bad)
    return { batch, rows, bad: [...bad.values()].sort((a, b) => a.index - b.index) }
  }
}

function imagesOf({ bytes, fields }: FoundRanges, bad: BadChanges): ChangeImages {
  const { op, row } = fields
  const before = new Int32Array(op.starts.length).fill(-1)
  const after = new Int32Array(op.starts.length).fill(-1)
  for (let i = 0; i < op.starts.length; i++) {
    if (bad.has(i)) continue
    const name = textIn(bytes, op.starts[i], op.ends[i])
    try {
      if (!Object.hasOwn(CHANGE_WEIGHTS, name)) {
        const known = Object.keys(CHANGE_WEIGHTS).join(', ')
        badRecord({ index: 0, reason: `"op" is ${known}; found ${name}` })
      }
      if (row.starts[i] < 0) badRecord({ index: 0, reason: 'the change has no "row"' })
      const images = CHANGE_WEIGHTS[name] > 0 ? after : before
      images[i] = row.starts[i]
    } catch (error) {
      bad.set(i, badMessage(i, error))
    }
  }
  return {
    before: { bytes, starts: before, ends: row.ends },
    after: { bytes, starts: after, ends: row.ends },
  }
}
