/** Records of one stream by split and offset, wherever they lie in its log. Frames that were read
 *  lately are kept. */

import type { Disk } from '../../engine/base/disk.ts'
import { fail } from '../../engine/base/errors.ts'
import { LogReader } from '../../engine/log/reader.ts'
import { StreamDecoder } from '../../engine/source/stream-decoder.ts'
import type { StreamFrame } from '../../engine/source/stream-frame.ts'
import type { TableSpec } from '../../engine/source/table.ts'
import type { Place } from './away-records.ts'
import { type RecentFrame, RecentFrames } from './recent-frames.ts'
import { RecordTexts } from './record-text.ts'

/** A record: a row of what its frame says. */
export interface FoundRecord {
  readonly texts: RecordTexts
  readonly row: number
}

export class StreamRecords {
  readonly #disk: Disk
  readonly #folder: string
  #table: TableSpec
  #decoder: StreamDecoder
  readonly #readers = new Map<number, { readonly reader: LogReader; at: number }>()
  readonly #recent = new RecentFrames()

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
    this.#recent.clear()
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
    const recent = this.#at(place, end)
    recent.texts ??= new RecordTexts(recent.frame, place.split, this.#table)
    return { texts: recent.texts, row: recent.texts.rowOf(place.offset) }
  }

  #at({ split, offset }: Place, end: number): RecentFrame {
    return this.#recent.find(split, offset) ?? this.#read(split, offset, end)
  }

  #read(split: number, offset: number, end: number): RecentFrame {
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
    const recent: RecentFrame = { split, frame, bytes: stored.payloadBytes }
    this.#recent.add(recent)
    return recent
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
