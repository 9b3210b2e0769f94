/** How far each job has written its results, in a small file of its own under the data folder.
 *  Sinks that know it themselves need only the job's token from it. */

import { randomBytes } from 'node:crypto'
import type { Disk } from '../engine/base/disk.ts'
import { fail } from '../engine/base/errors.ts'

interface Saved {
  readonly version: 1
  readonly token: string
  readonly appliedSeq: number
}

export class SinkPosition {
  readonly #disk: Disk
  readonly #path: string
  readonly token: string
  #savedSeq: number

  private constructor(disk: Disk, path: string, { token, appliedSeq }: Saved) {
    this.#disk = disk
    this.#path = path
    this.token = token
    this.#savedSeq = appliedSeq
  }

  /** The job's position; a new job's begins at -1. DATA_DAMAGED, DATA_VERSION. */
  static open(disk: Disk, dataFolder: string, queryId: string): SinkPosition {
    const folder = `${dataFolder}/sinks`
    const path = `${folder}/${queryId}.json`
    const bytes = disk.readAll(path)
    if (bytes !== undefined) return new SinkPosition(disk, path, parse(path, bytes))
    disk.makeFolder(folder)
    const token = randomBytes(8).toString('hex')
    const fresh = new SinkPosition(disk, path, { version: 1, token, appliedSeq: -1 })
    // The token is on the disk before anything carries it.
    fresh.save(-1)
    return fresh
  }

  /** Removes the positions of jobs that are no more. */
  static keepOnly(disk: Disk, dataFolder: string, queryIds: readonly string[]): void {
    const folder = `${dataFolder}/sinks`
    const wanted = new Set(queryIds.map((id) => `${id}.json`))
    for (const name of disk.list(folder)) if (!wanted.has(name)) disk.remove(`${folder}/${name}`)
  }

  get savedSeq(): number {
    return this.#savedSeq
  }

  save(appliedSeq: number): void {
    const saved: Saved = { version: 1, token: this.token, appliedSeq }
    this.#disk.replace(this.#path, Buffer.from(JSON.stringify(saved)))
    this.#savedSeq = appliedSeq
  }

  remove(): void {
    this.#disk.remove(this.#path)
  }
}

function parse(path: string, bytes: Uint8Array): Saved {
  let saved: Saved
  try {
    saved = JSON.parse(Buffer.from(bytes).toString())
  } catch (cause) {
    return fail('DATA_DAMAGED', `${path} is not JSON`, { cause })
  }
  if (saved.version !== 1) fail('DATA_VERSION', `${path} has version ${saved.version}`)
  return saved
}
