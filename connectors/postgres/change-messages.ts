/** Changes of rows as messages, `{"op":"+I","row":{…}}`, with the columns of our table. A table
 *  with a PRIMARY KEY gets the row of each key; one without, the row that goes and the one that
 *  comes. */

import { Buffer } from 'node:buffer'
import { fail } from '../../engine/base/errors.ts'
import { recordColumns, type TableSpec } from '../../engine/source/table.ts'
import { JsonBytes } from './json-bytes.ts'
import type { PgMessage, Relation } from './pgoutput.ts'
import { NULL, sameValue, type Tuple, withUnsent } from './tuple.ts'
import { type WriteValue, writeValue } from './write-value.ts'

type Op = '+I' | '+U' | '-U' | '-D'

interface ReadColumn {
  readonly name: string
  /** `"name":` */
  readonly label: string
  readonly write: WriteValue
  readonly isKey: boolean
  /** In the tuples. */
  readonly at: number
}

/** Columns in the order of a message, each with what is before its value. */
type Layout = readonly (ReadColumn & { readonly before: Buffer })[]

const layoutOf = (columns: readonly ReadColumn[]): Layout =>
  columns.map((column, i) => ({
    ...column,
    before: Buffer.from((i === 0 ? '{' : ',') + column.label),
  }))

const HEADS: Readonly<Record<Op, Buffer>> = {
  '+I': headOf('+I'),
  '+U': headOf('+U'),
  '-U': headOf('-U'),
  '-D': headOf('-D'),
}

function headOf(op: Op): Buffer {
  return Buffer.from(`{"op":"${op}","row":`)
}

const NULL_TEXT = Buffer.from('null')
const END = Buffer.from('}}')

type Change = Extract<PgMessage, { kind: 'insert' | 'update' | 'delete' }>

export class ChangeMessages {
  readonly #columns: Layout
  readonly #keys: Layout
  readonly #isKeyed: boolean
  readonly #where: string
  /** The messages of the last change. */
  readonly #out = new JsonBytes()

  private constructor(columns: readonly ReadColumn[], isKeyed: boolean, where: string) {
    this.#columns = layoutOf(columns)
    this.#keys = isKeyed ? layoutOf(columns.filter(({ isKey }) => isKey)) : this.#columns
    this.#isKeyed = isKeyed
    this.#where = where
  }

  /** Of tuples with these columns. */
  static of(table: TableSpec, names: readonly string[]): ChangeMessages {
    const where = `${table.options['schema-name']}.${table.options['table-name']}`
    const columns = recordColumns(table).map((column) => {
      const { name, type } = table.schema.fields[column]
      const at = names.indexOf(name)
      if (at < 0) {
        fail('UNKNOWN_COLUMN', `${where} has no column ${name}`, {
          hint: `What comes from there has ${names.join(', ')}.`,
        })
      }
      const isKey = table.primaryKey?.includes(column) === true
      return { name, label: `${JSON.stringify(name)}:`, write: writeValue(type), isKey, at }
    })
    return new ChangeMessages(columns, table.primaryKey !== undefined, where)
  }

  /** Of a relation's changes. UNSUPPORTED if they do not say which row goes. */
  static ofRelation(table: TableSpec, { columns }: Relation): ChangeMessages {
    const names = columns.map(({ name }) => name)
    const messages = ChangeMessages.of(table, names)
    const isTold = messages.#keys.every(({ at }) => columns[at].isIdentity)
    if (!isTold) refuseIdentity(messages.#where, messages.#isKeyed)
    return messages
  }

  /** A row that was there before the first change; valid until the next call. */
  row(tuple: Tuple): Buffer {
    this.#out.clear()
    return this.#message('+I', this.#columns, tuple)
  }

  /** The messages of a change, in order; valid until the next call. */
  change(change: Change): Buffer[] {
    if (change.kind === 'insert') return [this.row(change.after)]
    this.#out.clear()
    const { before } = change
    if (before?.whole === false && !this.#isKeyed) refuseIdentity(this.#where, false)
    if (change.kind === 'delete') return [this.#message('-D', this.#keys, change.before.tuple)]
    const after = before?.whole === true ? withUnsent(change.after, before.tuple) : change.after
    if (!this.#isKeyed) {
      if (before === undefined) return refuseIdentity(this.#where, false)
      const gone = this.#message('-U', this.#columns, before.tuple)
      return [gone, this.#message('+U', this.#columns, after)]
    }
    const moved =
      before !== undefined && this.#keys.some(({ at }) => !sameValue(before.tuple, after, at))
    const gone = moved ? [this.#message('-D', this.#keys, before.tuple)] : []
    return [...gone, this.#message('+U', this.#columns, after)]
  }

  #message(op: Op, columns: Layout, { bytes, starts, ends }: Tuple): Buffer {
    const out = this.#out
    const from = out.length
    out.copy(HEADS[op])
    for (let i = 0; i < columns.length; i++) {
      const { before, write, at } = columns[i]
      out.copy(before)
      const start = starts[at]
      if (start >= 0) write(out, bytes, start, ends[at])
      else if (start === NULL) out.copy(NULL_TEXT)
      else this.#refuseUnsent(columns[i].name)
    }
    out.copy(END)
    return out.since(from)
  }

  #refuseUnsent(column: string): never {
    fail(
      'UNSUPPORTED',
      `PostgreSQL did not send the value of ${column} with a change of ${this.#where}: it is stored apart (TOAST) and has not changed`,
      {
        hint: `ALTER TABLE ${this.#where} REPLICA IDENTITY FULL; then drop this table and create it again.`,
      },
    )
  }

  /** What takes back all rows that these messages leave. */
  takeBack(stored: Iterable<Uint8Array>): Buffer[] {
    const live = new Map<string, number>()
    for (const bytes of stored) {
      const { op, row } = JSON.parse(Buffer.from(bytes).toString()) as Parsed
      const isPut = op === '+I' || op === '+U'
      const text = this.#isKeyed
        ? `{${this.#keys.map(({ name, label }) => label + JSON.stringify(row[name])).join(',')}}`
        : Buffer.from(bytes.subarray(ROW_AT, -1)).toString()
      const count = this.#isKeyed ? Number(isPut) : (live.get(text) ?? 0) + (isPut ? 1 : -1)
      if (count === 0) live.delete(text)
      else live.set(text, count)
    }
    return [...live].flatMap(([text, count]) =>
      new Array<Buffer>(count).fill(Buffer.from(`{"op":"-D","row":${text}}`)),
    )
  }
}

interface Parsed {
  readonly op: Op
  readonly row: Readonly<Record<string, unknown>>
}

/** Where the row begins in a message. */
const ROW_AT = HEADS['+I'].length

/** UNSUPPORTED. */
export function refuseIdentity(where: string, isKeyed: boolean): never {
  fail(
    'UNSUPPORTED',
    isKeyed
      ? `PostgreSQL does not say which PRIMARY KEY changes of ${where} are about`
      : `PostgreSQL does not say which rows of ${where} are replaced or removed`,
    {
      hint: `ALTER TABLE ${where} REPLICA IDENTITY FULL${isKeyed ? ', or declare the PRIMARY KEY that it has there' : ', or declare its PRIMARY KEY'}.`,
    },
  )
}
