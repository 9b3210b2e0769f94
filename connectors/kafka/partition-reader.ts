/** One partition as a split: hands out what was fetched of it, as columns of positions in the
 *  fetched bytes. */

import type { Chunk, Offset, PollLimit, SplitReader } from '../../engine/source/source.ts'
import { Fetched, type FetchedOptions, type Taken } from './fetched.ts'
import { metadataColumns } from './metadata.ts'
import { type PartitionName, partitionOf } from './partition.ts'

/** What a reader needs of those that read the same table. */
export interface PartitionHost {
  readonly metadataKeys: ReadonlySet<string>
  /** undefined until something could be fetched. */
  readonly fetchedOptions: FetchedOptions | undefined
  /** Raises why nothing will ever come. */
  refuse(): void
  /** There is room for more. */
  taken(): void
  checkpointed(split: string, offset: number): void
  closed(reader: PartitionReader): void
}

export class PartitionReader implements SplitReader {
  readonly #host: PartitionHost
  readonly split: string
  readonly name: PartitionName
  readonly fetched: Fetched
  readonly #stop: Offset | undefined
  readonly #stopAt: number
  /** The offset after the partition's last record, as last heard of. */
  endOffset: number | undefined
  onReadyCallback = () => {}

  constructor(
    host: PartitionHost,
    { split, from, stop }: { readonly split: string; readonly from: Offset; stop?: Offset },
  ) {
    this.#host = host
    this.split = split
    this.name = partitionOf(split)
    this.fetched = new Fetched(Number(from))
    this.#stop = stop
    this.#stopAt = stop === undefined ? Infinity : Number(stop)
  }

  poll({ rowsMax, bytesMax, until }: PollLimit): Chunk | null {
    const options = this.#host.fetchedOptions
    const last = Math.min(until === undefined ? Infinity : Number(until), this.#stopAt)
    const taken = options && this.fetched.take({ rowsMax, bytesMax, until: last }, options)
    if (taken !== undefined && taken !== null) {
      this.#host.taken()
      return this.#chunk(taken)
    }
    const { position } = this.fetched
    if (this.#stop !== undefined && position >= this.#stopAt) return this.#end(String(position))
    this.#host.refuse()
    return null
  }

  #end(at: Offset): Chunk {
    const none = new Int32Array(0)
    return {
      from: at,
      to: at,
      rowCount: 0,
      end: true,
      bytes: new Uint8Array(0),
      starts: none,
      ends: none,
    }
  }

  #chunk({ rows, bytes, from, to }: Taken): Chunk {
    const { count } = rows
    const { metadataKeys, fetchedOptions } = this.#host
    const origin = { ...this.name, hasAppendTimes: rows.hasAppendTimes }
    const { keys } = fetchedOptions!.wanted
    return {
      from: String(from),
      to: String(to),
      rowCount: count,
      end: to >= this.#stopAt,
      offsetOf: (index) => String(rows.offsets[index]),
      bytes,
      starts: rows.starts.subarray(0, count),
      ends: rows.ends.subarray(0, count),
      ...(keys && {
        keys: { starts: rows.keyStarts.subarray(0, count), ends: rows.keyEnds.subarray(0, count) },
      }),
      ...(metadataKeys.size > 0 && {
        metadata: metadataColumns(metadataKeys, rows, bytes, origin),
      }),
    }
  }

  onReady(callback: () => void): void {
    this.onReadyCallback = callback
  }

  end(): Offset | undefined {
    return this.#stop ?? (this.endOffset === undefined ? undefined : String(this.endOffset))
  }

  lagRows(): number | undefined {
    if (this.endOffset === undefined) return undefined
    return Math.max(0, Math.min(this.endOffset, this.#stopAt) - this.fetched.position)
  }

  /** Kafka keeps messages by its own rules. */
  async commit(): Promise<void> {}

  checkpointed(offset: Offset): void {
    this.#host.checkpointed(this.split, Number(offset))
  }

  async close(): Promise<void> {
    this.#host.closed(this)
  }
}
