/** Offsets for the consumer group, for those who watch its lag: what is in a checkpoint is soon
 *  committed. Nothing depends on it, so a failure is only a reason to try again. */

import { type Clock, within } from '../../engine/base/clock.ts'
import type { KafkaCluster } from './cluster.ts'
import { type PartitionName, splitOf } from './partition.ts'

const RETRY_MS = 1000
/** How long an end waits for a broker that does not answer. */
const CLOSE_MS = 1000

export class Commits {
  readonly #group: string
  readonly #clock: Clock
  #cancel = () => {}
  readonly #offsets = new Map<string, PartitionName & { offset: number }>()
  #cluster: KafkaCluster | undefined
  #running: Promise<void> | undefined

  constructor(group: string, clock: Clock) {
    this.#group = group
    this.#clock = clock
  }

  connected(cluster: KafkaCluster): void {
    this.#cluster = cluster
    void this.flush()
  }

  disconnected(): void {
    this.#cluster = undefined
    this.#cancel()
  }

  add(name: PartitionName, offset: number): void {
    this.#offsets.set(splitOf(name), { ...name, offset })
    // Those of the other partitions come in the same breath.
    queueMicrotask(() => void this.flush())
  }

  /** Resolves when what can be committed is. */
  async flush(): Promise<void> {
    this.#running ??= this.#commit().finally(() => {
      this.#running = undefined
    })
    await this.#running
  }

  /** Commits what is left, or gives it up. */
  close(): Promise<void> {
    return within(this.#clock, CLOSE_MS, this.flush())
  }

  async #commit(): Promise<void> {
    while (this.#cluster !== undefined && this.#offsets.size > 0) {
      const offsets = [...this.#offsets.values()]
      try {
        await this.#cluster.commit(this.#group, offsets)
      } catch {
        this.#cancel()
        this.#cancel = this.#clock.after(RETRY_MS, () => void this.flush())
        return
      }
      for (const entry of offsets) {
        const split = splitOf(entry)
        if (this.#offsets.get(split) === entry) this.#offsets.delete(split)
      }
    }
  }
}
