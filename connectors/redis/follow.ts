/** One life of the connections that read a Redis stream: entries behind the buffer's position, as
 *  many as the buffer has room for. The server keeps nothing for us. */

import { fail } from '../../engine/base/errors.ts'
import type { TableSpec } from '../../engine/source/table.ts'
import type { MessageBuffer } from '../message-buffer.ts'
import type { Life } from '../reconnect.ts'
import { connectRedis, type RedisLink, type RedisParts } from './connect.ts'
import { compareIds, type EntryId, type StreamOffsets } from './entry-id.ts'
import { entryTaker } from './entry-message.ts'
import { EntryWire } from './entry-wire.ts'
import { type StreamState, streamState } from './stream-state.ts'

export interface FollowParts {
  readonly redis: Omit<RedisParts, 'signal'>
  readonly table: TableSpec
  readonly key: string
  readonly offsets: StreamOffsets
  readonly buffer: MessageBuffer<EntryId>
  readonly life: Life
}

const ENTRIES_FIRST = 100
const ENTRIES_MAX = 5000
/** What one answer may be, by the size of the entries before. */
const ANSWER_BYTES = 1 << 20

/** Adds entries to the buffer until a connection is lost or the life is over. GONE if entries that
 *  were not read are no longer in the stream. */
export async function followStream(parts: FollowParts): Promise<void> {
  const { redis, table, key, buffer, life } = parts
  const connection: RedisParts = { ...redis, signal: life.signal }
  const link = await connectRedis(connection)
  try {
    await look(parts, link, true)
    const wire = await EntryWire.open(connection, entryTaker(table, key, buffer))
    buffer.onLagAsked = lagAsker(parts, link)
    life.up()
    try {
      await Promise.race([link.lost, read(parts, wire)])
    } finally {
      buffer.onLagAsked = () => {}
      wire.close()
    }
  } finally {
    link.close()
  }
}

async function read({ key, buffer, life }: FollowParts, wire: EntryWire): Promise<void> {
  let entriesMax = ENTRIES_FIRST
  while (!life.signal.aborted) {
    if (buffer.isFull) await buffer.room(life.signal)
    const { byteCount } = buffer
    const entries = await wire.read(key, buffer.position, entriesMax)
    if (entries === 0) continue
    buffer.behind = Math.max(0, (buffer.behind ?? 0) - entries)
    buffer.flush()
    const bytes = Math.max(1, buffer.byteCount - byteCount)
    const fitting = Math.floor((ANSWER_BYTES * entries) / bytes)
    entriesMax = Math.max(1, Math.min(ENTRIES_MAX, entriesMax * 4, fitting))
  }
}

/** Asks the server how much is left, one question at a time. */
function lagAsker(parts: FollowParts, link: RedisLink): () => void {
  let isAsking = false
  return () => {
    if (isAsking) return
    isAsking = true
    look(parts, link, false)
      .catch(() => {})
      .finally(() => {
        isAsking = false
      })
  }
}

/** Asks how the stream stands. */
async function look(parts: FollowParts, link: RedisLink, isFirst: boolean): Promise<void> {
  const { key, buffer, offsets } = parts
  const state = await streamState(link, key)
  const { first, last, isWhole } = state
  if (isFirst) refuseGone(parts, state)
  const atEnd = compareIds(String(buffer.position), last.id) >= 0
  if (atEnd && last.count >= 0) offsets.base = last.count - buffer.addedCount
  if (atEnd) buffer.behind = 0
  else if (offsets.base === undefined || !isWhole || first.count < 0) buffer.behind = undefined
  else buffer.behind = Math.max(0, last.count - offsets.base - buffer.addedCount)
  if (isFirst) buffer.end = atEnd ? buffer.position : last.id
}

/** Only where no entry was deleted by its id do the numbers say which ones are left. */
function refuseGone({ table, key, buffer, offsets }: FollowParts, { first, isWhole }: StreamState) {
  if (!isWhole || offsets.base === undefined) return
  const gone = first.count - offsets.base - buffer.addedCount
  if (gone <= 0) return
  fail('GONE', `${gone} entries of ${key} were trimmed before they were read`, {
    hint: `Drop the query of ${table.name} and create it again, and let the stream keep more entries.`,
  })
}
