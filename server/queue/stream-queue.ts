/** One stream as a queue: its consumer groups, their log on disk, and the queue's figures. */

import type { Clock } from '../../engine/base/clock.ts'
import type { Disk } from '../../engine/base/disk.ts'
import { fail } from '../../engine/base/errors.ts'
import { SerialQueue } from '../../engine/base/serial-queue.ts'
import type { Durability } from '../../engine/graph/protocol.ts'
import type { TableSpec } from '../../engine/source/table.ts'
import { type Streams, streamFolder } from '../streams.ts'
import { ConsumerGroup, type GroupStatus } from './consumer-group.ts'
import { QueueFigures, type QueueFigureValues } from './figures.ts'
import { GroupLog } from './group-log.ts'
import type { GroupSettings, GroupState } from './group-state.ts'
import { StreamRecords } from './stream-records.ts'
import { UndeliveredRecords } from './undelivered-records.ts'

export interface QueueContext {
  readonly disk: Disk
  readonly clock: Clock
  readonly dataFolder: string
  readonly streams: Streams
  /** Of streams that do not say. */
  readonly durability: Durability
}

/** Who has records of a stream to read, and how that goes. */
export interface ConsumerFigures extends QueueFigureValues {
  readonly consumer: 'group' | 'queries'
  /** Of the group. */
  readonly name?: string | undefined
}

export interface GroupInfo extends GroupStatus {
  readonly figures: QueueFigureValues
}

/** Where a group begins. */
export type Start = 'earliest' | 'latest'

const GROUPS_MAX = 1000
const NAME = /^[\w][\w.-]{0,99}$/

export const groupsFolder = (dataFolder: string, tableId: string): string =>
  `${dataFolder}/groups/${tableId}`

export class StreamQueue {
  readonly #context: QueueContext
  #table: TableSpec
  readonly records: StreamRecords
  readonly undelivered: UndeliveredRecords
  readonly #groups = new Map<string, ConsumerGroup>()
  readonly #figures = new Map<string, QueueFigures>()
  /** One after the other. */
  readonly #changes = new SerialQueue()
  #log: GroupLog | undefined
  readonly #ends: number[]
  /** Records that came, whoever reads them. */
  readonly arrivals: QueueFigures

  constructor(context: QueueContext, table: TableSpec) {
    const { disk, clock, dataFolder, streams } = context
    this.#context = context
    this.#table = table
    this.records = new StreamRecords(disk, streamFolder(dataFolder, table.id), table)
    this.undelivered = new UndeliveredRecords(streams, clock, table)
    this.#ends = streams.status(table.id).map(({ end }) => end)
    this.arrivals = new QueueFigures(0, clock.nowUs())
  }

  /** Opens what there is on disk: the groups, and the records that they gave up. What a group did
   *  beyond the end of its stream is forgotten before anything is stored there. DATA_DAMAGED. */
  async open(): Promise<void> {
    const { disk, dataFolder } = this.#context
    if (disk.list(groupsFolder(dataFolder, this.#table.id)).length > 0) {
      const log = this.#openLog()
      await log.sync()
    }
    await this.undelivered.openIfThere(disk, dataFolder)
  }

  #openLog(): GroupLog {
    if (this.#log !== undefined) return this.#log
    const { disk, clock, dataFolder, durability } = this.#context
    this.#log = new GroupLog({
      ...{ disk, clock },
      folder: groupsFolder(dataFolder, this.#table.id),
      durability: (this.#table.options.durability as Durability | undefined) ?? durability,
    })
    for (const [name, state] of this.#log.groups) {
      if (state.isBeyond(this.#ends)) this.#log.add(name, { type: 'cut', ends: this.#ends })
      this.#start(name, state)
    }
    return this.#log
  }

  #start(name: string, state: GroupState): ConsumerGroup {
    const { clock, streams } = this.#context
    const splits = () => streams.status(this.#table.id)
    const figures = this.#figures.get(name) ?? new QueueFigures(0, clock.nowUs())
    this.#figures.set(name, figures)
    const { madeUs } = state
    const group = new ConsumerGroup(
      {
        ...{ name, clock, splits, figures, log: this.#log!, records: this.records },
        giveUp: (record) => this.undelivered.write(record, madeUs),
      },
      state,
    )
    figures.observed(group.status.backlog, 0, clock.nowUs())
    this.#groups.set(name, group)
    return group
  }

  /** The table may have been altered since. */
  use(table: TableSpec): this {
    this.#table = table
    this.records.use(table)
    return this
  }

  /** The group, made if there is none. INVALID_ARGUMENT for what cannot be a name. */
  async group(name: string, settings: GroupSettings, start: Start): Promise<ConsumerGroup> {
    await this.#changes.idle()
    return this.#groups.get(name) ?? (await this.#make(name, settings, start))
  }

  async #make(name: string, settings: GroupSettings, start: Start): Promise<ConsumerGroup> {
    if (!NAME.test(name)) {
      fail('INVALID_ARGUMENT', `'${name.slice(0, 100)}' cannot name a consumer group`, {
        hint: 'Use letters, digits, dot, dash and underscore.',
      })
    }
    if (this.#groups.size >= GROUPS_MAX) {
      fail('LIMIT_EXCEEDED', `The stream has ${GROUPS_MAX} consumer groups already`)
    }
    const log = this.#openLog()
    const splits = this.#context.streams.status(this.#table.id)
    const floors = splits.map(({ first, end }) => (start === 'earliest' ? first : end))
    const madeUs = this.#context.clock.nowUs()
    log.add(name, { type: 'made', settings, floors, madeUs })
    const group = this.#start(name, log.groups.get(name)!)
    await log.sync()
    return group
  }

  find(name: string): ConsumerGroup {
    const group = this.#groups.get(name)
    return group ?? fail('NOT_FOUND', `${this.#table.name} has no consumer group ${name}`)
  }

  settings(name: string): GroupSettings | undefined {
    return this.#log?.groups.get(name)?.settings
  }

  /** The group goes on with other settings; those who wait for records ask again. */
  change(name: string, settings: GroupSettings): Promise<void> {
    return this.#changes.run(async () => {
      const old = this.find(name)
      // A record that is being given up would not be known as such to its successor.
      await old.close()
      const log = this.#openLog()
      try {
        log.add(name, { type: 'set', settings })
      } finally {
        this.#start(name, log.groups.get(name)!).lost = old.lost
      }
      await log.sync()
    })
  }

  remove(name: string): Promise<void> {
    return this.#changes.run(async () => {
      const old = this.find(name)
      await old.close()
      const log = this.#openLog()
      try {
        log.add(name, { type: 'gone' })
      } catch (error) {
        this.#start(name, log.groups.get(name)!).lost = old.lost
        throw error
      }
      this.#groups.delete(name)
      this.#figures.delete(name)
      await log.sync()
    })
  }

  statuses(): GroupInfo[] {
    return [...this.#groups.keys()].sort().map((name) => this.status(name))
  }

  /** NOT_FOUND. */
  status(name: string): GroupInfo {
    const { status } = this.find(name)
    return { ...status, figures: this.#figures.get(name)!.values(this.#context.clock.nowUs()) }
  }

  /** What each group's figures are. */
  groupFigures(): ConsumerFigures[] {
    const nowUs = this.#context.clock.nowUs()
    return [...this.#figures].map(([name, figures]) => ({
      ...{ consumer: 'group' as const, name },
      ...figures.values(nowUs),
    }))
  }

  /** The split has records up to here. */
  appended(split: number, end: number): void {
    const count = end - (this.#ends[split] ?? 0)
    this.#ends[split] = end
    if (count <= 0) return
    const nowUs = this.#context.clock.nowUs()
    this.arrivals.arrived(count, nowUs)
    for (const figures of this.#figures.values()) figures.arrived(count, nowUs)
    for (const group of this.#groups.values()) group.wake()
  }

  /** To be called now and then: what retention and compaction take from a group, nobody serves. */
  observe(): void {
    const nowUs = this.#context.clock.nowUs()
    for (const [name, { status }] of this.#groups) {
      this.#figures.get(name)?.observed(status.backlog, 0, nowUs)
    }
  }

  /** The first offset of the split that a group has yet to do; Infinity if there is none. */
  neededFrom(split: number): number {
    return this.#log?.neededFrom(split) ?? Infinity
  }

  /** Files that are not at work are let go. */
  rest(): void {
    this.records.rest()
  }

  /** Until the result is called, no file of the groups goes. */
  hold(): Promise<() => void> {
    return this.#log?.hold() ?? Promise.resolve(() => {})
  }

  async close(): Promise<void> {
    await Promise.all([...this.#groups.values()].map((group) => group.close()))
    this.rest()
    await this.#log?.close()
  }
}
