/** The writing side of the embedded queue. A record is acknowledged when it is on the disk; a
 *  request is stored whole or not at all (law 5), because it becomes part of one log frame, or
 *  of one in each of several splits that belong together (joint-mark.ts). */

import type { Clock } from '../engine/base/clock.ts'
import type { Disk } from '../engine/base/disk.ts'
import { fail, type SqlError } from '../engine/base/errors.ts'
import { Batch } from '../engine/batch/batch.ts'
import { schemaOf } from '../engine/batch/schema.ts'
import { sameType } from '../engine/batch/types.ts'
import type { Durability, NeededOffsets } from '../engine/graph/protocol.ts'
import { layoutHeader } from '../engine/source/layout.ts'
import { sideOwner } from '../engine/source/side-table.ts'
import { ENVELOPE_KEYS, envelopedSchema, recordSchema } from '../engine/source/stream-frame.ts'
import type { TableSpec } from '../engine/source/table.ts'
import { plain, type StreamRows } from './envelope.ts'
import { JointAppends, type JointParts } from './joint-appends.ts'
import { settleJoint } from './joint-mark.ts'
import { keyHash } from './recent-keys.ts'
import { placingColumns, rowsByKey, rowsBySplit } from './split-of-row.ts'
import { type SplitStatus, SplitWriter, type StoredRange } from './split-writer.ts'

/** Told after every fsync, in order per split: rows [0, end) of the split are durable. */
export type OnAppended = (tableId: string, split: number, end: number, ended: boolean) => void

export interface StreamsContext {
  readonly disk: Disk
  readonly clock: Clock
  readonly dataFolder: string
  /** Bytes per stream that may be written and not yet durable. */
  readonly unsyncedBytesMax: number
  readonly segmentBytesMax: number
  /** Of streams that do not say. */
  readonly durability: Durability
  readonly onAppended: OnAppended
  /** Records from this offset on are needed, beside what `need` says. */
  readonly neededFrom?: ((tableId: string, split: number) => number) | undefined
  /** What was read of the stream's log may have changed: at other offsets than are needed. */
  readonly onCompacted?: ((tableId: string) => void) | undefined
}

export interface AppendResult {
  readonly count: number
  /** Offsets are row numbers in the split; `last` is inclusive. */
  readonly offsets: readonly StoredRange[]
}

export interface AppendOptions {
  /** Default: the splits take turns, request by request. */
  readonly split?: number | undefined
  /** A request with a key that was seen before stores nothing and answers as the first one did. */
  readonly idempotencyKey?: string | undefined
}

interface Stream {
  table: TableSpec
  /** Resolves when the table has its new form. */
  altering?: Promise<void> | undefined
  readonly splits: readonly SplitWriter[]
  /** Of requests whose rows go to several splits. */
  readonly joint: JointAppends
  nextSplit: number
}

const REMOVE_DELAY_MS = 5000
/** How long tombstones stay in a compacted stream that does not say. */
const TOMBSTONE_MS = 86_400_000
/** How often retention is applied to streams that nobody writes to. */
const RETENTION_INTERVAL_MS = 10_000

export class Streams {
  readonly #context: StreamsContext
  readonly #streams = new Map<string, Stream>()
  #needed: NeededOffsets | undefined
  readonly #holds = new Map<object, readonly string[]>()
  #stalled: SqlError | undefined
  #cancelTimer = () => {}
  #compacting: Promise<void> | undefined

  constructor(context: StreamsContext) {
    this.#context = context
    this.#armRetention()
  }

  /** Removes the records of all streams but these: a crash can come between dropping a stream and
   *  dropping its records. */
  removeOthers(tableIds: readonly string[]): void {
    const { disk, dataFolder } = this.#context
    for (const id of disk.list(`${dataFolder}/streams`)) {
      if (!tableIds.includes(sideOwner(id) ?? id)) disk.remove(streamFolder(dataFolder, id))
    }
  }

  /** Opens the stream's log, or makes it, and tells where its splits end. A torn tail left by a
   *  crash is cut off. */
  async open(table: TableSpec): Promise<void> {
    const { disk, clock, dataFolder, segmentBytesMax, durability, onAppended } = this.#context
    const count = Number(table.options.splits ?? 1)
    const folderOf = (split: number) => `${streamFolder(dataFolder, table.id)}/${split}`
    let mark = () => 0
    const splits = Array.from({ length: count }, (_, split) => {
      const folder = folderOf(split)
      return new SplitWriter({
        ...{ disk, clock, folder, split, segmentBytesMax },
        ...formOf(table, durability),
        mark: () => mark(),
        neededToo: () => this.#context.neededFrom?.(table.id, split) ?? Infinity,
        onDurable: (end, ended) => onAppended(table.id, split, end, ended),
      })
    })
    const found = splits.map((split, i) => ({ ...split.status(), folder: folderOf(i) }))
    const { lastId, takeBack } = settleJoint(disk, count > 1 ? found : [])
    for (const [i, first] of takeBack.entries()) {
      if (first !== undefined) await splits[i].takeBack(first)
    }
    const joint = new JointAppends(splits, lastId)
    mark = () => joint.mark
    this.#streams.set(table.id, { table, splits, joint, nextSplit: 0 })
    await Promise.all(splits.map((split) => split.start()))
    this.#tellNeeded(table.id)
  }

  /** The table has another form. Rows of the old one that are under way are stored first; those
   *  that come later are refused. */
  async alter(table: TableSpec): Promise<void> {
    const stream = this.#stream(table.id)
    let done = () => {}
    stream.altering = new Promise<void>((resolve) => {
      done = resolve
    })
    try {
      await stream.joint.idle()
      const form = formOf(table, this.#context.durability)
      await Promise.all(stream.splits.map((split) => split.alter(form)))
      stream.table = table
    } finally {
      stream.altering = undefined
      done()
    }
  }

  /** The engine cannot take more: neither do the streams, until it says undefined. */
  stall(error: SqlError | undefined): void {
    this.#stalled = error
  }

  /** What queries and checkpoints still have to read, of all streams. */
  need(offsets: NeededOffsets): void {
    this.#needed = offsets
    for (const tableId of this.#streams.keys()) this.#tellNeeded(tableId)
    void this.compact()
  }

  /** Keeps all records of the streams that are there now until the result is called: what needs
   *  them is not known to the engine yet. */
  hold(tableIds: readonly string[]): () => void {
    const holder = {}
    this.#holds.set(holder, tableIds)
    for (const id of tableIds) if (this.#streams.has(id)) this.#tellNeeded(id)
    return () => {
      this.#holds.delete(holder)
      for (const id of tableIds) if (this.#streams.has(id)) this.#tellNeeded(id)
    }
  }

  /** Before the engine has spoken, everything is needed. A stream that it does not name is read by
   *  nobody. */
  #tellNeeded(tableId: string): void {
    if (this.#needed === undefined) return
    const held = [...this.#holds.values()].some((ids) => ids.includes(tableId))
    const offsets = this.#needed[tableId] ?? {}
    for (const [i, split] of this.#stream(tableId).splits.entries()) {
      split.needFrom(held ? 0 : (offsets[i] ?? Infinity))
    }
  }

  /** Makes everything stored so far durable, whatever the level. */
  async sync(): Promise<void> {
    const streams = [...this.#streams.values()]
    await Promise.all(streams.flatMap(({ splits }) => splits.map((split) => split.sync())))
  }

  /** Resolves when everything that was sent is stored, or refused. */
  async idle(): Promise<void> {
    for (const { splits, joint } of this.#streams.values()) {
      while (joint.isBusy) await joint.idle()
      await Promise.all(splits.map((split) => split.idle()))
    }
  }

  /** Stores the rows and resolves when they are durable. Errors: STREAM_ENDED, INVALID_ARGUMENT for
   *  a split that does not exist, TOO_MANY_REQUESTS when the disk cannot keep up, DISK_FULL. */
  async append(
    tableId: string,
    records: Batch | StreamRows,
    options: AppendOptions = {},
  ): Promise<AppendResult> {
    const given = records instanceof Batch ? plain(records) : records
    const { batch } = given
    const stream = this.#stream(tableId)
    if (stream.altering !== undefined) await stream.altering
    refuseOldForm(stream.table, batch)
    const parts = this.#parts(stream, given, options)
    const { splits, joint } = stream
    if (this.#stalled !== undefined) throw this.#stalled
    if (batch.rowCount === 0) return { count: 0, offsets: [] }
    const alone = splits.reduce((sum, split) => sum + split.unsyncedBytes, 0)
    const unsynced = alone + joint.unsyncedBytes
    if (unsynced > this.#context.unsyncedBytesMax) {
      fail('TOO_MANY_REQUESTS', `The disk cannot keep up with stream ${stream.table.name}`, {
        hint: 'Send the request again in a moment.',
        details: { unsyncedBytes: unsynced },
      })
    }
    const { idempotencyKey } = options
    const key = idempotencyKey === undefined ? undefined : keyHash(idempotencyKey)
    const [[split, rows]] = parts
    const isPlaced = given.enveloped || placingColumns(stream.table) !== undefined
    const offsets =
      parts.size === 1 && (key === undefined || !isPlaced)
        ? [await splits[split].append(rows, key)]
        : await joint.append(parts, key)
    return { count: batch.rowCount, offsets }
  }

  /** What goes to which split: all rows to one, unless their content or their keys decide. */
  #parts(stream: Stream, given: StreamRows, options: AppendOptions): JointParts {
    const { table, splits } = stream
    const { batch, enveloped } = given
    const columns = placingColumns(table)
    if (splits.length === 1 || (columns === undefined && options.split !== undefined)) {
      return new Map([[this.#split(stream, options), given]])
    }
    if (columns !== undefined) {
      if (options.split !== undefined) refuseSplit(table)
      return partsOf(given, rowsBySplit(batch, columns, splits.length))
    }
    const key = enveloped ? batch.schema.fields.findIndex(({ name }) => name === KEY_COLUMN) : -1
    const keyless = this.#split(stream, options)
    if (key < 0) return new Map([[keyless, given]])
    return partsOf(given, rowsByKey(batch, key, splits.length, keyless))
  }

  #split(stream: Stream, { split, idempotencyKey }: AppendOptions): number {
    const { table, splits } = stream
    if (split !== undefined) {
      if (split < splits.length) return split
      fail('INVALID_ARGUMENT', `Stream ${table.name} has no split ${split}`, {
        hint: `Its splits are 0 to ${splits.length - 1}.`,
      })
    }
    // A retry must come to the split that knows its key.
    if (idempotencyKey !== undefined) return keyHash(idempotencyKey) % splits.length
    const next = stream.nextSplit
    stream.nextSplit = (next + 1) % splits.length
    return next
  }

  /** Declares that no record will follow: windows close, bounded queries finish. Ending an ended
   *  stream changes nothing. */
  async end(tableId: string): Promise<void> {
    const { splits, joint } = this.#stream(tableId)
    // No split may end while one of them has only a part of something.
    while (joint.isBusy) await joint.idle()
    await Promise.all(splits.map((split) => split.end()))
  }

  status(tableId: string): SplitStatus[] {
    return this.#stream(tableId).splits.map((split) => split.status())
  }

  /** Removes the stream with all its records: the files a little later, when no reader that was
   *  still at work on them can miss them. */
  async drop(tableId: string): Promise<void> {
    const stream = this.#stream(tableId)
    this.#streams.delete(tableId)
    await Promise.all(stream.splits.map((split) => split.close()))
    const { disk, clock, dataFolder } = this.#context
    clock.after(REMOVE_DELAY_MS, () => disk.remove(streamFolder(dataFolder, tableId)))
  }

  /** Waits for what is under way, then closes all logs. */
  async close(): Promise<void> {
    this.#cancelTimer()
    const streams = [...this.#streams.values()]
    await Promise.all(streams.flatMap(({ splits }) => splits.map((split) => split.close())))
    await this.#compacting
  }

  /** Compacts the streams that are due for it, one split after the other. Resolves when that is
   *  over, whoever began it. */
  compact(): Promise<void> {
    this.#compacting ??= this.#compactAll().finally(() => {
      this.#compacting = undefined
    })
    return this.#compacting
  }

  async #compactAll(): Promise<void> {
    for (const { table, splits } of [...this.#streams.values()]) {
      const onSwapped = () => this.#context.onCompacted?.(table.id)
      for (const split of splits) await split.compact(table, onSwapped)
    }
  }

  #armRetention(): void {
    this.#cancelTimer = this.#context.clock.after(RETENTION_INTERVAL_MS, () => {
      for (const { splits } of this.#streams.values()) for (const split of splits) split.trim()
      void this.compact()
      this.#armRetention()
    })
  }

  #stream(tableId: string): Stream {
    const stream = this.#streams.get(tableId)
    return stream ?? fail('INTERNAL', `stream ${tableId} is not open`)
  }
}

const KEY_COLUMN = envelopedSchema(schemaOf([])).fields[ENVELOPE_KEYS.indexOf('key')].name

function refuseSplit({ name }: TableSpec): never {
  fail('INVALID_ARGUMENT', `The rows of ${name} decide by themselves to which split they go`, {
    hint: 'Leave the split out.',
  })
}

const partsOf = (given: StreamRows, batches: readonly (Batch | undefined)[]): JointParts =>
  new Map(
    batches.flatMap((batch, split) => (batch === undefined ? [] : [[split, { ...given, batch }]])),
  )

/** The folder of all splits of an embedded stream. */
export const streamFolder = (dataFolder: string, tableId: string): string =>
  `${dataFolder}/streams/${tableId}`

/** How the table's records are kept. */
const formOf = (table: TableSpec, durability: Durability) => ({
  durability: (table.options.durability as Durability | undefined) ?? durability,
  packed: table.options.compression === 'zstd',
  retention: {
    bytesMax: optionNumber(table, 'retention.bytes'),
    ageMsMax: optionNumber(table, 'retention.ms'),
    dropsNeeded: table.options['retention.policy'] === 'drop',
  },
  tombstoneMs:
    table.options['cleanup.policy'] === 'compact' && table.primaryKey !== undefined
      ? (optionNumber(table, 'delete.retention.ms') ?? TOMBSTONE_MS)
      : undefined,
  header: table.intake === true ? new Uint8Array(0) : layoutHeader(table),
})

/** UNAVAILABLE for rows that were made before the table was altered. */
function refuseOldForm(table: TableSpec, { schema }: Batch): void {
  if (table.layout === undefined || table.intake === true) return
  const { fields } = recordSchema(table)
  const isOld = fields.some(({ name, type }, i) => {
    const field = schema.fields[i]
    return field?.name !== name || !sameType(field.type, type)
  })
  const more = schema.fields[fields.length]
  // Behind the record's columns stand those of an envelope.
  if (!isOld && (more === undefined || more.name.startsWith('$'))) return
  fail('UNAVAILABLE', `The table ${table.name} was altered meanwhile`, {
    hint: 'Send the request again.',
  })
}

function optionNumber(table: TableSpec, key: string): number | undefined {
  const text = table.options[key]
  return text === undefined ? undefined : Number(text)
}
