/** One DuckDB for all files that are read or written at the moment: it holds nothing of its own. It
 *  is opened when it is first needed and closed when nobody needs it any more. */

import type { Connection, DuckdbDatabase } from '../engine/view/duckdb.ts'

const MEMORY_BYTES = 512 << 20

export interface Lent {
  readonly connection: Connection
  /** The connection must not be used afterwards. */
  readonly release: () => void
}

export class SharedDuckdb {
  #database: Promise<DuckdbDatabase> | undefined
  #users = 0

  /** A connection of one's own. */
  async lend(): Promise<Lent> {
    this.#users++
    try {
      this.#database ??= open()
      const connection = await (await this.#database).connect()
      let isOpen = true
      const release = () => {
        if (!isOpen) return
        isOpen = false
        void connection.close()
        this.#release()
      }
      return { connection, release }
    } catch (error) {
      this.#release()
      throw error
    }
  }

  #release(): void {
    if (--this.#users > 0) return
    const database = this.#database
    this.#database = undefined
    database?.then(
      (unused) => unused.close(),
      () => {},
    )
  }
}

async function open(): Promise<DuckdbDatabase> {
  const { DuckdbDatabase } = await import('../engine/view/duckdb.ts')
  return DuckdbDatabase.open({
    path: ':memory:',
    memoryBytesMax: MEMORY_BYTES,
    // Rows come in the order in which they are stored only from one thread.
    threads: 1,
    externalAccess: true,
  })
}
