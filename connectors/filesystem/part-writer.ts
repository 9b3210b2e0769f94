/** Writes results into files: holds them back until there are enough for files of a good size, or
 *  they have waited long enough; then all of them get their names at once. What was held back when
 *  it dies comes again from the results. */

import type { Clock } from '../../engine/base/clock.ts'
import { SerialQueue } from '../../engine/base/serial-queue.ts'
import type { Batch } from '../../engine/batch/batch.ts'
import { type Field, schemaOf } from '../../engine/batch/schema.ts'
import type { SinkFrame, SinkWriter } from '../../engine/source/sink.ts'
import { insertColumns, recordColumns, type TableSpec } from '../../engine/source/table.ts'
import type { FileCommits } from './commit.ts'
import type { FileEncoder } from './file-encoder.ts'
import { partitionOf } from './partitions.ts'

export interface PartWriterOptions {
  readonly table: TableSpec
  readonly clock: Clock
  readonly commits: FileCommits
  readonly encode: FileEncoder
  /** Of the job. */
  readonly token: string
  /** The last result that is known to be written. */
  readonly appliedSeq: number
}

export class PartWriter implements SinkWriter {
  readonly forgets = true
  readonly #options: PartWriterOptions
  readonly #bytesMax: number
  readonly #intervalMs: number
  readonly #queue = new SerialQueue()
  /** By folder. */
  #held = new Map<string, Batch[]>()
  #heldBytes = 0
  #firstSeq: number
  #nextSeq: number
  #isOverdue = false
  isLate = false
  #cancel: (() => void) | undefined
  appliedSeq: number

  constructor(options: PartWriterOptions) {
    const { options: given } = options.table
    this.#options = options
    this.#bytesMax = Number(given['sink.rolling-policy.file-size'])
    const usualMs = given.format === 'parquet' ? 60_000 : 1000
    this.#intervalMs = Number(given['sink.rolling-policy.rollover-interval'] ?? usualMs)
    this.appliedSeq = Math.max(options.commits.seq, options.appliedSeq)
    this.#nextSeq = this.appliedSeq + 1
    this.#firstSeq = this.#nextSeq
  }

  write(frames: readonly SinkFrame[]): Promise<void> {
    return this.#queue.run(async () => {
      // When writing the files failed, some of them are held already.
      for (const frame of frames) if (frame.seq >= this.#nextSeq) this.#hold(frame)
      if (this.#isOverdue || this.#heldBytes >= this.#bytesMax) await this.#roll()
      else this.#cancel ??= this.#options.clock.after(this.#intervalMs, () => this.#onTime())
    })
  }

  #onTime(): void {
    this.#cancel = undefined
    this.#isOverdue = true
    // Whoever writes next hears why it failed.
    this.#queue
      .run(() => this.#roll())
      .catch(() => {
        this.isLate = true
      })
  }

  #hold({ seq, batch }: SinkFrame): void {
    this.#nextSeq = seq + 1
    for (const [folder, rows] of byFolder(this.#options.table, batch)) {
      const held = this.#held.get(folder)
      if (held === undefined) this.#held.set(folder, [rows])
      else held.push(rows)
      this.#heldBytes += bytesOfBatch(rows)
    }
  }

  async #roll(): Promise<void> {
    if (this.#held.size === 0) return
    const { commits, encode, table, token } = this.#options
    const last = this.#nextSeq - 1
    const name = `part-${token}-${padded(this.#firstSeq)}-${padded(last)}.${table.options.format}`
    const files: string[] = []
    for (const [folder, batches] of this.#held) {
      const file = folder === '' ? name : `${folder}/${name}`
      await encode(commits.hidden(file), batches)
      files.push(file)
    }
    commits.commit(files, last)
    this.#held = new Map()
    this.#heldBytes = 0
    this.#firstSeq = this.#nextSeq
    this.#isOverdue = false
    this.isLate = false
    this.#cancel?.()
    this.#cancel = undefined
    this.appliedSeq = last
  }

  /** Writes what is held; if it cannot, it comes again. */
  async close(): Promise<void> {
    await this.#queue.run(() => this.#roll()).catch(() => {})
    this.#cancel?.()
  }
}

/** Names sort in the order of the results. */
const padded = (seq: number): string => String(seq).padStart(12, '0')

/** The rows of each folder, with the columns of the record. */
function byFolder(table: TableSpec, batch: Batch): Map<string, Batch> {
  const given = insertColumns(table)
  const fields = (columns: readonly number[]): Field[] =>
    columns.map((column) => table.schema.fields[column])
  const places = (columns: readonly number[]) =>
    columns.map((column) => batch.columns[given.indexOf(column)])
  const record = recordColumns(table)
  const rows = batch.withColumns(schemaOf(fields(record)), places(record))
  const { partitionedBy = [] } = table
  if (partitionedBy.length === 0) return new Map([['', rows]])
  const folders = new Map<string, number[]>()
  const [names, values] = [fields(partitionedBy), places(partitionedBy)]
  for (let row = 0; row < batch.rowCount; row++) {
    const folder = partitionOf(names, values, row)
    const found = folders.get(folder)
    if (found === undefined) folders.set(folder, [row])
    else found.push(row)
  }
  return new Map(
    [...folders].map(([folder, kept]) => [folder, rows.keep(Int32Array.from(kept), kept.length)]),
  )
}

/** About what the rows take in memory. */
function bytesOfBatch({ columns }: Batch): number {
  return columns.reduce((sum, column) => sum + bytesOfColumn(column), 0)
}

function bytesOfColumn({ length, type, starts, ends, children }: Batch['columns'][number]): number {
  const own = ['varchar', 'bytes', 'json'].includes(type.kind)
    ? lengthOf(starts, ends, length) + 8 * length
    : 8 * length
  return children.reduce((sum, child) => sum + bytesOfColumn(child), own)
}

function lengthOf(starts: Int32Array, ends: Int32Array, length: number): number {
  let sum = 0
  for (let row = 0; row < length; row++) sum += ends[row] - starts[row]
  return sum
}
