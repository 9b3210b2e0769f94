/** JSON records into a batch: one object, an array of objects, or one object a line. */

import { fail } from '../base/errors.ts'
import type { Batch } from '../batch/batch.ts'
import { BatchBuilder } from '../batch/builder.ts'
import type { ColumnBuilder } from '../batch/building.ts'
import { BytesBuilder } from '../batch/bytes-builder.ts'
import { Int64Builder } from '../batch/fixed-builder.ts'
import type { Field, Schema } from '../batch/schema.ts'
import { type DataType, partsOf } from '../batch/types.ts'
import { describeJson, fromJson, isObject } from '../batch/value-from-json.ts'
import { badRecord, refuseRecord } from './bad-record.ts'
import type { DecodeOptions } from './format.ts'
import { decodeUtf8, hasLongNumber, parseJson } from './json-text.ts'

export interface JsonOptions extends DecodeOptions {
  /** One object a line (NDJSON); empty lines are passed over. Default: one document. */
  readonly lines?: boolean
}

/** All records of `body` under `schema`, or none. Raises BAD_RECORD for the first that does not fit
 *  (`details` {index, column, reason}): malformed JSON, invalid UTF-8, a wrong type, a value out of
 *  range, a NULL or missing value in a NOT NULL column, an unknown or missing field by `options`.
 *  A field that occurs twice counts by its last value. */
export function decodeJsonRows(
  body: Uint8Array,
  schema: Schema,
  options: JsonOptions,
): { batch: Batch } {
  const text = decodeUtf8(body)
  const exact = schema.fields.some(({ type }) => needsDigits(type)) && hasLongNumber(body)
  const decoder = new JsonRowDecoder(schema, options)
  const records = options.lines === true ? lineRecords(text, exact) : documentRecords(text, exact)
  for (const { json, index, line } of records) decoder.add(json, { index, line })
  return { batch: decoder.finish() }
}

/** A record that is parsed. `line` counts from 1. */
export interface JsonRecord {
  readonly json: unknown
  readonly index: number
  readonly line?: number | undefined
}

/** One record a line; empty lines are passed over. `exact`: long numbers keep their digits. */
export function* lineRecords(text: string, exact: boolean): Generator<JsonRecord> {
  let line = 0
  let index = 0
  for (let start = 0; start < text.length; ) {
    const found = text.indexOf('\n', start)
    const end = found < 0 ? text.length : found
    line++
    const record = text.slice(start, end)
    start = end + 1
    if (record.trim() === '') continue
    yield { json: parseJson(record, exact, { index, line }), index, line }
    index++
  }
}

/** One record, or an array of them. */
export function* documentRecords(text: string, exact: boolean): Generator<JsonRecord> {
  const document = parseJson(text, exact, { index: 0, line: 1 })
  if (!Array.isArray(document)) yield { json: document, index: 0 }
  else for (let index = 0; index < document.length; index++) yield { json: document[index], index }
}

/** Whether a double would not do for the type's numbers. */
export const needsDigits = (type: DataType): boolean =>
  type.kind === 'bigint' ||
  type.kind === 'decimal' ||
  type.kind === 'json' ||
  partsOf(type).some(needsDigits)

interface ColumnWriter {
  readonly name: string
  readonly nullable: boolean
  readonly get: (record: Readonly<Record<string, unknown>>) => unknown
  readonly append: (json: unknown) => void
  readonly appendNull: () => void
}

/** Puts parsed records into columns. */
export class JsonRowDecoder {
  readonly #builder: BatchBuilder
  readonly #columns: readonly ColumnWriter[]
  readonly #options: DecodeOptions
  readonly #isKey: readonly boolean[]
  readonly #known: ReadonlySet<string>

  constructor(schema: Schema, options: DecodeOptions) {
    this.#options = options
    this.#builder = new BatchBuilder(schema)
    const { paths = {} } = options
    const firstOf = (name: string) => (Object.hasOwn(paths, name) ? paths[name][0] : name)
    this.#known = new Set(schema.fields.map(({ name }) => String(firstOf(name))))
    this.#isKey = schema.fields.map((_, i) => options.key?.includes(i) ?? true)
    this.#columns = schema.fields.map((f, i) => writerOf(f, this.#builder.columns[i], options))
  }

  /** `keyOnly`: a column that is not of the key may be missing. */
  add(record: unknown, { index, line }: Omit<JsonRecord, 'json'>, keyOnly = false): void {
    const place = line === undefined ? undefined : { line }
    if (!isObject(record)) {
      badRecord({ index, reason: `wanted an object, found ${describeJson(record)}`, place })
    }
    let i = 0
    try {
      for (; i < this.#columns.length; i++) {
        this.#addValue(this.#columns[i], record, keyOnly && !this.#isKey[i])
      }
      if (this.#options.unknownFields === 'fail') this.#refuseUnknown(record, index, place)
    } catch (error) {
      refuseRecord(error, { index, column: this.#columns[i]?.name, place })
    }
    this.#builder.rowDone()
  }

  #addValue(
    column: ColumnWriter,
    record: Readonly<Record<string, unknown>>,
    optional: boolean,
  ): void {
    const json = column.get(record)
    if ((json === undefined || json === null) && optional) column.appendNull()
    else if (json === undefined || json === null) {
      if (json === undefined && this.#options.missingFields === 'fail')
        fail('INVALID_VALUE', 'the value is missing')
      if (!column.nullable) refuseNull(json)
      column.appendNull()
    } else {
      column.append(json)
    }
  }

  #refuseUnknown(record: object, index: number, place: { line: number } | undefined): void {
    for (const name of Object.keys(record)) {
      if (!this.#known.has(name)) {
        badRecord({ index, column: name, reason: 'the stream has no such column', place })
      }
    }
  }

  finish(): Batch {
    return this.#builder.finish()
  }
}

function refuseNull(json: null | undefined): never {
  const found = json === null ? 'found null' : 'the value is missing'
  fail('INVALID_VALUE', `the column is NOT NULL, ${found}`)
}

function writerOf(field: Field, builder: ColumnBuilder, options: DecodeOptions): ColumnWriter {
  const { name, nullable, type } = field
  const { paths = {} } = options
  const steps = Object.hasOwn(paths, name) ? paths[name] : undefined
  // Every object seems to have the names of Object.prototype.
  const inherited = name in Object.prototype
  return {
    name,
    nullable,
    get: steps
      ? (record) => valueBehind(record, steps)
      : inherited
        ? (record) => (Object.hasOwn(record, name) ? record[name] : undefined)
        : (record) => record[name],
    append: appendTo(builder, type, options),
    appendNull: () => builder.appendNull(),
  }
}

/** undefined if there is nothing. */
function valueBehind(record: unknown, steps: readonly (string | number)[]): unknown {
  let json = record
  for (const step of steps) {
    const isThere = typeof step === 'string' ? isObject(json) : Array.isArray(json)
    if (!isThere || !Object.hasOwn(json as object, step)) return undefined
    json = (json as Record<string | number, unknown>)[step]
  }
  return json
}

/** The most frequent types go into their builder directly. */
function appendTo(
  builder: ColumnBuilder,
  type: DataType,
  options: DecodeOptions,
): (json: unknown) => void {
  const convert = fromJson(type, options)
  if (type.kind === 'bigint' && builder instanceof Int64Builder) {
    return (json) => {
      if (Number.isSafeInteger(json)) builder.appendNumber(json as number)
      else builder.append(convert(json))
    }
  }
  if (type.kind === 'varchar' && builder instanceof BytesBuilder) {
    return (json) => builder.appendText(convert(json) as string)
  }
  return (json) => builder.append(convert(json))
}
