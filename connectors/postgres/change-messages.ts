/** Changes of rows as messages, `{"op":"+I","row":{…}}`, with the columns of our table. A table
 *  with a PRIMARY KEY gets the row of each key; one without, the row that goes and the one that
 *  comes. */

import { fail } from '../../engine/base/errors.ts'
import { recordColumns, type TableSpec } from '../../engine/source/table.ts'
import type { PgMessage, Relation, Tuple } from './pgoutput.ts'
import { type ValueJson, valueJson } from './value-json.ts'

type Op = '+I' | '+U' | '-U' | '-D'

interface ReadColumn {
  readonly name: string
  /** `"name":` */
  readonly label: string
  readonly json: ValueJson
  readonly isKey: boolean
  /** In the tuples. */
  readonly at: number
}

type Change = Extract<PgMessage, { kind: 'insert' | 'update' | 'delete' }>

export class ChangeMessages {
  readonly #columns: readonly ReadColumn[]
  readonly #keys: readonly ReadColumn[]
  readonly #isKeyed: boolean
  readonly #where: string

  private constructor(columns: readonly ReadColumn[], isKeyed: boolean, where: string) {
    this.#columns = columns
    this.#keys = isKeyed ? columns.filter(({ isKey }) => isKey) : columns
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
      return { name, label: `${JSON.stringify(name)}:`, json: valueJson(type), isKey, at }
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

  /** A row that was there before the first change. */
  row(tuple: Tuple): string {
    return this.#message('+I', this.#columns, tuple)
  }

  /** The messages of a change, in order. */
  change(change: Change): string[] {
    if (change.kind === 'insert') return [this.row(change.after)]
    const { before } = change
    if (before?.whole === false && !this.#isKeyed) refuseIdentity(this.#where, false)
    if (change.kind === 'delete') return [this.#message('-D', this.#keys, change.before.tuple)]
    const after = before?.whole === true ? withUnsent(change.after, before.tuple) : change.after
    const put = this.#message('+U', this.#columns, after)
    if (!this.#isKeyed) {
      if (before === undefined) return refuseIdentity(this.#where, false)
      return [this.#message('-U', this.#columns, before.tuple), put]
    }
    const moved =
      before !== undefined && this.#keys.some(({ at }) => before.tuple[at] !== after[at])
    return moved ? [this.#message('-D', this.#keys, before.tuple), put] : [put]
  }

  #message(op: Op, columns: readonly ReadColumn[], tuple: Tuple): string {
    let text = `{"op":"${op}","row":`
    for (let i = 0; i < columns.length; i++) {
      const { name, label, json, at } = columns[i]
      const value = tuple[at]
      if (value === undefined) this.#refuseUnsent(name)
      text += (i === 0 ? '{' : ',') + label + (value === null ? 'null' : json(value))
    }
    return `${text}}}`
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
  takeBack(stored: Iterable<Uint8Array>): string[] {
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
      new Array<string>(count).fill(`{"op":"-D","row":${text}}`),
    )
  }
}

interface Parsed {
  readonly op: Op
  readonly row: Readonly<Record<string, unknown>>
}

/** Where the row begins in a message. */
const ROW_AT = '{"op":"+I","row":'.length

/** What was not sent again is in the row before. */
const withUnsent = (after: Tuple, before: Tuple): Tuple =>
  after.map((value, i) => (value === undefined ? before[i] : value))

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
