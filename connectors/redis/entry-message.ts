/** Between the fields of a stream entry and a message of the table's format. Either one field holds
 *  the message, or every field is a column; the message is then a JSON object of the fields. */

import { type DataType, isNumeric } from '../../engine/batch/types.ts'
import type { Value } from '../../engine/batch/value.ts'
import { recordColumns, type TableSpec } from '../../engine/source/table.ts'
import type { MessageBuffer } from '../message-buffer.ts'
import { wantedMetadata } from '../message-piece.ts'
import type { EntryId } from './entry-id.ts'
import type { EntrySpan } from './entry-parser.ts'
import { metadataReader } from './metadata.ts'

/** Puts the entries of a stream into the buffer, as messages. An entry without the field that holds
 *  the message is an empty message, which no format takes: it is a bad record. */
export function entryTaker(
  table: TableSpec,
  key: string,
  buffer: MessageBuffer<EntryId>,
): (span: EntrySpan) => void {
  const name = table.options['payload-field']
  const metadata = metadataReader(wantedMetadata(table), key)
  if (name === undefined) return objectTaker(table, metadata, buffer)
  const wanted = Buffer.from(name)
  const message = { bytes: EMPTY as Buffer, from: 0, to: 0, nextFrom: 0, nextTo: 0 }
  return (span) => {
    const field = fieldNamed(wanted, span)
    message.bytes = span.bytes
    message.from = field < 0 ? span.idFrom : span.fieldFrom[field + 1]
    message.to = field < 0 ? span.idFrom : span.fieldTo[field + 1]
    message.nextFrom = span.idFrom
    message.nextTo = span.idTo
    buffer.addSpan(message, metadata(span))
  }
}

const EMPTY = Buffer.alloc(0)

/** The place of the field with this name; -1: there is none. */
function fieldNamed(name: Buffer, { bytes, fieldFrom, fieldTo, fieldCount }: EntrySpan): number {
  for (let i = 0; i + 1 < fieldCount; i += 2) {
    const from = fieldFrom[i]
    if (fieldTo[i] - from !== name.length) continue
    let n = 0
    while (n < name.length && bytes[from + n] === name[n]) n++
    if (n === name.length) return i
  }
  return -1
}

/** Every field is a member of a JSON object. */
function objectTaker(
  table: TableSpec,
  metadata: (span: EntrySpan) => readonly Value[],
  buffer: MessageBuffer<EntryId>,
): (span: EntrySpan) => void {
  const types = columnTypes(table)
  return (span) => {
    const { bytes, fieldFrom, fieldTo, fieldCount, idFrom, idTo } = span
    const members: string[] = []
    for (let i = 0; i + 1 < fieldCount; i += 2) {
      const name = bytes.toString('utf8', fieldFrom[i], fieldTo[i])
      const value = bytes.subarray(fieldFrom[i + 1], fieldTo[i + 1])
      members.push(`${JSON.stringify(name)}:${jsonOf(value, types.get(name))}`)
    }
    const message = Buffer.from(`{${members.join(',')}}`)
    buffer.add(message, Buffer.from(bytes.subarray(idFrom, idTo)), metadata(span))
  }
}

const columnTypes = (table: TableSpec): Map<string, DataType> => {
  const fields = recordColumns(table).map((column) => table.schema.fields[column])
  return new Map(fields.map(({ name, type }) => [name, type]))
}

const NUMBER = /^-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?$/

/** A field's text as JSON of the column's type. What is none is a JSON text: the format refuses
 *  it. */
function jsonOf(value: Buffer, type: DataType | undefined): string {
  if (type?.kind === 'bytes') return JSON.stringify(value.toString('base64'))
  const text = value.toString()
  if (type === undefined) return JSON.stringify(text)
  if (isNumeric(type) && NUMBER.test(text)) return text
  if (type.kind === 'boolean' && /^(true|false)$/i.test(text)) return text.toLowerCase()
  const isNested = ['array', 'map', 'row', 'json'].includes(type.kind)
  return isNested && isJson(text) ? text : JSON.stringify(text)
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

/** Makes an entry's fields of a message that is written: NULL is left out. */
export function fieldWriter(table: TableSpec): (message: Buffer) => readonly (string | Buffer)[] {
  const name = table.options['payload-field']
  if (name !== undefined) return (message) => [name, message]
  const types = columnTypes(table)
  return (message) =>
    Object.entries(JSON.parse(message.toString()) as Record<string, unknown>).flatMap(
      ([key, value]) => (value === null ? [] : [key, fieldOf(value, types.get(key))]),
    )
}

function fieldOf(value: unknown, type: DataType | undefined): string | Buffer {
  if (type?.kind === 'bytes') return Buffer.from(String(value), 'base64')
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}
