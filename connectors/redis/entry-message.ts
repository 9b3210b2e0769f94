/** Between the fields of a stream entry and a message of the table's format. Either one field holds
 *  the message, or every field is a column; the message is then a JSON object of the fields. */

import { type DataType, isNumeric } from '../../engine/batch/types.ts'
import { recordColumns, type TableSpec } from '../../engine/source/table.ts'

/** Names and values, one after another. */
export type EntryFields = readonly Buffer[]

const EMPTY = new Uint8Array(0)

/** Makes a message of an entry's fields. An entry without the field is an empty message, which no
 *  format takes: it is a bad record. */
export function messageReader(table: TableSpec): (fields: EntryFields) => Uint8Array {
  const name = table.options['payload-field']
  if (name !== undefined) {
    const wanted = Buffer.from(name)
    return (fields) => {
      for (let i = 0; i < fields.length; i += 2) if (wanted.equals(fields[i])) return fields[i + 1]
      return EMPTY
    }
  }
  const types = columnTypes(table)
  return (fields) => {
    const members: string[] = []
    for (let i = 0; i + 1 < fields.length; i += 2) {
      const key = fields[i].toString()
      members.push(`${JSON.stringify(key)}:${jsonOf(fields[i + 1], types.get(key))}`)
    }
    return Buffer.from(`{${members.join(',')}}`)
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
