/** A disk in memory that can tear writes, lose what was not synced, fill up, fail, flip bits and
 *  lose its power in the middle of anything. */

import type { Disk, DiskFile } from '../../../engine/base/disk.ts'
import { SqlError } from '../../../engine/base/errors.ts'
import { type Random, random } from '../../../engine/base/random.ts'

const PAGE_BYTES = 512

/** A file's bytes as a reader sees them, and what of them the device does not have yet. */
class Content {
  #bytes = new Uint8Array(0)
  length = 0
  durableLength = 0
  /** Pages that differ from the device, as the device has them. */
  readonly #old = new Map<number, Uint8Array>()

  static of(bytes: Uint8Array): Content {
    const content = new Content()
    content.write(bytes, 0)
    content.sync()
    return content
  }

  /** [0, length) */
  get now(): Uint8Array {
    return this.#bytes.subarray(0, this.length)
  }

  write(bytes: Uint8Array, position: number): void {
    const end = position + bytes.length
    this.#reserve(end)
    this.#remember(Math.min(position, this.length), end)
    this.#bytes.set(bytes, position)
    this.length = Math.max(this.length, end)
  }

  truncate(size: number): void {
    this.#reserve(size)
    this.#remember(Math.min(size, this.length), Math.max(size, this.length))
    this.#bytes.fill(0, Math.min(size, this.length), Math.max(size, this.length))
    this.length = size
  }

  #reserve(size: number): void {
    if (size <= this.#bytes.length) return
    const grown = new Uint8Array(Math.max(size, this.#bytes.length * 2, PAGE_BYTES))
    grown.set(this.now)
    this.#bytes = grown
  }

  #remember(from: number, to: number): void {
    for (let page = Math.floor(from / PAGE_BYTES); page * PAGE_BYTES < to; page++) {
      if (this.#old.has(page)) continue
      const at = page * PAGE_BYTES
      const end = Math.min(at + PAGE_BYTES, this.durableLength, this.#bytes.length)
      this.#old.set(page, this.#bytes.slice(at, Math.max(at, end)))
    }
  }

  sync(): void {
    this.#old.clear()
    this.durableLength = this.length
  }

  copy(): Content {
    const copy = new Content()
    copy.#bytes = this.now.slice()
    copy.length = this.length
    copy.durableLength = this.durableLength
    for (const [page, old] of this.#old) copy.#old.set(page, old)
    return copy
  }

  /** What the device has after a power cut: all that was written, nothing of it, or a mixture in
   *  which each page and the length are the new or the old. */
  torn(random: Random): Uint8Array {
    const kept = random.below(4)
    if (kept === 0) return this.now.slice()
    const low = Math.min(this.length, this.durableLength)
    const high = Math.max(this.length, this.durableLength)
    const sizes = [this.length, this.durableLength, low + random.below(high - low + 1)]
    const torn = new Uint8Array(kept === 1 ? this.durableLength : sizes[random.below(3)])
    torn.set(this.now.subarray(0, torn.length))
    for (const [page, old] of this.#old) {
      if (kept !== 1 && random.below(2) === 0) continue
      const at = page * PAGE_BYTES
      torn.fill(0, Math.min(at, torn.length), Math.min(at + PAGE_BYTES, torn.length))
      if (at < torn.length) torn.set(old.subarray(0, torn.length - at), at)
    }
    return torn
  }
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
  /** Reads of paths that match fail. */
  failReads: RegExp | undefined
  /** Syncs of paths that match fail. */
  failSyncsOf: RegExp | undefined
  /** There is no room for files whose paths match. */
  fullFor: RegExp | undefined
  /** Syncs that still come to an end; the others never do. */
  syncsLeft = Number.POSITIVE_INFINITY
  /** Held back by a test: syncs wait for `release`. */
  hold: Promise<void> | null = null
  /** Syncs that reached the device. */
  syncs = 0
  /** Operations until the power goes. Then nothing works any more: see `reboot`. */
  operationsLeft = Number.POSITIVE_INFINITY
  #off = false
  /** What was under way when the power went. */
  cutAt: string | undefined

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
      const durable = this.#durable.get(path)
      if (durable === undefined && this.#coin()) this.#now.delete(path)
      // A replaced file is the old one or the new one.
      else if (durable !== undefined && durable !== content && this.#coin()) {
        this.#now.set(path, Content.of(durable.torn(this.#random)))
      } else this.#now.set(path, Content.of(content.torn(this.#random)))
    }
    this.#durable = new Map(this.#now)
  }

  get off(): boolean {
    return this.#off
  }

  /** The power goes now, whatever is under way. */
  cut(): void {
    this.#off = true
    this.cutAt ??= 'rest'
  }

  /** The disk as it is found after a power cut. The old one stays dead, with all that holds it. */
  reboot(seed: number): FaultDisk {
    this.#off = true
    this.crash()
    const disk = new FaultDisk(seed)
    disk.#now = this.#now
    disk.#durable = this.#durable
    this.#now = new Map()
    this.#durable = new Map()
    return disk
  }

  /** What would be found if the power went now; this disk goes on. */
  afterCut(seed: number): FaultDisk {
    const copies = new Map<Content, Content>()
    const copyOf = (content: Content) => {
      const copy = copies.get(content) ?? content.copy()
      copies.set(content, copy)
      return copy
    }
    const disk = new FaultDisk(seed)
    for (const [path, content] of this.#now) disk.#now.set(path, copyOf(content))
    for (const [path, content] of this.#durable) disk.#durable.set(path, copyOf(content))
    disk.crash()
    return disk
  }

  /** The disk as it is found after the process was killed: everything written is there. */
  afterKill(seed: number): FaultDisk {
    this.#off = true
    const disk = new FaultDisk(seed)
    disk.#now = new Map([...this.#now].map(([path, { now }]) => [path, Content.of(now)]))
    disk.#durable = new Map(disk.#now)
    return disk
  }

  #coin(): boolean {
    return this.#random.below(2) === 0
  }

  /** Counts an operation; the power may go before it. */
  #power(what: string): void {
    if (this.#off || this.operationsLeft-- <= 0) {
      this.cutAt ??= what
      this.#off = true
      throw new SqlError('DISK_FAILED', `The power is off: ${what}`)
    }
  }

  flip(path: string, position: number, mask: number): void {
    const bytes = this.bytes(path).slice()
    bytes[position] ^= mask
    const content = Content.of(bytes)
    this.#now.set(path, content)
    this.#durable.set(path, content)
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
    this.#power(`open ${path}`)
    const content = this.#now.get(path) ?? new Content()
    this.#now.set(path, content)
    return this.#file(path, content)
  }

  #file(path: string, content: Content): DiskFile {
    let closed = false
    const open = () => {
      if (closed) throw new SqlError('DISK_FAILED', `${path} is closed`)
    }
    const syncNow = () => {
      open()
      this.#power(`sync ${path}`)
      if (this.failSyncs > 0 || this.failSyncsOf?.test(path)) {
        this.failSyncs--
        throw new SqlError('DISK_FAILED', `${path}: EIO`)
      }
      this.syncs++
      content.sync()
    }
    return {
      path,
      size: () => content.length,
      read: (target, position) => {
        open()
        if (this.#off || this.failReads?.test(path)) {
          throw new SqlError('DISK_FAILED', `${path}: EIO`)
        }
        const part = content.now.subarray(position, position + target.length)
        target.set(part)
        return part.length
      },
      write: (bytes, position) => {
        open()
        this.#write(path, content, bytes, position)
      },
      sync: async () => {
        await this.hold
        if (this.syncsLeft-- <= 0) await new Promise(() => {})
        syncNow()
      },
      syncNow,
      truncate: (size) => {
        open()
        this.#power(`truncate ${path}`)
        if (this.failTruncate) throw new SqlError('DISK_FAILED', `${path}: EIO`)
        this.room += Math.max(content.length - size, 0)
        content.truncate(size)
      },
      isReplaced: () => (this.#now.get(path) ?? content) !== content,
      close: () => {
        open()
        closed = true
      },
    }
  }

  #write(path: string, content: Content, bytes: Uint8Array, position: number): void {
    try {
      this.#power(`write ${path}`)
    } catch (error) {
      // The write that the power cut met may have reached the device in part.
      content.write(bytes.subarray(0, this.#random.below(bytes.length + 1)), position)
      throw error
    }
    const more = Math.max(position + bytes.length - content.length, 0)
    if (more > 0 && this.fullFor?.test(path)) {
      throw new SqlError('DISK_FULL', `No space left for ${path}`)
    }
    if (more > this.room) {
      // What fits is written: a write that fails half way.
      content.write(bytes.subarray(0, bytes.length - more + this.room), position)
      this.room = 0
      throw new SqlError('DISK_FULL', `No space left for ${path}`)
    }
    this.room -= more
    content.write(bytes, position)
  }

  readAll(path: string): Uint8Array | undefined {
    return this.#now.get(path)?.now
  }

  replace(path: string, bytes: Uint8Array): void {
    this.#power(`replace ${path}`)
    if (bytes.length > this.room || this.fullFor?.test(path))
      throw new SqlError('DISK_FULL', `No space left for ${path}`)
    this.room -= bytes.length
    this.#now.set(path, Content.of(bytes))
    // Renamed and not yet synced: after a power cut here it is the old one or the new one.
    this.syncFolder(path.slice(0, path.lastIndexOf('/')))
  }

  async replaceLater(path: string, bytes: Uint8Array): Promise<void> {
    this.replace(path, bytes)
  }

  rename(from: string, to: string): void {
    this.#power(`rename ${from}`)
    const content = this.#now.get(from)
    if (content === undefined) throw new SqlError('DISK_FAILED', `${from}: ENOENT`)
    this.room += this.#now.get(to)?.length ?? 0
    this.#now.set(to, content)
    this.#now.delete(from)
  }

  list(folder: string): string[] {
    const prefix = `${folder}/`
    const names = this.paths()
      .filter((path) => path.startsWith(prefix))
      .map((path) => path.slice(prefix.length).split('/')[0])
    return [...new Set(names)]
  }

  makeFolder(): void {}

  syncFolder(folder: string): void {
    this.#power(`sync ${folder}`)
    const inside = (path: string) => path.startsWith(`${folder}/`)
    for (const path of [...this.#durable.keys()]) if (inside(path)) this.#durable.delete(path)
    for (const [path, content] of this.#now) if (inside(path)) this.#durable.set(path, content)
  }

  async syncFolderLater(folder: string): Promise<void> {
    this.syncFolder(folder)
  }

  remove(path: string): void {
    this.#power(`remove ${path}`)
    for (const known of [...this.#now.keys()]) {
      if (known !== path && !known.startsWith(`${path}/`)) continue
      this.room += this.#now.get(known)!.length
      this.#now.delete(known)
    }
  }
}
