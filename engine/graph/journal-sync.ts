/** When the journal goes to the disk, by durability level, and up to which epoch results may be
 *  released. */

import type { Clock } from '../base/clock.ts'
import type { Journal } from './journal.ts'
import type { Durability } from './protocol.ts'

export interface JournalSyncOptions {
  readonly durability: Durability
  readonly clock: Clock
}

/** How much time a power cut may take back at the level `interval`. */
export const SYNC_INTERVAL_MS = 1000

export class JournalSync {
  readonly #journal: Journal
  readonly #options: JournalSyncOptions
  #epoch = -1
  #failed: { readonly error: unknown } | undefined
  #cancel: (() => void) | undefined

  constructor(journal: Journal, options: JournalSyncOptions) {
    this.#journal = journal
    this.#options = options
    this.#epoch = journal.nextEpoch - 1
  }

  /** The last epoch whose results may be seen. */
  get epoch(): number {
    return this.#epoch
  }

  /** The entry of `epoch` was appended. Resolves when its results may be seen. */
  async after(epoch: number): Promise<void> {
    if (this.#failed !== undefined) throw this.#failed.error
    if (this.#options.durability === 'sync') await this.#journal.sync()
    else if (this.#options.durability === 'interval') this.#syncSoon()
    this.#epoch = Math.max(this.#epoch, epoch)
  }

  #syncSoon(): void {
    this.#cancel ??= this.#options.clock.after(SYNC_INTERVAL_MS, () => {
      this.#cancel = undefined
      this.#journal.sync().catch((error) => {
        this.#failed = { error }
      })
    })
  }

  close(): void {
    this.#cancel?.()
  }
}
