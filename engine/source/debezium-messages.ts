/** Debezium's events as changes: `before` is taken back, `after` is put. Without a key an update is
 *  two rows and has to bring both; with one the new row is enough, and all rows may go at once. */

import { asSqlError } from '../base/errors.ts'
import type { Schema } from '../batch/schema.ts'
import { badRecord } from '../format/bad-record.ts'
import type { DecodeOptions } from '../format/format.ts'
import {
  badMessage,
  type DecodedMessages,
  type MessageDecoder,
  type Messages,
} from '../format/messages.ts'
import { type BadChanges, type ChangeImages, ChangeRows, textIn } from './change-rows.ts'
import { debeziumMetadata } from './debezium-metadata.ts'
import { type FoundRanges, JsonRanges } from './json-ranges.ts'

export interface DebeziumOptions extends DecodeOptions {
  /** Events are in a `payload`, beside their `schema`. */
  readonly schemaInclude: boolean
  /** What the table asks for: keys of `DEBEZIUM_METADATA`. */
  readonly metadata: readonly string[]
}

export class DebeziumMessages implements MessageDecoder {
  readonly #options: DebeziumOptions
  readonly #wrapper: JsonRanges | undefined
  readonly #envelope = new JsonRanges({
    ...{ required: ['op'], optional: ['before', 'after', 'source', 'ts_ms'] },
  })
  readonly #rows: ChangeRows

  constructor(schema: Schema, options: DebeziumOptions) {
    this.#options = options
    if (options.schemaInclude) {
      this.#wrapper = new JsonRanges({ required: ['payload'], optional: ['schema'] })
    }
    this.#rows = new ChangeRows(schema, options)
  }

  decode(messages: Messages): DecodedMessages {
    const { bytes, ends } = messages
    // What follows a deletion for the sake of compacted topics has no value, or an empty one.
    const starts = messages.starts.map((start, i) => (start === ends[i] ? -1 : start))
    const wrapped = this.#wrapper?.find({ bytes, starts, ends })
    const events: Messages = wrapped
      ? { bytes: wrapped.bytes, ...wrapped.fields.payload }
      : { bytes, starts, ends }
    const found = this.#envelope.find(events)
    const bad: BadChanges = new Map(
      [...(wrapped?.bad ?? []), ...found.bad].map((one) => [one.index, one]),
    )
    const { key, metadata: keys } = this.#options
    const images = imagesOf(found, events.starts, { bad, isKeyed: key !== undefined })
    const { batch, rows } = this.#rows.decode(images, bad)
    const about = keys.length > 0 ? { keys, found, wrapped, rows } : undefined
    return {
      ...{ batch, rows, bad: [...bad.values()].sort((a, b) => a.index - b.index) },
      metadata: about && debeziumMetadata(about),
    }
  }
}

/** Which images are rows that go, and which are rows that come. Events without what their operation
 *  needs are noted as bad. */
function imagesOf(
  { bytes, fields }: FoundRanges,
  events: Int32Array,
  { bad, isKeyed }: { bad: BadChanges; isKeyed: boolean },
): ChangeImages {
  const { op, before, after } = fields
  const none = () => new Int32Array(events.length).fill(-1)
  const wanted = { before: none(), after: none() }
  const emptied = new Set<number>()
  for (let i = 0; i < events.length; i++) {
    if (events[i] < 0 || bad.has(i)) continue
    const name = textIn(bytes, op.starts[i], op.ends[i])
    const isUpdate = name === 'u'
    const isDelete = name === 'd'
    if (name === 't' && isKeyed) {
      emptied.add(i)
      continue
    }
    try {
      if (!isUpdate && !isDelete && name !== 'c' && name !== 'r') refuseOperation(name)
      const hasBefore = before.starts[i] >= 0
      if (isDelete || isUpdate) {
        if (!hasBefore && (isDelete || !isKeyed)) refuseBefore(isDelete, isKeyed)
        wanted.before[i] = before.starts[i]
      }
      if (!isDelete) {
        if (after.starts[i] < 0)
          badRecord({ index: 0, reason: `"op" is "${name}" and "after" is null` })
        wanted.after[i] = after.starts[i]
      }
    } catch (error) {
      bad.set(i, badMessage(i, asSqlError(error)))
    }
  }
  return {
    before: { bytes, starts: wanted.before, ends: before.ends },
    after: { bytes, starts: wanted.after, ends: after.ends },
    emptied,
  }
}

function refuseOperation(name: string): never {
  const reason =
    name === 't'
      ? '"op" is "t": all rows are gone, and without a PRIMARY KEY it is not known which ones'
      : `"op" is c, r, u or d; found ${name}`
  badRecord({ index: 0, reason })
}

function refuseBefore(isDelete: boolean, isKeyed: boolean): never {
  const of = isDelete ? 'a row was deleted' : 'a row was updated'
  const more = isKeyed
    ? ''
    : '; the source must send whole rows (PostgreSQL: REPLICA IDENTITY FULL)'
  badRecord({ index: 0, reason: `${of} and "before" is null${more}` })
}
