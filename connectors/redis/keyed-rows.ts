/** Writes a row for each PRIMARY KEY: as a hash, a JSON object in a string, or a string. Written
 *  again, the same results end in the same rows. */

import { SqlError } from '../../engine/base/errors.ts'
import type { Batch } from '../../engine/batch/batch.ts'
import { jsonRowTexts } from '../../engine/batch/json-rows.ts'
import { schemaOf } from '../../engine/batch/schema.ts'
import type { SinkFrame } from '../../engine/source/sink.ts'
import { recordColumns, type TableSpec } from '../../engine/source/table.ts'
import { keyTexts } from '../lookup-rows.ts'
import type { RedisLink, Reply } from './connect.ts'
import { keyOf } from './lookup.ts'
import type { FrameWriter } from './sink.ts'

type Command = readonly string[]

export class KeyedRows implements FrameWriter {
  readonly #link: RedisLink
  readonly #table: TableSpec
  /** Positions in the record. */
  readonly #keys: readonly number[]
  readonly #names: readonly string[]

  constructor(link: RedisLink, table: TableSpec) {
    const record = recordColumns(table)
    this.#link = link
    this.#table = table
    this.#keys = table.primaryKey!.map((column) => record.indexOf(column))
    this.#names = table.primaryKey!.map((column) => table.schema.fields[column].name)
  }

  /** Each result as a whole. */
  async write(frames: readonly SinkFrame[]): Promise<void> {
    const { send } = this.#link
    for (const { batch } of frames) {
      const commands: Command[] = [['MULTI'], ...this.#commands(batch), ['EXEC']]
      const replies = await Promise.all(commands.map((command) => send(command)))
      const results = replies[replies.length - 1] as readonly (Reply | Error)[] | null
      const refused = results?.find((result) => result instanceof Error)
      if (results !== null && refused === undefined) continue
      throw new SqlError('CONNECTOR_FAILED', `A transaction was refused: ${refused ?? 'no answer'}`)
    }
  }

  /** The last row of a key counts; a key without one is removed. */
  #commands(batch: Batch): Command[] {
    const last = new Map<string, number | undefined>()
    for (const [row, key] of this.#redisKeys(batch).entries()) {
      const isThere = batch.weights === null || batch.weights[row] > 0
      if (isThere) last.set(key, row)
      else if (!last.has(key)) last.set(key, undefined)
    }
    const texts = jsonRowTexts(batch)
    return [...last].flatMap(([key, row]) =>
      row === undefined ? [['DEL', key]] : this.#commandsOf(key, texts[row]),
    )
  }

  #redisKeys(batch: Batch): string[] {
    const columns = this.#keys.map((column) => batch.columns[column])
    const schema = schemaOf(this.#keys.map((column) => batch.schema.fields[column]))
    const keys = keyTexts(batch.withColumns(schema, columns))
    return keys.map((values) => keyOf(this.#table, this.#names, values))
  }

  #commandsOf(key: string, text: string): Command[] {
    const { mode } = this.#table.options
    if (mode === 'json') return [['SET', key, text]]
    const row = JSON.parse(text) as Readonly<Record<string, unknown>>
    if (mode === 'hash') {
      const fields = Object.entries(row).flatMap(([name, value]) =>
        value === null ? [] : [name, textOf(value)],
      )
      return [
        ['DEL', key],
        ['HSET', key, ...fields],
      ]
    }
    const [value] = Object.entries(row).flatMap(([name, value]) =>
      this.#names.includes(name) ? [] : [value],
    )
    return value === null ? [['DEL', key]] : [['SET', key, textOf(value)]]
  }
}

const textOf = (value: unknown): string =>
  typeof value === 'object' ? JSON.stringify(value) : String(value)
