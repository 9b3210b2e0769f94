/** A disk in memory that can tear writes, lose what was not synced, fill up, fail and flip bits. */

import type { Disk, DiskFile } from '../../../engine/base/disk.ts'
import { SqlError } from '../../../engine/base/errors.ts'
import { type Random, random } from '../../../engine/base/random.ts'

const PAGE_BYTES = 512

class Content {
  /** As a reader sees it now. */
  now: Uint8Array = new Uint8Array(0)
  /** As it was when last synced. */
  durable: Uint8Array = new Uint8Array(0)
}

export class FaultDisk implements Disk {
  /** Entries as a reader sees them now, and as they were when their folder was last synced. */
  #now = new Map<string, Content>()
  #durable = new Map<string, Content>()
  readonly #random: Random
  /** Bytes that may still be written before ENOSPC. */
  room = Number.POSITIVE_INFINITY
  /** Syncs that will fail. */
  failSyncs = 0
  /** Whether a file refuses to be cut as well. */
  failTruncate = false
  /** Syncs that still come to an end; the others never do. */
  syncsLeft = Number.POSITIVE_INFINITY
  /** Held back by a test: syncs wait for `release`. */
  hold: Promise<void> | null = null
  /** Syncs that reached the device. */
  syncs = 0

  constructor(seed: number) {
    this.#random = random(seed)
  }

  /** The power goes: of everything that was not synced, each page and each folder entry is kept or
   *  lost by itself. */
  crash(): void {
    for (const [path, content] of this.#durable) {
      if (!this.#now.has(path) && this.#coin()) this.#now.set(path, content)
    }
    for (const [path, content] of [...this.#now]) {
      if (!this.#durable.has(path) && this.#coin()) this.#now.delete(path)
      else content.now = content.durable = this.#torn(content)
    }
    this.#durable = new Map(this.#now)
  }

  #coin(): boolean {
    return this.#random.below(2) === 0
  }

  #torn({ now, durable }: Content): Uint8Array {
    const low = Math.min(now.length, durable.length)
    const high = Math.max(now.length, durable.length)
    const choices = [now.length, durable.length, low + this.#random.below(high - low + 1)]
    const torn = new Uint8Array(choices[this.#random.below(3)])
    for (let at = 0; at < torn.length; at += PAGE_BYTES) {
      const source = this.#coin() ? now : durable
      torn.set(source.subarray(at, Math.min(at + PAGE_BYTES, torn.length)), at)
    }
    return torn
  }

  flip(path: string, position: number, mask: number): void {
    const content = this.#now.get(path)!
    content.now = content.now.slice()
    content.now[position] ^= mask
    content.durable = content.now
  }

  bytes(path: string): Uint8Array {
    return this.#now.get(path)!.now
  }

  paths(): string[] {
    return [...this.#now.keys()].sort()
  }

  openRead(path: string): DiskFile | undefined {
    const content = this.#now.get(path)
    return content && this.#file(path, content)
  }

  openWrite(path: string): DiskFile {
    const content = this.#now.get(path) ?? new Content()
    this.#now.set(path, content)
    return this.#file(path, content)
  }

  #file(path: string, content: Content): DiskFile {
    let closed = false
    const open = () => {
      if (closed) throw new SqlError('DISK_FAILED', `${path} is closed`)
    }
    const write = (bytes: Uint8Array, position: number) => {
      const end = Math.max(content.now.length, position + bytes.length)
      const grown = new Uint8Array(end)
      grown.set(content.now)
      grown.set(bytes, position)
      content.now = grown
    }
    const syncNow = () => {
      open()
      if (this.failSyncs > 0) {
        this.failSyncs--
        throw new SqlError('DISK_FAILED', `${path}: EIO`)
      }
      this.syncs++
      content.durable = content.now
    }
    return {
      path,
      size: () => content.now.length,
      read: (target, position) => {
        open()
        const part = content.now.subarray(position, position + target.length)
        target.set(part)
        return part.length
      },
      write: (bytes, position) => {
        open()
        const more = Math.max(position + bytes.length - content.now.length, 0)
        if (more > this.room) {
          // What fits is written: a write that fails half way.
          write(bytes.subarray(0, bytes.length - more + this.room), position)
          this.room = 0
          throw new SqlError('DISK_FULL', `No space left for ${path}`)
        }
        this.room -= more
        write(bytes, position)
      },
      sync: async () => {
        await this.hold
        if (this.syncsLeft-- <= 0) await new Promise(() => {})
        syncNow()
      },
      syncNow,
      truncate: (size) => {
        open()
        if (this.failTruncate) throw new SqlError('DISK_FAILED', `${path}: EIO`)
        const cut = new Uint8Array(size)
        cut.set(content.now.subarray(0, size))
        this.room += Math.max(content.now.length - size, 0)
        content.now = cut
      },
      close: () => {
        open()
        closed = true
      },
    }
  }

  readAll(path: string): Uint8Array | undefined {
    return this.#now.get(path)?.now
  }

  replace(path: string, bytes: Uint8Array): void {
    const content = new Content()
    content.now = content.durable = bytes.slice()
    this.#now.set(path, content)
    this.#durable.set(path, content)
  }

  list(folder: string): string[] {
    const prefix = `${folder}/`
    return this.paths()
      .filter((path) => path.startsWith(prefix))
      .map((path) => path.slice(prefix.length))
  }

  makeFolder(): void {}

  syncFolder(folder: string): void {
    const inside = (path: string) => path.startsWith(`${folder}/`)
    for (const path of [...this.#durable.keys()]) if (inside(path)) this.#durable.delete(path)
    for (const [path, content] of this.#now) if (inside(path)) this.#durable.set(path, content)
  }

  remove(path: string): void {
    for (const known of [...this.#now.keys()]) {
      if (known === path || known.startsWith(`${path}/`)) this.#now.delete(known)
    }
  }
}
