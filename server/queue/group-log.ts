/** What the consumer groups of one stream have done, on disk: a log of events, and now and then a
 *  snapshot of all groups, before which everything goes. */

import type { Clock } from '../../engine/base/clock.ts'
import { crashPoint } from '../../engine/base/crash-point.ts'
import type { Disk } from '../../engine/base/disk.ts'
import { SYNC_INTERVAL_MS } from '../../engine/graph/journal-sync.ts'
import type { Durability } from '../../engine/graph/protocol.ts'
import { LogReader } from '../../engine/log/reader.ts'
import { LogWriter } from '../../engine/log/writer.ts'
import { type GroupEvent, GroupState, type SavedGroup } from './group-state.ts'

export interface GroupLogOptions {
  readonly disk: Disk
  readonly clock: Clock
  readonly folder: string
  readonly durability: Durability
}

const KIND_EVENT = 1
const KIND_SNAPSHOT = 2
const SEGMENT_BYTES = 256 << 10
/** A snapshot is written when the events since the last one are so many times its size. */
const EVENTS_PER_SNAPSHOT = 4
const EVENTS_BYTES_MIN = 256 << 10

/** What stands in one frame, and so is there as a whole or not at all. */
interface Stored {
  readonly group: string
  readonly events: readonly GroupEvent[]
}

const floorOf = ({ floor }: { readonly floor: number }): number => floor

export class GroupLog {
  readonly #options: GroupLogOptions
  readonly #log: LogWriter
  /** By name. */
  readonly groups = new Map<string, GroupState>()
  /** Where the groups' splits began when everything so far was last made durable. */
  #durableFloors = new Map<string, readonly number[]>()
  #eventBytes = 0
  #snapshotBytes = 0
  #compacting: Promise<void> | undefined
  #holders = 0
  #cancelSync: (() => void) | undefined

  /** Opens or makes the log. DATA_DAMAGED, DISK_FULL, DISK_FAILED. */
  constructor(options: GroupLogOptions) {
    this.#options = options
    const { disk, folder } = options
    this.#log = LogWriter.open(disk, folder, { segmentBytesMax: SEGMENT_BYTES })
    const reader = new LogReader(disk, folder)
    const end = this.#log.nextOffset
    for (let frame = reader.next(end); frame !== null; frame = reader.next(end)) {
      const json: unknown = JSON.parse(Buffer.from(frame.payload).toString())
      this.#eventBytes += frame.payloadBytes
      if (frame.kind === KIND_SNAPSHOT) this.#restore(json as Record<string, SavedGroup>)
      else this.#apply(json as Stored)
    }
    reader.close()
    this.#durableFloors = this.#floors()
  }

  #restore(saved: Readonly<Record<string, SavedGroup>>): void {
    this.groups.clear()
    for (const [name, group] of Object.entries(saved)) this.groups.set(name, new GroupState(group))
    this.#eventBytes = 0
  }

  /** Events before the first snapshot that is kept may be about what is not known any more. */
  #apply({ group, events }: Stored): void {
    for (const event of events) {
      if (event.type === 'made') this.groups.set(group, GroupState.made(event))
      else if (event.type === 'gone') this.groups.delete(group)
      else this.groups.get(group)?.apply(event)
    }
  }

  /** Writes the events, then applies them. They survive a kill of the process; see `sync`.
   *  DISK_FULL: nothing has changed. */
  add(group: string, ...events: readonly GroupEvent[]): void {
    if (events.length === 0) return
    const stored: Stored = { group, events }
    this.#eventBytes += this.#write(KIND_EVENT, stored)
    this.#apply(stored)
    crashPoint('groups.after-write')
  }

  #write(kind: number, json: unknown): number {
    const payload = Buffer.from(JSON.stringify(json))
    const timestampUs = this.#options.clock.nowUs()
    this.#log.append({ kind, count: 1, timestampUs, epoch: 0, watermarkUs: 0, payload: [payload] })
    return payload.length
  }

  /** Resolves when everything added so far is as durable as the level says. */
  async sync(): Promise<void> {
    const { durability, clock } = this.#options
    if (durability === 'sync') await this.#makeDurable()
    else if (durability === 'off') this.#durableFloors = this.#floors()
    else {
      this.#cancelSync ??= clock.after(SYNC_INTERVAL_MS, () => {
        this.#cancelSync = undefined
        this.#makeDurable().catch(() => {})
      })
    }
    crashPoint('groups.after-sync')
    this.#compactIfDue()
  }

  async #makeDurable(): Promise<void> {
    const floors = this.#floors()
    await this.#log.sync()
    this.#durableFloors = floors
  }

  #floors(): Map<string, readonly number[]> {
    return new Map([...this.groups].map(([name, { splits }]) => [name, splits.map(floorOf)]))
  }

  /** The first offset of the split that a group has yet to do, also after a power cut that takes
   *  what is not durable; Infinity if there is none. */
  neededFrom(split: number): number {
    let least = Infinity
    for (const floors of this.#durableFloors.values()) least = Math.min(least, floors[split])
    for (const { splits } of this.groups.values()) least = Math.min(least, splits[split].floor)
    return least
  }

  #compactIfDue(): void {
    const most = Math.max(EVENTS_BYTES_MIN, this.#snapshotBytes * EVENTS_PER_SNAPSHOT)
    if (this.#eventBytes < most || this.#compacting !== undefined || this.#holders > 0) return
    this.#compacting = this.#compact()
      // A disk that has no room for it now is asked again.
      .catch(() => {})
      .finally(() => {
        this.#compacting = undefined
      })
  }

  async #compact(): Promise<void> {
    const saved = Object.fromEntries([...this.groups].map(([name, group]) => [name, group.save()]))
    const before = this.#log.nextOffset
    this.#snapshotBytes = this.#write(KIND_SNAPSHOT, saved)
    this.#eventBytes = 0
    await this.#makeDurable()
    crashPoint('groups.snapshot-written')
    this.#log.trim({ before })
  }

  /** Until the result is called, no file goes. */
  async hold(): Promise<() => void> {
    this.#holders++
    await this.#compacting
    return () => {
      this.#holders--
    }
  }

  async close(): Promise<void> {
    this.#cancelSync?.()
    await this.#compacting
    await this.#log.sync().catch(() => {})
    this.#log.close()
  }
}
