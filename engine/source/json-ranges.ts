/** Where some fields of JSON objects lie among the messages' bytes: for envelopes, whose parts are
 *  then read in place, each by a decoder of its own. */

import { type Schema, schemaOf } from '../batch/schema.ts'
import { asBuffer } from '../batch/text.ts'
import { describeJson, isObject } from '../batch/value-from-json.ts'
import { badRecord, refuseRecord } from '../format/bad-record.ts'
import { GrowingText } from '../format/growing-text.ts'
import { Utf8State } from '../format/json-scan.ts'
import { decodeUtf8, parseJson } from '../format/json-text.ts'
import { type BadMessage, badMessage, type Messages } from '../format/messages.ts'
import { type JsonLoop, type JsonTarget, jsonLoop } from './json-message-code.ts'

export interface JsonRange {
  /** -1: the field is null or is not there. */
  readonly starts: Int32Array
  readonly ends: Int32Array
}

export interface FoundRanges {
  /** What the ranges point into: the messages, and behind them what was written anew. */
  readonly bytes: Uint8Array
  readonly fields: Readonly<Record<string, JsonRange>>
  /** Messages that are no such objects, in order. They have no fields. */
  readonly bad: readonly BadMessage[]
}

const NO_VALUES = new Uint8Array(0)
const NO_LANES = new Int32Array(0)
const ABSENT = -1

export interface WantedFields {
  /** Without which an object is bad; null will do. */
  readonly required: readonly string[]
  readonly optional?: readonly string[]
  /** What is to be done about other fields. Absent: they are passed over. */
  readonly others?: 'ignore' | 'fail'
}

export class JsonRanges {
  readonly #schema: Schema
  readonly #wanted: WantedFields
  readonly #loop: JsonLoop

  constructor(wanted: WantedFields) {
    const { required, optional = [], others = 'ignore' } = wanted
    const fieldOf = (nullable: boolean) => (name: string) => {
      return { name, type: { kind: 'json' }, nullable } as const
    }
    this.#schema = schemaOf([...required.map(fieldOf(false)), ...optional.map(fieldOf(true))])
    this.#wanted = wanted
    this.#loop = jsonLoop(this.#schema, { unknownFields: others, missingFields: 'null' })
  }

  /** Messages with -1 in `starts` are passed over: they have no fields and are not bad. */
  find({ bytes, starts, ends }: Messages): FoundRanges {
    const count = starts.length
    const targets = this.#schema.fields.map(
      (): JsonTarget => ({
        ...{ values: NO_VALUES, lanes: NO_LANES, nulls: new Uint8Array(count) },
        ...{ starts: new Int32Array(count), ends: new Int32Array(count) },
      }),
    )
    const slow = new Uint8Array(count)
    const extra = new GrowingText(bytes)
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    const utf8 = new Utf8State(bytes)
    this.#loop({ bytes, view, text: asBuffer(bytes), starts, ends, targets, utf8, extra, slow })
    const bad: BadMessage[] = []
    for (let i = slow.indexOf(1); i >= 0; i = slow.indexOf(1, i + 1)) {
      for (const { nulls } of targets) nulls[i] = 1
      if (starts[i] < 0) continue
      try {
        this.#writeAnew(bytes.subarray(starts[i], ends[i]), { at: i, targets, extra })
      } catch (error) {
        bad.push(badMessage(i, refusalOf(error)))
      }
    }
    for (const { starts: from, nulls } of targets) {
      for (let i = nulls.indexOf(1); i >= 0; i = nulls.indexOf(1, i + 1)) from[i] = ABSENT
    }
    const fields = this.#schema.fields.map(({ name }, k) => [name, targets[k]] as const)
    return { bytes: extra.heap(bytes), fields: Object.fromEntries(fields), bad }
  }

  /** What the loop left: parsed, and the fields written behind the messages. BAD_RECORD. */
  #writeAnew(message: Uint8Array, { at, targets, extra }: Rest): void {
    const json = parseJson(decodeUtf8(message), true, { index: 0, line: 1 })
    if (!isObject(json)) {
      badRecord({ index: 0, reason: `wanted an object, found ${describeJson(json)}` })
    }
    const { required, others } = this.#wanted
    const missing = required.find((name) => !Object.hasOwn(json, name))
    if (missing !== undefined) badRecord({ index: 0, reason: `there is no "${missing}"` })
    const { fields } = this.#schema
    const isOther = (key: string) => !fields.some(({ name }) => name === key)
    const other = others === 'fail' ? Object.keys(json).find(isOther) : undefined
    if (other !== undefined) badRecord({ index: 0, reason: `there is no place for "${other}"` })
    for (const [k, { name }] of fields.entries()) {
      const value = Object.hasOwn(json, name) ? json[name] : null
      targets[k].nulls[at] = value === null ? 1 : 0
      if (value === null) continue
      targets[k].starts[at] = extra.add(Buffer.from(JSON.stringify(value)))
      targets[k].ends[at] = extra.end
    }
  }
}

/** What is nested too deeply for the stack is the message's fault. */
function refusalOf(error: unknown): unknown {
  try {
    return refuseRecord(error, { index: 0 })
  } catch (refused) {
    return refused
  }
}

interface Rest {
  readonly at: number
  readonly targets: readonly JsonTarget[]
  readonly extra: GrowingText
}
