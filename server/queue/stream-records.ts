/** Records of one stream by split and offset, wherever they lie in its log. Frames that were read
 *  lately are kept. */

import type { Disk } from '../../engine/base/disk.ts'
import { fail } from '../../engine/base/errors.ts'
import { LogReader } from '../../engine/log/reader.ts'
import { StreamDecoder } from '../../engine/source/stream-decoder.ts'
import type { StreamFrame } from '../../engine/source/stream-frame.ts'
import type { TableSpec } from '../../engine/source/table.ts'
import type { Place } from './away-records.ts'
import { RecordTexts } from './record-text.ts'

interface Kept {
  readonly split: number
  readonly frame: StreamFrame
  readonly bytes: number
  texts?: RecordTexts
}

/** A record: a row of what its frame says. */
export interface FoundRecord {
  readonly texts: RecordTexts
  readonly row: number
}

const KEPT_BYTES_MAX = 16 << 20

export class StreamRecords {
  readonly #disk: Disk
  readonly #folder: string
  #table: TableSpec
  #decoder: StreamDecoder
  readonly #readers = new Map<number, { readonly reader: LogReader; at: number }>()
  /** The one used last comes last. */
  #kept: Kept[] = []
  #keptBytes = 0

  /** `folder`: of all splits. */
  constructor(disk: Disk, folder: string, table: TableSpec) {
    this.#disk = disk
    this.#folder = folder
    this.#table = table
    this.#decoder = new StreamDecoder(table)
  }

  /** The table may have been altered since. */
  use(table: TableSpec): void {
    if (table === this.#table) return
    this.#table = table
    this.#decoder = new StreamDecoder(table)
    this.forget()
  }

  /** Forgets what was read: the log has been rewritten. */
  forget(): void {
    this.#kept = []
    this.#keptBytes = 0
    this.rest()
  }

  get table(): TableSpec {
    return this.#table
  }

  /** The frame that holds `offset`, which is before `end`, up to where the split may be read. GONE
   *  if it is no longer kept; DATA_DAMAGED. */
  frame(split: number, offset: number, end: number): StreamFrame {
    return this.#at({ split, offset }, end).frame
  }

  /** The record at a place before `end`. Errors as of `frame`; DATA_DAMAGED if compaction has
   *  removed it, which it must not while anyone needs it. */
  find(place: Place, end: number): FoundRecord {
    const kept = this.#at(place, end)
    kept.texts ??= new RecordTexts(kept.frame, place.split, this.#table)
    return { texts: kept.texts, row: kept.texts.rowOf(place.offset) }
  }

  #at({ split, offset }: Place, end: number): Kept {
    const index = this.#kept.findLastIndex(
      ({ split: of, frame }) => of === split && frame.first <= offset && offset < frame.next,
    )
    if (index >= 0) {
      const [kept] = this.#kept.splice(index, 1)
      this.#kept.push(kept)
      return kept
    }
    return this.#read(split, offset, end)
  }

  #read(split: number, offset: number, end: number): Kept {
    const place = this.#readers.get(split) ?? {
      reader: new LogReader(this.#disk, `${this.#folder}/${split}`),
      at: -1,
    }
    this.#readers.set(split, place)
    const { reader } = place
    if (place.at !== offset) reader.seek(offset)
    place.at = -1
    const stored = reader.next(end)
    if (stored === null) {
      fail('DATA_DAMAGED', `Split ${split} of ${this.#table.name} ends before record ${offset}`)
    }
    const frame = this.#decoder.decode(stored, reader.header)
    place.at = stored.next
    const kept: Kept = { split, frame, bytes: stored.payloadBytes }
    this.#kept.push(kept)
    this.#keptBytes += kept.bytes
    while (this.#keptBytes > KEPT_BYTES_MAX && this.#kept.length > 1) {
      this.#keptBytes -= this.#kept.shift()!.bytes
    }
    return kept
  }

  /** Lets go of the files until they are needed again: those that retention removed must not be
   *  held on to. */
  rest(): void {
    for (const place of this.#readers.values()) {
      place.reader.close()
      place.at = -1
    }
  }
}
