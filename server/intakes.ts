/** Runs the intakes: each table whose source cannot be read twice has a connector that brings its
 *  messages, from CREATE TABLE to DROP TABLE and whether a query reads them or not, and that is
 *  connected again whenever it fails. */

import { Reconnect } from '../connectors/reconnect.ts'
import type { Clock } from '../engine/base/clock.ts'
import type { Disk } from '../engine/base/disk.ts'
import { fail, SqlError } from '../engine/base/errors.ts'
import { freshSeed } from '../engine/base/random.ts'
import type {
  IntakeConnector,
  IntakeFeed,
  IntakeGroup,
  IntakeStatus,
} from '../engine/source/intake.ts'
import type { TableSpec } from '../engine/source/table.ts'
import { storedMessages } from './intake-marks.ts'
import { IntakeWriter } from './intake-writer.ts'
import { type Streams, streamFolder } from './streams.ts'

export interface IntakesOptions {
  readonly disk: Disk
  readonly clock: Clock
  readonly dataFolder: string
  readonly streams: Streams
  /** By name. */
  readonly connectors: ReadonlyMap<string, IntakeConnector>
}

/** How long an end waits for messages that the disk does not take: those that will come again when
 *  they are not acknowledged, and the others. */
const SETTLE_MS = 4000
const CLOSE_MS = 1000

export class Intakes {
  readonly #options: IntakesOptions
  readonly #intakes = new Map<string, Intake>()

  constructor(options: IntakesOptions) {
    this.#options = options
  }

  /** What CREATE TABLE must refuse, in view of all tables that are there. */
  check(table: TableSpec, all: readonly TableSpec[]): void {
    const others = all.filter(
      ({ id, connector }) => id !== table.id && connector === table.connector,
    )
    this.#connector(table).check?.(table, others)
  }

  #connector({ connector }: TableSpec): IntakeConnector {
    return (
      this.#options.connectors.get(connector) ??
      fail('UNSUPPORTED', `The ${connector} connector cannot be read`)
    )
  }

  /** Begins to take the table's messages. Its log is open. */
  start(table: TableSpec): void {
    this.#intakes.set(table.id, new Intake(this.#options, this.#connector(table), table))
  }

  status(tableId: string): IntakeStatus | undefined {
    return this.#intakes.get(tableId)?.status()
  }

  /** Why nothing comes into the table's log for now, or any more. */
  trouble(tableId: string): SqlError | undefined {
    const status = this.status(tableId)
    return status?.state === 'connected' ? undefined : (status?.error ?? undefined)
  }

  /** Ends the intake of a table that is dropped, if it has one. */
  async drop(tableId: string): Promise<void> {
    const intake = this.#intakes.get(tableId)
    this.#intakes.delete(tableId)
    await intake?.close(true)
  }

  /** Ends the intake of a table until it is started again, if it has one. */
  async stop(tableId: string): Promise<void> {
    const intake = this.#intakes.get(tableId)
    this.#intakes.delete(tableId)
    await intake?.close(false)
  }

  /** Ends all intakes; what they have taken is in the logs, unless the disk does not take it. */
  async close(): Promise<void> {
    await Promise.all([...this.#intakes.values()].map((intake) => intake.close(false)))
    this.#intakes.clear()
  }
}

class Intake {
  readonly #connector: IntakeConnector
  readonly #table: TableSpec
  readonly #writer: IntakeWriter
  readonly #reconnect: Reconnect
  readonly #facts: FeedFacts
  #isDropped = false
  #connections = 0
  #isConnected = false
  #lost = 0
  #trouble: SqlError | undefined

  constructor(options: IntakesOptions, connector: IntakeConnector, table: TableSpec) {
    const { disk, clock, dataFolder, streams } = options
    this.#connector = connector
    this.#table = table
    const folder = `${streamFolder(dataFolder, table.id)}/0`
    const log = () => {
      const [{ first, end }] = streams.status(table.id)
      return { disk, folder, table, first, end }
    }
    this.#writer = new IntakeWriter({
      ...{ table, clock, log },
      append: (batch) => streams.append(table.id, batch),
      onTrouble: (error) => {
        this.#trouble = error
      },
    })
    this.#facts = {
      token: () => tokenOf(disk, streamFolder(dataFolder, table.id)),
      isDropped: () => this.#isDropped,
      stored: () => storedMessages(log()),
      up: () => {
        this.#isConnected = true
        this.#connections++
      },
      lost: (count) => {
        this.#lost += count
      },
    }
    this.#reconnect = new Reconnect({
      clock,
      what: `${connector.name} source of ${table.name}`,
      life: ({ signal, up }) => this.#live(signal, up),
    })
  }

  async #live(signal: AbortSignal, up: () => void): Promise<void> {
    const feed = new Feed(this.#writer, this.#facts, up)
    signal.addEventListener('abort', () => feed.end(), { once: true })
    try {
      await this.#connector.run(this.#table, feed, signal)
    } finally {
      this.#isConnected = false
      feed.end()
      this.#writer.giveUp(feed)
    }
  }

  status(): IntakeStatus {
    const { trouble, failure } = this.#reconnect
    const { stored, duplicates, lost } = this.#writer
    return {
      state: this.#state(),
      error: failure ?? this.#trouble ?? trouble ?? null,
      connections: this.#connections,
      messages: stored,
      duplicates,
      lost: this.#lost + lost,
    }
  }

  #state(): IntakeStatus['state'] {
    if (this.#reconnect.failure !== undefined) return 'failed'
    if (this.#isConnected) return 'connected'
    return this.#reconnect.trouble === undefined ? 'connecting' : 'waiting'
  }

  async close(isDropped: boolean): Promise<void> {
    this.#isDropped = isDropped
    await this.#reconnect.close()
    await this.#writer.close(CLOSE_MS)
    const wasConnected = this.#connections > 0 || this.#writer.position !== undefined
    if (isDropped && wasConnected) await this.#connector.forget?.(this.#table)
  }
}

/** What a feed asks and tells. */
interface FeedFacts {
  readonly token: () => string
  readonly isDropped: () => boolean
  readonly stored: () => Iterable<Uint8Array>
  readonly up: () => void
  readonly lost: (count: number) => void
}

const TOKEN = 'token'

/** The token that is kept with the table's log; made when it is first asked for. */
function tokenOf(disk: Disk, folder: string): string {
  const path = `${folder}/${TOKEN}`
  const kept = disk.readAll(path)
  if (kept !== undefined) return Buffer.from(kept).toString()
  const fresh = [freshSeed(), freshSeed()].map((n) => n.toString(16).padStart(8, '0')).join('')
  disk.replace(path, Buffer.from(fresh))
  return fresh
}

/** One connection's way to the writer. */
class Feed implements IntakeFeed {
  readonly #writer: IntakeWriter
  readonly #facts: FeedFacts
  readonly #up: () => void
  #ended = false

  constructor(writer: IntakeWriter, facts: FeedFacts, up: () => void) {
    this.#writer = writer
    this.#facts = facts
    this.#up = up
  }

  get keys(): ReadonlySet<string> {
    return this.#writer.keys
  }

  get token(): string {
    return this.#facts.token()
  }

  get isDropped(): boolean {
    return this.#facts.isDropped()
  }

  get position(): string | undefined {
    return this.#writer.position
  }

  get isFull(): boolean {
    return this.#writer.isFull
  }

  stored(): Iterable<Uint8Array> {
    return this.#facts.stored()
  }

  put(group: IntakeGroup): void {
    if (!this.#ended) this.#writer.put(group, this)
    else group.stored?.(new SqlError('UNAVAILABLE', 'The connection is over'))
  }

  room(): Promise<void> {
    return this.#ended ? Promise.resolve() : this.#writer.room()
  }

  settled(): Promise<void> {
    return this.#writer.idle(SETTLE_MS)
  }

  connected(): void {
    if (this.#ended) return
    this.#up()
    this.#facts.up()
  }

  lost(count: number): void {
    this.#facts.lost(count)
  }

  end(): void {
    this.#ended = true
    this.#writer.wake()
  }
}
