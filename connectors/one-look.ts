/** A table whose splits are known after one look at the broker, which also says where each begins.
 *  The look is taken again until it succeeds. */

import type { Clock } from '../engine/base/clock.ts'
import type { SqlError } from '../engine/base/errors.ts'
import type {
  FoundSplit,
  FoundSplits,
  GrowingTable,
  Offset,
  Split,
  SplitReader,
} from '../engine/source/source.ts'
import { Reconnect } from './reconnect.ts'

export interface OneLookOptions {
  readonly clock: Clock
  /** The broker, for messages. */
  readonly what: string
  /** Connects, looks, and disconnects. */
  readonly look: (signal: AbortSignal) => Promise<readonly FoundSplit[]>
  readonly open: (split: Split, from: Offset) => SplitReader
}

export class OneLook implements GrowingTable {
  readonly #options: OneLookOptions
  #connection: Reconnect | undefined
  #found: FoundSplits | undefined
  #onReady = () => {}

  constructor(options: OneLookOptions) {
    this.#options = options
  }

  watch(): void {
    const { clock, what, look } = this.#options
    this.#connection = new Reconnect({
      ...{ clock, what },
      life: async ({ signal, up }) => {
        this.#found = { splits: await look(signal), complete: true }
        up()
        this.#onReady()
        // That was all; this object stands for a connection until it is closed.
        await aborted(signal)
      },
      onChange: () => this.#onReady(),
    })
  }

  /** There is never more to see. */
  refresh(): void {}

  found(): FoundSplits | undefined {
    if (this.#connection?.failure !== undefined) throw this.#connection.failure
    const found = this.#found
    this.#found = undefined
    return found
  }

  open(split: Split, from: Offset): SplitReader {
    return this.#options.open(split, from)
  }

  onReady(callback: () => void): void {
    this.#onReady = callback
  }

  trouble(): SqlError | undefined {
    return this.#connection?.trouble
  }

  async close(): Promise<void> {
    await this.#connection?.close()
  }
}

/** Resolves when the signal aborts. */
export function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
}
