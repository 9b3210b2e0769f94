/** The checkpoint of a group table in pages, so that a large table of which little has changed is
 *  little to write: pages of groups, and pages of their key text, which only grows at its end until
 *  it is moved together. Pages are the unit of what a checkpoint writes again. */

import { deserialize, serialize } from 'node:v8'
import type { GroupTable, GroupTablePage } from './group-table.ts'
import { grownDoubles } from './grown.ts'
import type { StateSection } from './row-store.ts'

const GROUPS_SHIFT = 12
const GROUPS = 1 << GROUPS_SHIFT
const TEXT_BYTES = 1 << 18

/** What the table's owner keeps beside it, a few bytes for each group. */
export interface BesideGroups<Beside> {
  /** A copy for the groups [from, to). */
  page(from: number, to: number): Beside
  /** Takes it back. */
  restorePage(from: number, page: Beside): void
}

interface Page<Beside> {
  readonly table: GroupTablePage
  readonly beside: Beside
}

export class GroupPages<Beside> {
  readonly #table: GroupTable
  readonly #beside: BesideGroups<Beside>
  /** Of the last change; only grows. */
  #version = 0
  /** Of each page's last change. */
  #versions = new Float64Array(1)
  /** When all groups got new numbers for the last time. */
  #movedVersion = 0

  constructor(table: GroupTable, beside: BesideGroups<Beside>) {
    this.#table = table
    this.#beside = beside
  }

  /** Changes whenever a group does. */
  get version(): number {
    return this.#version
  }

  /** Changes come. */
  begin(): void {
    this.#version++
  }

  /** To be called for groups that change, behind `begin`. */
  touch(group: number): void {
    this.#versions[group >> GROUPS_SHIFT] = this.#version
  }

  /** To be called when the table has room for more groups. */
  makeRoom(groups: number): void {
    const pages = (groups >> GROUPS_SHIFT) + 1
    if (pages > this.#versions.length) this.#versions = grownDoubles(this.#versions, pages * 2)
  }

  /** All groups have new numbers, or their text has moved. */
  moved(): void {
    this.#version++
    this.#versions.fill(this.#version)
    this.#movedVersion = this.#version
  }

  snapshot(): StateSection[] {
    const { count, heapSize } = this.#table
    const sizes = new Uint8Array(Float64Array.of(count, heapSize, this.#movedVersion).buffer)
    const sections: StateSection[] = [{ name: 'groups', version: this.#version, bytes: sizes }]
    for (let from = 0; from < count; from += GROUPS) {
      sections.push(this.#groups(from, Math.min(count, from + GROUPS)))
    }
    for (let from = 0; from < heapSize; from += TEXT_BYTES) {
      sections.push(this.#text(from, Math.min(heapSize, from + TEXT_BYTES)))
    }
    return sections
  }

  #groups(from: number, to: number): StateSection {
    const page = from >> GROUPS_SHIFT
    const table = this.#table
    const beside = this.#beside
    return {
      name: `groups-${page}`,
      version: this.#versions[page],
      ...{ owner: this, live: true },
      get bytes() {
        return serialize({ table: table.page(from, to), beside: beside.page(from, to) })
      },
    }
  }

  #text(from: number, to: number): StateSection {
    const table = this.#table
    // A full page stays as it is. Its version must be none that it had while it grew.
    const isFull = to - from === TEXT_BYTES
    return {
      name: `text-${from / TEXT_BYTES}`,
      version: isFull ? -1 - this.#movedVersion : this.#version,
      ...{ owner: this, live: true },
      get bytes() {
        return table.heap.slice(from, to)
      },
    }
  }

  /** Takes back a snapshot, on a fresh table. False: the sections hold none. */
  restore(sections: readonly StateSection[]): boolean {
    const byName = new Map(sections.map((section) => [section.name, section]))
    const groups = byName.get('groups')
    if (groups === undefined) return false
    const [count, heapSize, movedVersion] = new Float64Array(groups.bytes.slice().buffer)
    const found = Array.from(
      { length: Math.ceil(count / GROUPS) },
      (_, i) => byName.get(`groups-${i}`)!,
    )
    const pages = found.map(({ bytes }) => deserialize(bytes) as Page<Beside>)
    const heap = new Uint8Array(heapSize)
    for (let from = 0; from < heapSize; from += TEXT_BYTES) {
      heap.set(byName.get(`text-${from / TEXT_BYTES}`)!.bytes, from)
    }
    this.#table.restorePages(
      pages.map(({ table }) => table),
      heap,
    )
    this.#version = groups.version
    this.#movedVersion = movedVersion
    this.makeRoom(this.#table.hashes.length)
    for (const [i, { version }] of found.entries()) this.#versions[i] = version
    for (const [i, { beside }] of pages.entries())
      this.#beside.restorePage(i << GROUPS_SHIFT, beside)
    return true
  }
}
