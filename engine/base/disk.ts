/** The file system as an interface, so that tests can tear writes, lose them and fill the disk.
 *  Reads and writes are synchronous (they meet the page cache); only `sync` waits for the device.
 *  Errors: DISK_FULL for ENOSPC, DISK_FAILED for everything else the device says. */

import * as fs from 'node:fs'
import { crashPoint } from './crash-point.ts'
import { SqlError } from './errors.ts'

export interface DiskFile {
  readonly path: string
  /** Bytes in the file now. */
  size(): number
  /** Fills `target` from `position` as far as the file reaches; returns the bytes read. */
  read(target: Uint8Array, position: number): number
  /** Writes all of `bytes` at `position`. */
  write(bytes: Uint8Array, position: number): void
  /** Resolves when everything written before the call is on the device. */
  sync(): Promise<void>
  syncNow(): void
  truncate(size: number): void
  /** Whether its path now leads to another file. */
  isReplaced(): boolean
  close(): void
}

export interface Disk {
  /** Opens for reading; undefined if there is no such file. */
  openRead(path: string): DiskFile | undefined
  /** Opens for reading and writing; creates the file if there is none. */
  openWrite(path: string): DiskFile
  /** The whole file; undefined if there is none. */
  readAll(path: string): Uint8Array | undefined
  /** Replaces the file by `bytes` at once: after a crash it is the old or the new, whole. */
  replace(path: string, bytes: Uint8Array): void
  /** As `replace`; only the rename is done in this thread. */
  replaceLater(path: string, bytes: Uint8Array): Promise<void>
  /** Gives a file another name, and takes the place of what had it: after a crash it is the old or
   *  the new. Durable after `syncFolder`. */
  rename(from: string, to: string): void
  /** File names in the folder, sorted; empty if there is no such folder. */
  list(folder: string): string[]
  /** Makes the folder and those above it, durably; nothing happens if it is there. */
  makeFolder(folder: string): void
  /** Makes the folder's own entries durable (new and removed files). */
  syncFolder(folder: string): void
  /** As `syncFolder`, without waiting in this thread. */
  syncFolderLater(folder: string): Promise<void>
  /** Removes a file or a folder with all that is in it; nothing happens if there is none. */
  remove(path: string): void
}

function guard<T>(path: string, action: () => T): T {
  try {
    return action()
  } catch (error) {
    throw diskError(path, error)
  }
}

/** Only the wait for the device is left to another thread: everything else meets the page cache,
 *  and each wait takes a turn of a busy event loop. */
function synced(sync: typeof fs.fsync, fd: number, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    sync(fd, (error) => (error ? reject(diskError(path, error)) : resolve()))
  })
}

function diskError(path: string, error: unknown): SqlError {
  const { code, message } = error as NodeJS.ErrnoException
  return code === 'ENOSPC' || code === 'EDQUOT'
    ? new SqlError('DISK_FULL', `No space left for ${path}`, { cause: error })
    : new SqlError('DISK_FAILED', `${path}: ${message}`, { cause: error })
}

class NodeFile implements DiskFile {
  readonly path: string
  readonly #fd: number

  constructor(path: string, fd: number) {
    this.path = path
    this.#fd = fd
  }

  size(): number {
    return guard(this.path, () => fs.fstatSync(this.#fd).size)
  }

  read(target: Uint8Array, position: number): number {
    let done = 0
    while (done < target.length) {
      const n = guard(this.path, () =>
        fs.readSync(this.#fd, target, done, target.length - done, position + done),
      )
      if (n === 0) break
      done += n
    }
    return done
  }

  write(bytes: Uint8Array, position: number): void {
    let done = 0
    while (done < bytes.length) {
      done += guard(this.path, () =>
        fs.writeSync(this.#fd, bytes, done, bytes.length - done, position + done),
      )
    }
  }

  sync(): Promise<void> {
    return synced(fs.fdatasync, this.#fd, this.path)
  }

  syncNow(): void {
    guard(this.path, () => fs.fdatasyncSync(this.#fd))
  }

  truncate(size: number): void {
    guard(this.path, () => fs.ftruncateSync(this.#fd, size))
  }

  isReplaced(): boolean {
    return guard(this.path, () => {
      const found = fs.statSync(this.path, { throwIfNoEntry: false })
      const own = fs.fstatSync(this.#fd)
      return found !== undefined && (found.ino !== own.ino || found.dev !== own.dev)
    })
  }

  close(): void {
    guard(this.path, () => fs.closeSync(this.#fd))
  }
}

/** The folder part of a path. */
export const folderOf = (path: string): string => path.slice(0, Math.max(path.lastIndexOf('/'), 0))

export const nodeDisk: Disk = {
  openRead(path) {
    if (!fs.existsSync(path)) return undefined
    return guard(path, () => new NodeFile(path, fs.openSync(path, 'r')))
  },
  openWrite(path) {
    return guard(path, () => {
      const flags = fs.constants.O_RDWR | fs.constants.O_CREAT
      return new NodeFile(path, fs.openSync(path, flags, 0o644))
    })
  },
  readAll(path) {
    if (!fs.existsSync(path)) return undefined
    return guard(path, () => fs.readFileSync(path))
  },
  replace(path, bytes) {
    guard(path, () => {
      const draft = `${path}.draft`
      const fd = fs.openSync(draft, 'w', 0o644)
      try {
        fs.writeFileSync(fd, bytes)
        fs.fsyncSync(fd)
      } finally {
        fs.closeSync(fd)
      }
      crashPoint('replace.before-rename')
      fs.renameSync(draft, path)
      crashPoint('replace.after-rename')
      nodeDisk.syncFolder(folderOf(path))
    })
  },
  async replaceLater(path, bytes) {
    const draft = `${path}.draft`
    const fd = guard(draft, () => fs.openSync(draft, 'w', 0o644))
    try {
      guard(draft, () => fs.writeFileSync(fd, bytes))
      await synced(fs.fsync, fd, draft)
    } finally {
      fs.closeSync(fd)
    }
    crashPoint('replace.before-rename')
    nodeDisk.rename(draft, path)
    crashPoint('replace.after-rename')
    await nodeDisk.syncFolderLater(folderOf(path))
  },
  rename(from, to) {
    guard(to, () => fs.renameSync(from, to))
  },
  list(folder) {
    if (!fs.existsSync(folder)) return []
    return guard(folder, () => fs.readdirSync(folder).sort())
  },
  makeFolder(folder) {
    const first = guard(folder, () => fs.mkdirSync(folder, { recursive: true }))
    if (first === undefined) return
    // Each new folder is an entry of the one above it.
    for (let made = folder; made.length >= first.length; made = folderOf(made)) {
      nodeDisk.syncFolder(folderOf(made) || '.')
    }
  },
  syncFolder(folder) {
    guard(folder, () => {
      const fd = fs.openSync(folder, 'r')
      try {
        fs.fsyncSync(fd)
      } finally {
        fs.closeSync(fd)
      }
    })
  },
  async syncFolderLater(folder) {
    const fd = guard(folder, () => fs.openSync(folder, 'r'))
    try {
      await synced(fs.fsync, fd, folder)
    } finally {
      fs.closeSync(fd)
    }
  },
  remove(path) {
    guard(path, () => fs.rmSync(path, { recursive: true, force: true }))
  },
}

/** Copies a file, or a folder with all that is in it, durably, while others write to it: each file
 *  as it is when its turn comes, in the order of their names. DISK_FULL, DISK_FAILED. */
export async function copyDurably(from: string, to: string): Promise<void> {
  try {
    await copyTree(from, to)
  } catch (error) {
    throw diskError(to, error)
  }
}

async function copyTree(from: string, to: string): Promise<void> {
  const stat = await fs.promises.stat(from)
  if (stat.isDirectory()) {
    await fs.promises.mkdir(to, { recursive: true })
    const names = await fs.promises.readdir(from)
    for (const name of names.sort()) await copyTree(`${from}/${name}`, `${to}/${name}`)
  } else await fs.promises.copyFile(from, to)
  const handle = await fs.promises.open(to)
  await handle.sync().finally(() => handle.close())
}
