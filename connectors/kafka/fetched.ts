/** What was fetched of one partition and not handed out yet: cut into runs of rows whose bytes lie
 *  in one piece. Transaction markers are passed over, and so are the records of transactions that
 *  were aborted, when the broker names them. */

import { inflate } from './inflate.ts'
import type { KafkaLibrary } from './library.ts'
import { type BatchHead, batchHead, checkBatch, producerOf, RECORDS_AT } from './record-batch.ts'
import { type OpenBatch, RecordRows, type WantedParts } from './record-rows.ts'

export interface AbortedTransaction {
  readonly producerId: bigint
  readonly firstOffset: number
}

/** One answer of the broker. */
interface Answer {
  /** What was asked for; the first batch may begin before it. */
  readonly from: number
  readonly bytes: Uint8Array
  readonly view: DataView
  readonly batches: readonly BatchHead[]
  /** Of `batches`. */
  next: number
  /** Not begun yet, by first offset. */
  readonly aborted: AbortedTransaction[]
  /** Producers of the aborted transactions that are under way. */
  readonly abortedNow: Set<bigint>
}

export interface TakeLimit {
  readonly rowsMax: number
  readonly bytesMax: number
  /** Records before this offset only; Infinity: all. */
  readonly until: number
}

export interface Taken {
  readonly rows: RecordRows
  readonly bytes: Uint8Array
  readonly from: number
  readonly to: number
}

export interface FetchedOptions {
  readonly kafka: KafkaLibrary
  readonly wanted: WantedParts
  readonly checksCrc: boolean
}

/** Length, attributes, timestamp, offset and key length take one byte each in a marker. */
const MARKER_KEY_AT = RECORDS_AT + 5

export class Fetched {
  /** The next record to hand out. */
  position: number
  /** The next record to fetch. */
  fetchOffset: number
  /** Held here, as they came. */
  bytes = 0
  #answers: Answer[] = []
  #open: OpenBatch | undefined
  #openEnd = 0

  constructor(position: number) {
    this.position = position
    this.fetchOffset = position
  }

  /** Takes in what the broker answered at `fetchOffset`; a batch that is cut off at the end will
   *  come again. DATA_DAMAGED, UNSUPPORTED. */
  add(bytes: Uint8Array, aborted: readonly AbortedTransaction[]): void {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
    const batches: BatchHead[] = []
    const from = this.fetchOffset
    for (let at = 0; ; ) {
      const head = batchHead(view, at)
      if (head === undefined) break
      at = head.end
      if (head.lastOffset < this.fetchOffset) continue
      batches.push(head)
      this.fetchOffset = head.lastOffset + 1
    }
    if (batches.length === 0) return
    const sorted = [...aborted].sort((a, b) => a.firstOffset - b.firstOffset)
    const rest = { next: 0, aborted: sorted, abortedNow: new Set<bigint>() }
    this.#answers.push({ from, bytes, view, batches, ...rest })
    this.bytes += bytes.length
  }

  /** The next records at hand; null if there are none before `until`. It may have no row, if all
   *  that is there is passed over. DATA_DAMAGED, UNSUPPORTED. */
  take({ rowsMax, bytesMax, until }: TakeLimit, options: FetchedOptions): Taken | null {
    const from = this.position
    if (from >= until) return null
    if (this.#open === undefined && this.#answers.length === 0) return this.#skipped(until, options)
    const rows = new RecordRows(options.wanted, this.#rowsAtMost(rowsMax))
    const chunk = new ChunkBytes()
    while (chunk.size < bytesMax) {
      const batch = this.#open ?? this.#next(until, options)
      if (batch === undefined || !chunk.fits(batch, this.#isInflated(batch))) break
      const shift = chunk.add(batch, this.#isInflated(batch))
      const left = rows.take(batch, Math.max(from, this.#answers[0].from), until, shift)
      if (left !== Infinity) {
        this.position = Math.min(left, until)
        break
      }
      this.position = Math.min(this.#openEnd, until)
      this.#close()
    }
    if (this.position === from) return null
    return { rows, bytes: chunk.whole(), from, to: this.position }
  }

  /** Goes on at an offset that the broker has, after what is here. */
  skipTo(offset: number): void {
    this.fetchOffset = offset
  }

  #skipped(until: number, { wanted }: FetchedOptions): Taken | null {
    const from = this.position
    const to = Math.min(this.fetchOffset, until)
    if (to <= from) return null
    this.position = to
    return { rows: new RecordRows(wanted, 0), bytes: new Uint8Array(0), from, to }
  }

  /** No more rows than there can be. */
  #rowsAtMost(rowsMax: number): number {
    let count = this.#open?.left ?? 0
    for (const { batches, next } of this.#answers) {
      for (let i = next; i < batches.length && count < rowsMax; i++) count += batches[i].recordCount
    }
    return Math.max(1, Math.min(count, rowsMax))
  }

  #isInflated({ bytes }: OpenBatch): boolean {
    return bytes !== this.#answers[0]?.bytes
  }

  /** Opens the next batch with records for us. The position moves over those without. */
  #next(until: number, options: FetchedOptions): OpenBatch | undefined {
    for (;;) {
      const [answer] = this.#answers
      if (answer === undefined) return undefined
      const head = answer.batches[answer.next]
      if (head.baseOffset >= until) {
        this.position = until
        return undefined
      }
      this.#openEnd = head.lastOffset + 1
      if (!this.#isPassedOver(answer, head)) {
        this.#open = openBatch(answer, head, options)
        return this.#open
      }
      this.position = Math.max(this.position, Math.min(this.#openEnd, until))
      this.#close()
    }
  }

  #isPassedOver({ view, aborted, abortedNow }: Answer, head: BatchHead): boolean {
    while (aborted.length > 0 && aborted[0].firstOffset <= head.lastOffset) {
      abortedNow.add(aborted.shift()!.producerId)
    }
    if (head.isControl) {
      if (abortedNow.size > 0 && isAbortMarker(view, head))
        abortedNow.delete(producerOf(view, head))
      return true
    }
    return abortedNow.size > 0 && head.isTransactional && abortedNow.has(producerOf(view, head))
  }

  /** The first batch of the first answer is used up. */
  #close(): void {
    const [answer] = this.#answers
    this.#open = undefined
    answer.next++
    if (answer.next < answer.batches.length) return
    this.#answers.shift()
    this.bytes -= answer.bytes.length
  }
}

function openBatch(
  { bytes, view }: Answer,
  head: BatchHead,
  { kafka, checksCrc }: FetchedOptions,
): OpenBatch {
  if (checksCrc) checkBatch(bytes, view, head, kafka)
  const { baseOffset, baseTimestampMs, appendTimeMs, leaderEpoch, recordCount, codec } = head
  const base = { baseOffset, baseTimestampMs, appendTimeMs, leaderEpoch, left: recordCount }
  const at = head.at + RECORDS_AT
  if (codec === 0) return { ...base, bytes, at }
  return { ...base, bytes: inflate(bytes.subarray(at, head.end), codec, baseOffset, kafka), at: 0 }
}

/** A marker's one record has the key `version i16, type i16`; type 0 aborts. */
function isAbortMarker(view: DataView, { at, end }: BatchHead): boolean {
  const keyAt = at + MARKER_KEY_AT
  return keyAt + 4 <= end && view.getInt16(keyAt + 2) === 0
}

/** The bytes that a run of rows points into: those of one answer as they came, or unpacked batches
 *  one behind the other. */
class ChunkBytes {
  #direct: Uint8Array | undefined
  readonly #parts: Uint8Array[] = []
  size = 0

  fits({ bytes }: OpenBatch, isInflated: boolean): boolean {
    if (this.#direct !== undefined) return !isInflated && bytes === this.#direct
    return isInflated || this.#parts.length === 0
  }

  /** Returns what is to be added to positions in the batch's bytes. */
  add({ bytes, at }: OpenBatch, isInflated: boolean): number {
    if (!isInflated) {
      this.#direct = bytes
      return 0
    }
    const part = bytes.subarray(at)
    const shift = this.size - at
    this.#parts.push(part)
    this.size += part.length
    return shift
  }

  whole(): Uint8Array {
    if (this.#direct !== undefined) return this.#direct
    if (this.#parts.length === 1) return this.#parts[0]
    const bytes = new Uint8Array(this.size)
    let at = 0
    for (const part of this.#parts) {
      bytes.set(part, at)
      at += part.length
    }
    return bytes
  }
}
