/** An engine over several lives: it ends in order or is killed, and goes on from its folder. A kill
 *  goes on from a copy of the folder as it is: all that was written, nothing finished. */

import { cpSync } from 'node:fs'
import type { QueryPlan } from '../../../engine/plan/physical.ts'
import type { TableSpec } from '../../../engine/source/table.ts'
import {
  type EngineOptions,
  Producer,
  Subscriber,
  startEngine,
  temporaryFolder,
} from './harness.ts'

export type LifeOptions = Omit<
  EngineOptions,
  'dataFolder' | 'queries' | 'producer' | 'subscriber'
> & {
  /** What the producer writes to, opened again after a kill: tables and how many splits they have. */
  readonly streams?: readonly (readonly [TableSpec, number])[]
  /** Called before a later life begins. */
  readonly onRestart?: () => void
}

export class Lives {
  readonly #options: LifeOptions
  readonly #folders = [temporaryFolder()]
  #running: Awaited<ReturnType<typeof startEngine>> | undefined
  /** Those that a next life starts with. */
  readonly attached: QueryPlan[] = []
  producer: Producer
  subscriber = new Subscriber()

  constructor(options: LifeOptions = {}) {
    this.#options = options
    this.producer = new Producer(this.folder)
  }

  get engine() {
    return this.#running!.engine
  }

  get folder(): string {
    return this.#folders.at(-1)!.path
  }

  async start(): Promise<void> {
    const { producer, subscriber, folder, attached } = this
    const queries = [...attached]
    this.#running = await startEngine({
      ...{ ...this.#options, dataFolder: folder, producer, subscriber, queries },
    })
  }

  attach(plan: QueryPlan): Promise<void> {
    const done = this.engine.attach(plan)
    this.attached.push(plan)
    return done
  }

  async restart(): Promise<void> {
    await this.engine.stop()
    this.#options.onRestart?.()
    await this.start()
  }

  /** The process dies here. */
  async kill(): Promise<void> {
    const old = this.engine
    const copy = temporaryFolder()
    cpSync(this.folder, copy.path, { recursive: true })
    this.#folders.push(copy)
    this.subscriber = this.subscriber.copy()
    this.producer = new Producer(copy.path)
    for (const [table, splits] of this.#options.streams ?? []) {
      for (let split = 0; split < splits; split++) this.producer.open(table, split)
    }
    this.subscriber.catchUp(copy.path)
    await old.stop()
    this.#options.onRestart?.()
    await this.start()
  }

  /** Ends the last life; the folder is still there. */
  stop(): Promise<void> {
    return this.engine.stop()
  }

  remove(): void {
    for (const folder of this.#folders) folder.remove()
  }
}
