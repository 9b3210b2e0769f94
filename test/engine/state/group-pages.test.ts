/** A group table in pages is the same table, and only pages that changed are written again. */

import { expect, test } from 'vitest'
import { random } from '../../../engine/base/random.ts'
import { GroupPages } from '../../../engine/state/group-pages.ts'
import { GroupTable } from '../../../engine/state/group-table.ts'
import type { StateSection } from '../../../engine/state/row-store.ts'
import { seedOf } from '../../seed.ts'

const LAYOUT = {
  arrays: [
    { kind: 'i32' as const, initial: 0 },
    { kind: 'i32' as const, initial: 0 },
    { kind: 'f64' as const, initial: 7 },
    { kind: 'js' as const, initial: 0 },
  ],
}
const TEXTS = [0]

/** A table with texts as keys, and a number beside each group. */
class Kept {
  readonly table = new GroupTable(LAYOUT)
  readonly beside: number[] = []
  readonly pages = new GroupPages<number[]>(this.table, this)

  page(from: number, to: number): number[] {
    return this.beside.slice(from, to)
  }

  restorePage(from: number, page: number[]): void {
    for (const [i, value] of page.entries()) this.beside[from + i] = value
  }

  add(text: string): void {
    const { table } = this
    const group = table.insert(text.length * 31 + text.charCodeAt(0))
    this.pages.makeRoom(table.hashes.length)
    const bytes = Buffer.from(text)
    if (table.heapSize + bytes.length > table.heap.length) table.growHeap(bytes.length)
    table.heap.set(bytes, table.heapSize)
    table.arrays[0][group] = table.heapSize
    table.heapSize += bytes.length
    table.arrays[1][group] = table.heapSize
    this.set(group, group)
  }

  set(group: number, value: number): void {
    this.table.arrays[2][group] = value
    this.table.arrays[3][group] = { value }
    this.beside[group] = value * 2
    this.pages.touch(group)
  }

  rows(): unknown[] {
    const { table } = this
    return Array.from({ length: table.count }, (_, g) => {
      const text = table.heap.subarray(table.arrays[0][g] as number, table.arrays[1][g] as number)
      const values = [table.hashes[g], table.arrays[2][g], table.arrays[3][g], this.beside[g]]
      return [Buffer.from(text).toString(), ...values]
    })
  }
}

/** What a checkpoint does: sections that it knows are not made again. */
class Store {
  #sections = new Map<string, StateSection>()
  written: string[] = []

  save(sections: readonly StateSection[]): void {
    this.written = []
    const next = new Map<string, StateSection>()
    for (const section of sections) {
      const { name, version, owner } = section
      const old = this.#sections.get(name)
      const isKnown = owner !== undefined && old?.owner === owner && old.version === version
      if (isKnown) next.set(name, old)
      else next.set(name, { name, version, owner, bytes: section.bytes.slice() })
      if (!isKnown) this.written.push(name)
    }
    this.#sections = next
  }

  restored(): Kept {
    const kept = new Kept()
    kept.pages.restore([...this.#sections.values()])
    return kept
  }
}

const seed = seedOf('group pages')

test(`changes, sweeps, checkpoints and restarts in any order (replay: MILLRACE_SEED=${seed} npx vitest run test/engine/state/group-pages.test.ts)`, () => {
  const source = random(seed)
  const next = (bound: number) => source.below(bound)
  let kept = new Kept()
  const store = new Store()
  for (let step = 0; step < 80; step++) {
    kept.pages.begin()
    const fresh = next(3) === 0 ? next(3000) : next(20)
    for (let i = 0; i < fresh; i++) kept.add('abcdefghij'[next(10)].repeat(1 + next(90)))
    const { count } = kept.table
    for (let i = next(10); i > 0 && count > 0; i--) kept.set(next(count), next(1000))
    if (next(15) === 0) {
      const keep = Array.from({ length: count }, () => next(4) > 0)
      const beside = kept.beside.filter((_, g) => keep[g])
      kept.table.retain((g) => keep[g])
      kept.table.compactHeap(TEXTS)
      kept.beside.splice(0, kept.beside.length, ...beside)
      kept.pages.moved()
    }
    if (next(2) > 0) continue
    store.save(kept.pages.snapshot())
    const copy = store.restored()
    expect(JSON.stringify(copy.rows())).toBe(JSON.stringify(kept.rows()))
    if (next(5) === 0) kept = copy
  }
  expect(kept.table.count).toBeGreaterThan(5000)
})

test('of a large table with few changes little is written', () => {
  const kept = new Kept()
  const store = new Store()
  kept.pages.begin()
  for (let i = 0; i < 20_000; i++) kept.add(`key ${i} ${'x'.repeat(50)}`)
  store.save(kept.pages.snapshot())
  expect(store.written.length).toBe(1 + 5 + 5)
  kept.pages.begin()
  kept.set(5000, 1)
  store.save(kept.pages.snapshot())
  // The text page that is not full may have grown.
  expect(store.written).toEqual(['groups', 'groups-1', 'text-4'])
  store.save(kept.pages.snapshot())
  expect(store.written).toEqual(['groups'])
})
