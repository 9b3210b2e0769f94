/** One reading of a table: finds its partitions, keeps their readers supplied, commits what is in a
 *  checkpoint. The connection is made anew whenever it is lost; what was fetched stays. */

import type { ConnectionOptions } from '@platformatic/kafka'
import type { Clock } from '../../engine/base/clock.ts'
import type { SqlError } from '../../engine/base/errors.ts'
import type {
  FoundSplit,
  FoundSplits,
  GrowingTable,
  Offset,
  Split,
} from '../../engine/source/source.ts'
import { type Life, Reconnect } from '../reconnect.ts'
import { Bell } from './bell.ts'
import { KafkaCluster, type Topics } from './cluster.ts'
import { Commits } from './commits.ts'
import type { FetchedOptions } from './fetched.ts'
import { Fetching } from './fetching.ts'
import { kafkaError } from './kafka-error.ts'
import { loadKafka } from './library.ts'
import { lookForSplits } from './look.ts'
import { partitionOf } from './partition.ts'
import { type PartitionHost, PartitionReader } from './partition-reader.ts'
import type { ReadSettings } from './read-settings.ts'

export interface ReadingParts {
  readonly clock: Clock
  readonly settings: ReadSettings
  /** How to connect. INVALID_OPTION. */
  readonly connection: () => ConnectionOptions
}

const NEVER_MS = 2 ** 31 - 1

export class KafkaReading implements GrowingTable {
  readonly #parts: ReadingParts
  readonly #what: string
  readonly #readers = new Map<string, PartitionReader>()
  readonly #commits: Commits | undefined
  readonly #look: Bell
  /** Somebody wants to look now. */
  #isDue = false
  #connection: Reconnect | undefined
  #fetching: Fetching | undefined
  #fetchedOptions: FetchedOptions | undefined
  /** The partitions that were found, or known from the start; undefined: do not look. */
  #known: Set<string> | undefined
  #isFirst = false
  #found: FoundSplit[] | undefined
  readonly #ends = new Map<string, number>()
  #onReady = () => {}

  constructor(parts: ReadingParts) {
    const { clock, settings } = parts
    this.#parts = parts
    this.#what = `Kafka at ${settings.bootstrapServers}`
    this.#look = new Bell(clock)
    if (settings.group !== undefined) this.#commits = new Commits(settings.group, clock)
  }

  watch(known: readonly string[] | undefined): void {
    this.#known = new Set(known)
    this.#isFirst = known === undefined
    this.#connect()
    this.refresh()
  }

  refresh(): void {
    this.#isDue = true
    this.#look.ring()
  }

  found(): FoundSplits | undefined {
    if (this.#connection?.failure !== undefined) throw this.#connection.failure
    const splits = this.#found
    this.#found = undefined
    return splits && { splits, complete: this.#parts.settings.stop !== undefined }
  }

  open({ id, stop }: Split, from: Offset): PartitionReader {
    const reader = new PartitionReader(this.#host, { split: id, from, ...(stop && { stop }) })
    reader.endOffset = this.#ends.get(id)
    this.#readers.set(id, reader)
    this.#connect()
    this.#fetching?.update()
    return reader
  }

  readonly #host: PartitionHost = this.#makeHost()

  #makeHost(): PartitionHost {
    const reading = this
    return {
      get metadataKeys() {
        return reading.#parts.settings.metadataKeys
      },
      get fetchedOptions() {
        return reading.#fetchedOptions
      },
      refuse() {
        if (reading.#connection?.failure !== undefined) throw reading.#connection.failure
      },
      taken: () => reading.#fetching?.taken(),
      checkpointed: (split, offset) => reading.#commits?.add(partitionOf(split), offset),
      closed: ({ split }) => reading.#readers.delete(split),
    }
  }

  onReady(callback: () => void): void {
    this.#onReady = callback
  }

  trouble(): SqlError | undefined {
    return this.#connection?.trouble
  }

  async close(): Promise<void> {
    await this.#commits?.close()
    await this.#connection?.close()
  }

  #connect(): void {
    this.#connection ??= new Reconnect({
      clock: this.#parts.clock,
      what: this.#what,
      life: (life) => this.#live(life),
      onChange: () => this.#onReady(),
    })
  }

  async #live(life: Life): Promise<void> {
    const { settings, connection } = this.#parts
    const kafka = await loadKafka()
    const { wanted, checksCrc } = settings
    this.#fetchedOptions = { kafka, wanted, checksCrc }
    const cluster = new KafkaCluster({ kafka, ...settings, connection: connection() })
    const aborted = new Promise<void>((resolve) => {
      life.signal.addEventListener('abort', () => resolve(), { once: true })
    })
    try {
      await Promise.race([aborted, this.#work(cluster, life)])
    } catch (error) {
      throw kafkaError(this.#what, error)
    } finally {
      this.#look.ring()
      await cluster.close()
      await this.#fetching?.stop()
      this.#fetching = undefined
      this.#commits?.disconnected()
    }
  }

  async #work(cluster: KafkaCluster, { signal, up }: Life): Promise<void> {
    const { clock, settings } = this.#parts
    const topics = await this.#topics(cluster)
    if (signal.aborted) return
    const parts = { clock, cluster, settings, up }
    const fetching = new Fetching({ ...parts, readers: this.#readers }, topics)
    this.#fetching = fetching
    this.#commits?.connected(cluster)
    fetching.update()
    await Promise.race([fetching.failed, this.#lookOn(cluster, topics, { signal, up })])
  }

  /** Looks for partitions when it is told to and from time to time. */
  async #lookOn(cluster: KafkaCluster, topics: Topics, { signal, up }: Life): Promise<void> {
    const { discoveryMs, stop } = this.#parts.settings
    const pauseMs = discoveryMs > 0 && stop === undefined ? discoveryMs : NEVER_MS
    let now = topics
    while (!signal.aborted) {
      this.#isDue = false
      if (this.#known !== undefined) await this.#lookOnce(cluster, now, this.#known)
      if (this.#readers.size === 0) up()
      if (!this.#isDue) await this.#look.wait(pauseMs)
      if (signal.aborted) return
      now = await this.#topics(cluster)
      this.#fetching?.update(now)
    }
  }

  async #lookOnce(cluster: KafkaCluster, topics: Topics, known: Set<string>): Promise<void> {
    const first = this.#isFirst
    const how = { known, first }
    const { splits, ends } = await lookForSplits(cluster, topics, this.#parts.settings, how)
    this.#isFirst = false
    for (const { id } of splits) known.add(id)
    for (const [split, end] of ends) this.#ends.set(split, end)
    if (!first && splits.length === 0) return
    this.#found = [...(this.#found ?? []), ...splits]
    this.#onReady()
  }

  /** Of the table's topics, and of those that are read already. */
  async #topics(cluster: KafkaCluster): Promise<Topics> {
    const { topics: wanted } = this.#parts.settings
    const read = [...this.#readers.values()].map(({ name }) => name.topic)
    if (typeof wanted !== 'function') return cluster.topics([...new Set([...wanted, ...read])])
    const { leaders, partitions } = await cluster.topics(undefined)
    return { leaders, partitions: new Map([...partitions].filter(([name]) => wanted(name))) }
  }
}
