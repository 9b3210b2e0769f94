/** Redis as a sink: streams, channels, and a key for each row. What a connection was in the middle
 *  of when it was lost is found out by the next one. */

import type { Clock } from '../../engine/base/clock.ts'
import type { Disk } from '../../engine/base/disk.ts'
import { fail } from '../../engine/base/errors.ts'
import { writesChangelog } from '../../engine/format/encode-rows.ts'
import type { SinkConnector, SinkFrame, SinkWriter } from '../../engine/source/sink.ts'
import type { TableSpec } from '../../engine/source/table.ts'
import type { SinkContext } from '../context.ts'
import { connectorError } from '../reconnect.ts'
import { rowMessages } from '../row-messages.ts'
import { writesByKey } from '../writes-by-key.ts'
import { connectRedis, type RedisLink, serverName } from './connect.ts'
import { fieldWriter } from './entry-message.ts'
import { KeyedRows } from './keyed-rows.ts'
import { isKeyedMode, redis } from './spec.ts'
import { StreamEntries } from './stream-entries.ts'

export interface RedisSinkParts {
  readonly disk: Disk
  readonly clock: Clock
  readonly table: TableSpec
  /** Of the job. */
  readonly token: string
  /** The last result that is known to be written; -1: none. */
  appliedSeq: number
}

/** Writes results over one connection; made anew with each. */
export interface FrameWriter {
  /** Resolves when the server has all of them. */
  write(frames: readonly SinkFrame[]): Promise<void>
}

export const redisSink = ({ disk, clock }: SinkContext): SinkConnector => ({
  name: redis.name,
  delivery: 'exactly-once',
  check({ name, options }) {
    if (options.mode === 'channel' && options['sink.channel'] === undefined) {
      fail('INVALID_OPTION', `The table ${name} cannot be written: it has no 'sink.channel'`)
    }
    if (options.mode === 'stream' && options.key.includes(',')) {
      fail('INVALID_OPTION', `The table ${name} cannot be written: its 'key' names several streams`)
    }
  },
  takesChangelog(table, key) {
    if (!isKeyedMode(table.options)) return writesChangelog(table.options)
    return writesByKey(table, key)
  },
  async open(table, { token, appliedSeq }) {
    const writer = new RedisWriter({ disk, clock, table, token, appliedSeq })
    await writer.connect()
    return writer
  },
})

class RedisWriter implements SinkWriter {
  readonly appliedSeq = undefined
  readonly #parts: RedisSinkParts
  readonly #closing = new AbortController()
  #connection: { readonly link: RedisLink; readonly writer: FrameWriter } | undefined

  constructor(parts: RedisSinkParts) {
    this.#parts = parts
  }

  async connect(): Promise<FrameWriter> {
    const { disk, clock, table } = this.#parts
    const { signal } = this.#closing
    try {
      const link = await connectRedis({ disk, clock, options: table.options, signal })
      try {
        const writer = await writerOf(link, this.#parts)
        this.#connection = { link, writer }
        return writer
      } catch (error) {
        link.close()
        throw error
      }
    } catch (error) {
      throw connectorError(serverName(table.options), error)
    }
  }

  async write(frames: readonly SinkFrame[]): Promise<void> {
    try {
      const writer = this.#connection?.writer ?? (await this.connect())
      await writer.write(frames)
      this.#parts.appliedSeq = frames[frames.length - 1].seq
    } catch (error) {
      this.#disconnect()
      throw connectorError(serverName(this.#parts.table.options), error)
    }
  }

  #disconnect(): void {
    this.#connection?.link.close()
    this.#connection = undefined
  }

  async close(): Promise<void> {
    this.#closing.abort()
    this.#disconnect()
  }
}

async function writerOf(link: RedisLink, parts: RedisSinkParts): Promise<FrameWriter> {
  const { table } = parts
  const { options } = table
  if (isKeyedMode(options)) return new KeyedRows(link, table)
  const messages = await rowMessages(table)
  if (options.mode === 'stream') {
    return StreamEntries.open(link, parts, { messages, fields: fieldWriter(table) })
  }
  const channel = options['sink.channel']
  return {
    async write(frames) {
      const sent = frames.flatMap((frame) =>
        messages(frame).map(({ bytes }) => link.send(['PUBLISH', channel, bytes])),
      )
      await Promise.all(sent)
    },
  }
}
