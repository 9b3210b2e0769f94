/** How files of several folders get their names at once (docs/design/0021-files.md): they are
 *  written under hidden names, then one small file says that they count, and of how many results;
 *  then they are renamed. Whoever finds that file after a crash renames what is left. */

import { Buffer } from 'node:buffer'
import { crashPoint } from '../../engine/base/crash-point.ts'
import { type Disk, folderOf } from '../../engine/base/disk.ts'
import { fail } from '../../engine/base/errors.ts'
import { filesBelow } from './partitions.ts'

interface Manifest {
  readonly version: 1
  /** The last result that is in the files. */
  readonly seq: number
  /** The newest ones, by their paths below the folder. */
  readonly files: readonly string[]
}

export class FileCommits {
  readonly #disk: Disk
  readonly #folder: string
  readonly #token: string
  /** The last result that is in files; -1: none. */
  seq = -1

  /** Finishes what was begun for the job; removes what does not count. `depth`: levels of folders.
   *  DATA_DAMAGED. */
  constructor(disk: Disk, folder: string, token: string, depth: number) {
    this.#disk = disk
    this.#folder = folder
    this.#token = token
    disk.makeFolder(folder)
    const found = disk.readAll(this.#manifestPath)
    if (found !== undefined) {
      const { seq, files } = this.#parsed(found)
      this.#rename(files)
      this.seq = seq
    }
    const isLeft = (name: string) => name.startsWith(`.part-${token}-`)
    for (const file of filesBelow(disk, folder, depth, isLeft)) disk.remove(`${folder}/${file}`)
  }

  get #manifestPath(): string {
    return `${this.#folder}/_millrace-${this.#token}`
  }

  #parsed(bytes: Uint8Array): Manifest {
    try {
      const manifest = JSON.parse(Buffer.from(bytes).toString()) as Manifest
      if (manifest.version === 1) return manifest
    } catch {
      // Not ours.
    }
    return fail('DATA_DAMAGED', `${this.#manifestPath} does not say which files count`)
  }

  /** Where to write the file that will be at `path` below the folder. */
  hidden(path: string): string {
    const full = `${this.#folder}/${path}`
    this.#disk.makeFolder(folderOf(full))
    return hiddenName(full)
  }

  /** From now on the files count, which are durable under their hidden names. */
  commit(files: readonly string[], seq: number): void {
    crashPoint('files.written')
    const manifest: Manifest = { version: 1, seq, files }
    this.#disk.replace(this.#manifestPath, Buffer.from(JSON.stringify(manifest)))
    this.seq = seq
    crashPoint('files.committed')
    this.#rename(files)
  }

  #rename(files: readonly string[]): void {
    const folders = new Set<string>()
    for (const file of files) {
      const path = `${this.#folder}/${file}`
      const hidden = this.#disk.openRead(hiddenName(path))
      if (hidden === undefined) continue
      hidden.close()
      this.#disk.rename(hiddenName(path), path)
      folders.add(folderOf(path))
    }
    for (const folder of folders) this.#disk.syncFolder(folder)
  }
}

const hiddenName = (path: string): string => {
  const cut = path.lastIndexOf('/') + 1
  return `${path.slice(0, cut)}.${path.slice(cut)}`
}
