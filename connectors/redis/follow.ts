/** One life of a connection that reads a Redis stream: entries behind the buffer's position, as
 *  many as the buffer has room for. The server keeps nothing for us. */

import { fail } from '../../engine/base/errors.ts'
import type { Value } from '../../engine/batch/value.ts'
import type { TableSpec } from '../../engine/source/table.ts'
import type { MessageBuffer } from '../message-buffer.ts'
import { wantedMetadata } from '../message-piece.ts'
import type { Life } from '../reconnect.ts'
import type { RedisLink } from './connect.ts'
import { compareIds, type EntryId, type StreamOffsets } from './entry-id.ts'
import { type EntryFields, messageReader } from './entry-message.ts'
import { metadataReader } from './metadata.ts'
import { type StreamState, streamState } from './stream-state.ts'

export interface FollowParts {
  readonly link: RedisLink
  readonly table: TableSpec
  readonly key: string
  readonly offsets: StreamOffsets
  readonly buffer: MessageBuffer<EntryId>
  readonly life: Life
}

type Entry = readonly [id: Buffer, fields: EntryFields]

/** How long the server waits for an entry: nothing else can be asked in the meantime. */
const BLOCK_MS = '250'
const ENTRIES_FIRST = 100
const ENTRIES_MAX = 5000
/** What one answer may be, by the size of the entries before. */
const ANSWER_BYTES = 2 << 20

/** Adds entries to the buffer until the connection is lost or the life is over. GONE if entries
 *  that were not read are no longer in the stream. */
export async function followStream(parts: FollowParts): Promise<void> {
  const { link, buffer, life } = parts
  const follower = new Follower(parts)
  await follower.look(true)
  life.up()
  buffer.onLagAsked = () => follower.ask()
  try {
    await Promise.race([link.lost, follower.run(life.signal)])
  } finally {
    buffer.onLagAsked = () => {}
  }
}

class Follower {
  readonly #parts: FollowParts
  readonly #message: (fields: EntryFields) => Uint8Array
  readonly #metadata: (id: Buffer, key: string) => readonly Value[]
  #entriesMax = ENTRIES_FIRST
  #isAsked = false
  #wake = () => {}

  constructor(parts: FollowParts) {
    this.#parts = parts
    this.#message = messageReader(parts.table)
    this.#metadata = metadataReader(wantedMetadata(parts.table))
  }

  /** Somebody wants to know how much is left. */
  ask(): void {
    this.#isAsked = true
    this.#wake()
  }

  async run(signal: AbortSignal): Promise<void> {
    const { buffer } = this.#parts
    let entries: readonly Entry[] = []
    while (!signal.aborted) {
      // The server looks for the next entries while we take in these.
      const last = entries.at(-1)?.[0] ?? buffer.position
      const next = buffer.isFull || this.#isAsked ? undefined : this.#read(last)
      if (entries.length > 0) this.#addAll(entries)
      entries = next === undefined ? [] : await next
      if (next !== undefined) continue
      if (this.#isAsked) await this.look(false)
      if (buffer.isFull) await Promise.race([buffer.room(signal), this.#asked()])
    }
  }

  #asked(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve
      if (this.#isAsked) resolve()
    })
  }

  /** Asks how the stream stands. */
  async look(isFirst: boolean): Promise<void> {
    this.#isAsked = false
    const { link, key, buffer, offsets } = this.#parts
    const state = await streamState(link, key)
    const { first, last, isWhole } = state
    if (isFirst) this.#refuseGone(state)
    const atEnd = compareIds(String(buffer.position), last.id) >= 0
    if (atEnd && last.count >= 0) offsets.base = last.count - buffer.addedCount
    if (atEnd) buffer.behind = 0
    else if (offsets.base === undefined || !isWhole || first.count < 0) buffer.behind = undefined
    else buffer.behind = Math.max(0, last.count - offsets.base - buffer.addedCount)
    if (isFirst) buffer.end = atEnd ? buffer.position : last.id
  }

  /** Only where no entry was deleted by its id do the numbers say which ones are left. */
  #refuseGone({ first, isWhole }: StreamState): void {
    const { table, key, buffer, offsets } = this.#parts
    if (!isWhole || offsets.base === undefined) return
    const gone = first.count - offsets.base - buffer.addedCount
    if (gone <= 0) return
    fail('GONE', `${gone} entries of ${key} were trimmed before they were read`, {
      hint: `Drop the query of ${table.name} and create it again, and let the stream keep more entries.`,
    })
  }

  async #read(last: EntryId): Promise<readonly Entry[]> {
    const { link, key } = this.#parts
    const reply = await link.send([
      ...['XREAD', 'COUNT', String(this.#entriesMax), 'BLOCK', BLOCK_MS, 'STREAMS', key],
      last,
    ])
    if (reply === null) return []
    const [[, entries]] = reply as unknown as [[Buffer, readonly Entry[]]]
    return entries
  }

  #addAll(entries: readonly Entry[]): void {
    const { buffer, key } = this.#parts
    let bytes = 0
    for (const [id, fields] of entries) {
      const message = this.#message(fields)
      buffer.add(message, id, this.#metadata(id, key))
      bytes += message.length
    }
    buffer.behind = Math.max(0, (buffer.behind ?? 0) - entries.length)
    buffer.flush()
    const fitting = Math.floor((ANSWER_BYTES * entries.length) / Math.max(1, bytes))
    this.#entriesMax = Math.max(1, Math.min(ENTRIES_MAX, this.#entriesMax * 4, fitting))
  }
}
