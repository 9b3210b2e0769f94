/** Lookups in Redis: hashes, JSON and strings by key, the keys of a request in one round trip. */

import type { Disk } from '../../engine/base/disk.ts'
import { fail, SqlError } from '../../engine/base/errors.ts'
import type { Batch } from '../../engine/batch/batch.ts'
import { BatchBuilder } from '../../engine/batch/builder.ts'
import { rowsOf } from '../../engine/batch/rows.ts'
import type { Value } from '../../engine/batch/value.ts'
import { valueFromText } from '../../engine/batch/value-from-text.ts'
import type {
  LookupAnswer,
  LookupClient,
  LookupConnector,
  LookupRequest,
} from '../../engine/source/lookup.ts'
import type { TableSpec } from '../../engine/source/table.ts'
import { type FoundJson, jsonAnswer, keyNames, keyTexts, wantedSchema } from '../lookup-rows.ts'

/** What a lookup needs of a client. */
export interface RedisClient {
  sendCommand(args: readonly string[]): Promise<unknown>
  close(): Promise<void>
}

/** Connects a client by a table's options. */
export type ConnectRedis = (disk: Disk, table: TableSpec) => Promise<RedisClient>

export const redisLookup = (disk: Disk, connect: ConnectRedis): LookupConnector => ({
  name: 'redis',
  open: (request) => new RedisLookup(request, () => connect(disk, request.table)),
})

class RedisLookup implements LookupClient {
  readonly #request: LookupRequest
  readonly #connect: () => Promise<RedisClient>
  #client: Promise<RedisClient> | undefined

  constructor(request: LookupRequest, connect: () => Promise<RedisClient>) {
    this.#request = request
    this.#connect = connect
  }

  async lookup(keys: Batch, signal: AbortSignal): Promise<LookupAnswer> {
    const client = await this.#connected()
    signal.throwIfAborted()
    try {
      return await this.#find(client, keys)
    } catch (error) {
      // A refusal leaves the connection as it is; it is cheap to make anew all the same.
      if (!(error instanceof SqlError)) await this.close()
      throw error
    }
  }

  async #find(client: RedisClient, keys: Batch): Promise<LookupAnswer> {
    const names = keyNames(this.#request)
    const texts = keyTexts(keys)
    const redisKeys = texts.map((values) => keyOf(this.#request.table, names, values))
    switch (this.#request.table.options.mode) {
      case 'hash':
        return this.#hashes(await commands(client, redisKeys, (key) => ['HGETALL', key]), texts)
      case 'json':
        return this.#documents(await this.#json(client, redisKeys), texts)
      default:
        return this.#strings(await strings(client, redisKeys), texts)
    }
  }

  /** A connection that could not be made is tried again with the next request. */
  #connected(): Promise<RedisClient> {
    this.#client ??= this.#connect().catch((error) => {
      this.#client = undefined
      throw error
    })
    return this.#client
  }

  /** The values of keys as texts; the JSON module's where a key is no string. */
  async #json(client: RedisClient, keys: readonly string[]): Promise<(string | null)[]> {
    const plain = await strings(client, keys)
    const missing = keys.flatMap((key, i) => (plain[i] === null ? [{ key, i }] : []))
    if (missing.length === 0) return plain
    const found = await Promise.all(
      missing.map(({ key }) => client.sendCommand(['JSON.GET', key]).catch(() => null)),
    )
    missing.forEach(({ i }, m) => {
      const value = found[m]
      if (typeof value === 'string') plain[i] = value
    })
    return plain
  }

  /** Objects as rows; the key's own columns come from the key. */
  #documents(values: readonly (string | null)[], texts: readonly (readonly string[])[]) {
    const found = values.flatMap((value, of): FoundJson[] =>
      value === null ? [] : [{ of, json: Buffer.from(value) }],
    )
    const { rows, of } = jsonAnswer(this.#withoutKeys(), found)
    return this.#completed(rows, of, texts)
  }

  #withoutKeys() {
    const { table, columns, keys } = this.#request
    return wantedSchema({ table, keys, columns: columns.filter((c) => !keys.includes(c)) })
  }

  #completed(rows: Batch, of: ArrayLike<number>, texts: readonly (readonly string[])[]) {
    const { columns, keys } = this.#request
    const builder = new BatchBuilder(wantedSchema(this.#request))
    const others = columns.filter((column) => !keys.includes(column))
    rowsOf(rows).forEach((row, i) => {
      const cellOf = (column: number) =>
        keys.includes(column) ? this.#keyValue(column, texts[of[i]]) : row[others.indexOf(column)]
      builder.append(columns.map(cellOf))
    })
    return { rows: builder.finish(), of }
  }

  #keyValue(column: number, texts: readonly string[]): Value {
    const { table, keys } = this.#request
    return valueFromText(texts[keys.indexOf(column)], table.schema.fields[column].type)
  }

  #hashes(values: readonly unknown[], texts: readonly (readonly string[])[]): LookupAnswer {
    const { table, columns, keys } = this.#request
    return this.#rows(values.map(fieldsOf), texts, (fields, text) =>
      columns.map((column) => {
        if (keys.includes(column)) return this.#keyValue(column, text)
        const { name, type } = table.schema.fields[column]
        const value = fields.get(name)
        return value === undefined ? null : valueFromText(value, type)
      }),
    )
  }

  #strings(values: readonly (string | null)[], texts: readonly (readonly string[])[]) {
    const { table, columns, keys } = this.#request
    return this.#rows(values, texts, (value, text) =>
      columns.map((column) =>
        keys.includes(column)
          ? this.#keyValue(column, text)
          : valueFromText(value, table.schema.fields[column].type),
      ),
    )
  }

  #rows<T>(
    values: readonly (T | null)[],
    texts: readonly (readonly string[])[],
    rowOf: (value: T, text: readonly string[]) => Value[],
  ): LookupAnswer {
    const builder = new BatchBuilder(wantedSchema(this.#request))
    const of: number[] = []
    values.forEach((value, i) => {
      if (value === null) return
      builder.append(rowOf(value, texts[i]))
      of.push(i)
    })
    return { rows: builder.finish(), of }
  }

  async close(): Promise<void> {
    const client = await this.#client?.catch(() => undefined)
    this.#client = undefined
    await client?.close()
  }
}

/** The key in Redis for the values of the primary key. */
export function keyOf(
  { options }: TableSpec,
  names: readonly string[],
  values: readonly string[],
): string {
  const pattern = options.key
  if (pattern === undefined) return values.join(':')
  return pattern.replaceAll(/\{([^{}]*)\}/g, (_, name: string) => {
    const place = names.indexOf(name)
    if (place < 0) {
      fail('INVALID_OPTION', `'key' has {${name}}, which is not of the PRIMARY KEY`)
    }
    return values[place]
  })
}

const commands = (
  client: RedisClient,
  keys: readonly string[],
  of: (key: string) => readonly string[],
): Promise<unknown[]> => Promise.all(keys.map((key) => client.sendCommand(of(key))))

/** MGET; a key that holds no string is null. */
async function strings(client: RedisClient, keys: readonly string[]): Promise<(string | null)[]> {
  const values = (await client.sendCommand(['MGET', ...keys])) as readonly unknown[]
  return values.map((value) => (typeof value === 'string' ? value : null))
}

/** The fields of a hash, as a list of names and values or as a map; null: there is none. */
function fieldsOf(reply: unknown): Map<string, string> | null {
  const fields = new Map<string, string>()
  if (Array.isArray(reply)) {
    for (let i = 0; i + 1 < reply.length; i += 2) fields.set(String(reply[i]), String(reply[i + 1]))
  } else if (reply instanceof Map) {
    for (const [name, value] of reply) fields.set(String(name), String(value))
  } else if (typeof reply === 'object' && reply !== null) {
    for (const [name, value] of Object.entries(reply)) fields.set(name, String(value))
  }
  return fields.size === 0 ? null : fields
}
