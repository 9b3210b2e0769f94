/** Records of a stream as JSON, with what is known of them. */

import { fail } from '../../engine/base/errors.ts'
import type { Column } from '../../engine/batch/column.ts'
import { textOf } from '../../engine/batch/json-rows.ts'
import { valueAt } from '../../engine/batch/rows.ts'
import {
  metadataOf,
  offsetAt,
  rowFrom,
  type StreamFrame,
} from '../../engine/source/stream-frame.ts'
import { isAppendOnly, recordKey, type TableSpec } from '../../engine/source/table.ts'
import { bytesOf } from '../append-group.ts'

const KEYS = ['timestamp', 'key', 'headers', 'priority']

/** The texts of one frame's rows. Made once per frame. */
export class RecordTexts {
  readonly #frame: StreamFrame
  readonly #split: number
  readonly #table: TableSpec
  readonly #said: readonly (readonly [key: string, text: (row: number) => string])[]
  readonly #values: readonly (readonly [name: string, text: (row: number) => string])[]
  readonly #metadata: Readonly<Record<string, Column>>
  /** Of a record, on average, about. */
  readonly bytes: number

  constructor(frame: StreamFrame, split: number, table: TableSpec) {
    this.#frame = frame
    this.#split = split
    this.#table = table
    this.#metadata = metadataOf(frame, split, KEYS)
    const { columns, schema } = frame.records
    this.#values = schema.fields.map(({ name }, i) => [JSON.stringify(name), textOf(columns[i])])
    this.bytes = bytesOf(frame.records) / Math.max(1, frame.records.rowCount)
    this.#said = KEYS.map((key) => [key, textOf(this.#metadata[key])])
  }

  /** The record's columns as a JSON object. */
  value(row: number): string {
    return `{${this.#values.map(([name, text]) => `${name}:${text(row)}`).join(',')}}`
  }

  /** `"split":…,"offset":…,…,"value":{…}`: members of an object. `op` is among them where records
   *  can take others back. */
  members(row: number): string {
    const { records } = this.#frame
    const place = `"split":${this.#split},"offset":${offsetAt(this.#frame, row)}`
    const said = this.#said.map(([key, text]) => `,"${key}":${text(row)}`).join('')
    const plus = this.#table.primaryKey === undefined ? '+I' : '+U'
    const weight = records.weights?.[row] ?? 1
    const op = isAppendOnly(this.#table) ? '' : `,"op":"${weight > 0 ? plus : '-D'}"`
    return `${place}${said}${op},"value":${this.value(row)}`
  }

  /** What keeps records in order: the key that the producer gave, else the primary key; null: the
   *  record belongs to no other. */
  key(row: number): string | null {
    const given = this.#metadata.key
    if (!given.isNull(row)) return `k${valueAt(given, row)}`
    const key = recordKey(this.#table)
    if (key === undefined) return null
    return `p${key.map((column) => textOf(this.#frame.records.columns[column])(row)).join(',')}`
  }

  /** The row of a record of the frame. DATA_DAMAGED if it is not there. */
  rowOf(offset: number): number {
    const row = rowFrom(this.#frame, offset)
    if (row < this.#frame.records.rowCount && offsetAt(this.#frame, row) === offset) return row
    return fail('DATA_DAMAGED', `Record ${offset} of split ${this.#split} is missing`)
  }

  metadata(key: string, row: number) {
    return valueAt(this.#metadata[key], row)
  }
}
