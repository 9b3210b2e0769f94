/** The database as a file runs it: the real facade and engine over a disk in memory, which can be
 *  stopped, killed and started again on the same data at any moment. DuckDB keeps the materialized
 *  views in a real folder; each life after a kill has its own, copied at the moment of the kill. */

import { copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import type { Disk } from '../../../engine/base/disk.ts'
import { readConfig, type ServerOptions } from '../../../server/config.ts'
import { Database } from '../../../server/database.ts'
import { FaultDisk } from '../../engine/log/fault-disk.ts'
import { InlineEngine } from './inline-engine.ts'
import { ManualClock } from './manual-clock.ts'

export interface LifeOptions {
  /** 1: every epoch and every batch has one row. */
  readonly epochRowsMax?: number
  readonly checkpointIntervalMs: number
  readonly seed: number
}

const HOUR_MS = 3_600_000

export class Life {
  readonly clock = new ManualClock()
  readonly #options: LifeOptions
  readonly #folder = mkdtempSync(`${tmpdir()}/millrace-slt-`)
  #disk: FaultDisk
  #kills = 0
  db!: Database

  private constructor(options: LifeOptions) {
    this.#options = options
    this.#disk = new FaultDisk(options.seed)
    mkdirSync(this.#dataFolder)
  }

  static async begin(options: LifeOptions): Promise<Life> {
    const life = new Life(options)
    await life.#open()
    return life
  }

  get #dataFolder(): string {
    return `${this.#folder}/${this.#kills}`
  }

  async #open(): Promise<void> {
    const { epochRowsMax, checkpointIntervalMs } = this.#options
    const options: ServerOptions = {
      dataFolder: this.#dataFolder,
      checkpointIntervalMs: checkpointIntervalMs === Infinity ? HOUR_MS : checkpointIntervalMs,
      ...(epochRowsMax === undefined ? {} : { epochRowsMax }),
    }
    const disk = withoutFolder(this.#disk, this.#dataFolder)
    const { clock } = this
    const engine = new InlineEngine(disk, clock)
    this.db = new Database({ config: readConfig(options), disk, clock, engine })
    await this.db.ready
  }

  /** A clean stop, with a checkpoint, and a start. */
  async restart(): Promise<void> {
    await this.db.close()
    await this.#open()
  }

  /** What a power cut leaves: of everything not synced, any part may be lost. */
  async kill(): Promise<void> {
    const dead = this.db
    const folder = this.#dataFolder
    this.#kills++
    this.#disk = this.#disk.afterCut(this.#options.seed + this.#kills)
    mkdirSync(this.#dataFolder)
    for (const file of ['views.duckdb', 'views.duckdb.wal']) {
      if (existsSync(`${folder}/${file}`))
        copyFileSync(`${folder}/${file}`, `${this.#dataFolder}/${file}`)
    }
    // It goes on for a moment on a disk that nobody will see again.
    await dead.close()
    await this.#open()
  }

  async end(): Promise<void> {
    await this.db.close()
    rmSync(this.#folder, { recursive: true, force: true })
  }
}

/** The same disk with `folder` as its root: what is on it does not depend on where DuckDB's files
 *  are. */
function withoutFolder(disk: Disk, folder: string): Disk {
  const inside = (path: string) => path.replace(folder, 'data')
  return {
    openRead: (path) => disk.openRead(inside(path)),
    openWrite: (path) => disk.openWrite(inside(path)),
    readAll: (path) => disk.readAll(inside(path)),
    replace: (path, bytes) => disk.replace(inside(path), bytes),
    replaceLater: (path, bytes) => disk.replaceLater(inside(path), bytes),
    rename: (from, to) => disk.rename(inside(from), inside(to)),
    list: (path) => disk.list(inside(path)),
    makeFolder: (path) => disk.makeFolder(inside(path)),
    syncFolder: (path) => disk.syncFolder(inside(path)),
    syncFolderLater: (path) => disk.syncFolderLater(inside(path)),
    remove: (path) => disk.remove(inside(path)),
  }
}
