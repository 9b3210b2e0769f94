/** All that running queries ask outside: the questions go out between two epochs, the answers come
 *  in as changes, which are in the journal before anybody sees them. */

import type { Clock } from '../base/clock.ts'
import { fail, type SqlError } from '../base/errors.ts'
import type { Answers } from '../operator/lookup/asking.ts'
import type { LookupConnector } from '../source/lookup.ts'
import { LookupChannel } from './lookup-channel.ts'
import type { Pipeline } from './pipeline.ts'

export interface LookupsOptions {
  readonly connectors: ReadonlyMap<string, LookupConnector>
  readonly clock: Pick<Clock, 'after'>
  /** Called when answers may be here. */
  readonly onReady: () => void
}

export interface StageAnswers extends Answers {
  readonly stage: string
}

/** What is taken into one epoch. */
const EPOCH_BYTES_MAX = 4 << 20

export class Lookups {
  readonly #options: LookupsOptions
  readonly #channels = new Map<Pipeline, Map<string, LookupChannel>>()

  constructor(options: LookupsOptions) {
    this.#options = options
  }

  /** Asks what a pipeline's operators wait for. */
  ask(pipeline: Pipeline): void {
    for (const channel of this.#channelsOf(pipeline).values()) channel.ask()
  }

  #channelsOf(pipeline: Pipeline): ReadonlyMap<string, LookupChannel> {
    const known = this.#channels.get(pipeline)
    if (known !== undefined) return known
    const { clock, onReady } = this.#options
    const channels = new Map<string, LookupChannel>()
    for (const [stage, { asking, request }] of pipeline.asking) {
      const connector = this.#connectorOf(request.table)
      channels.set(stage, new LookupChannel({ asking, request, connector, clock, onReady }))
    }
    this.#channels.set(pipeline, channels)
    return channels
  }

  #connectorOf({ name, connector }: { name: string; connector: string }): LookupConnector {
    return (
      this.#options.connectors.get(connector) ??
      fail('UNSUPPORTED', `Table ${name}: the ${connector} connector cannot be looked up`)
    )
  }

  /** The answers that are here for a pipeline. */
  take(pipeline: Pipeline): StageAnswers[] {
    const taken: StageAnswers[] = []
    for (const [stage, channel] of this.#channels.get(pipeline) ?? []) {
      for (const answers of channel.take(EPOCH_BYTES_MAX)) taken.push({ ...answers, stage })
    }
    return taken
  }

  /** Why a pipeline will not get its answers. */
  failure(pipeline: Pipeline): SqlError | undefined {
    return this.#find(pipeline, (channel) => channel.failure)
  }

  /** Why it does not get them for now. */
  trouble(pipeline: Pipeline): SqlError | undefined {
    return this.#find(pipeline, (channel) => channel.trouble)
  }

  #find(
    pipeline: Pipeline,
    of: (channel: LookupChannel) => SqlError | undefined,
  ): SqlError | undefined {
    for (const channel of this.#channels.get(pipeline)?.values() ?? []) {
      const found = of(channel)
      if (found !== undefined) return found
    }
    return undefined
  }

  /** The pipeline runs no more. */
  async drop(pipeline: Pipeline): Promise<void> {
    const channels = [...(this.#channels.get(pipeline)?.values() ?? [])]
    this.#channels.delete(pipeline)
    await Promise.all(channels.map((channel) => channel.close().catch(() => {})))
  }

  async close(): Promise<void> {
    await Promise.all([...this.#channels.keys()].map((pipeline) => this.drop(pipeline)))
  }
}
