/** The catalog on disk: the statements that made it, in order. They are planned again at every
 *  start. */

import type { Disk } from '../engine/base/disk.ts'
import { fail } from '../engine/base/errors.ts'
import type { QueryPlan } from '../engine/plan/physical.ts'
import type { TableSpec } from '../engine/source/table.ts'
import { Catalog, type ConnectorCatalog, restoreCatalog, type SavedCatalog } from '../sql/index.ts'

/** A query or materialized view that runs. */
export interface RunningPlan {
  readonly plan: QueryPlan
  readonly kind: 'query' | 'materialized-view'
  readonly warnings: readonly string[]
  /** The table that INSERT INTO … SELECT writes to. */
  readonly target?: TableSpec | undefined
}

export interface LoadedCatalog {
  readonly catalog: Catalog
  /** In order of creation. */
  readonly running: readonly RunningPlan[]
}

const FILE = 'catalog.json'

export class CatalogStore {
  readonly #disk: Disk
  readonly #path: string
  readonly #connectors: ConnectorCatalog | undefined

  constructor(disk: Disk, dataFolder: string, connectors?: ConnectorCatalog) {
    this.#disk = disk
    this.#path = `${dataFolder}/${FILE}`
    this.#connectors = connectors
  }

  /** Everything that was saved, planned again. DATA_DAMAGED if the file is not whole, DATA_VERSION
   *  if another Millrace wrote it; an error that names the entry if one cannot be planned any
   *  more. */
  load(): LoadedCatalog {
    const bytes = this.#disk.readAll(this.#path)
    if (bytes === undefined) return { catalog: new Catalog(), running: [] }
    const saved = this.#parse(Buffer.from(bytes).toString())
    const { catalog, running } = restoreCatalog(saved, this.#connectors)
    return {
      catalog,
      running: running.map(({ entry, planned }) => ({
        plan: planned.plan,
        kind: entry.kind,
        warnings: planned.warnings,
        target: entry.kind === 'query' ? entry.target : undefined,
      })),
    }
  }

  #parse(text: string): SavedCatalog {
    try {
      return JSON.parse(text) as SavedCatalog
    } catch (cause) {
      return fail('DATA_DAMAGED', `${this.#path} is not JSON`, { cause })
    }
  }

  /** Writes the catalog; after a crash the file is the old one or the new one. */
  save(catalog: Catalog): void {
    this.#disk.replace(this.#path, Buffer.from(`${JSON.stringify(catalog.toJSON(), null, 2)}\n`))
  }
}
