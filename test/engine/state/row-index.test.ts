import { expect, test } from 'vitest'
import { random } from '../../../engine/base/random.ts'
import { BatchBuilder } from '../../../engine/batch/builder.ts'
import { hashRows } from '../../../engine/batch/row-hash.ts'
import { schemaOf } from '../../../engine/batch/schema.ts'
import { BIGINT, VARCHAR } from '../../../engine/batch/types.ts'
import { RowIndex } from '../../../engine/state/row-index.ts'
import { RowStore } from '../../../engine/state/row-store.ts'

const SCHEMA = schemaOf([
  { name: 'n', type: BIGINT, nullable: true },
  { name: 's', type: VARCHAR, nullable: true },
])

test('finds living rows by content, through growth, deaths and sweeps', () => {
  const r = random(11)
  const store = new RowStore(SCHEMA)
  const index = new RowIndex()
  const slots = new Map<number, number>()
  const isDead = (slot: number) => store.weights[slot] === 0
  const one = (n: number) => {
    const builder = new BatchBuilder(SCHEMA)
    builder.append([n % 5 === 0 ? null : n, n % 3 === 0 ? null : `s${n}`])
    return builder.finish()
  }
  for (let step = 0; step < 12_000; step++) {
    // NULLs make some rows alike; those have one number.
    const n = [r.below(3000)].map((x) => (x % 15 === 0 ? 0 : x))[0]
    const batch = one(n)
    const [hash] = hashRows(batch.columns, 1)
    const found = index.find(hash, batch, 0, store.view, isDead)
    expect(found).toBe(slots.get(n) ?? -1)
    if (found >= 0 && r.below(2) === 0) {
      store.kill(found)
      slots.delete(n)
    } else if (found < 0) {
      const slot = store.append(batch, null, 1, null)
      index.add(slot, hash)
      slots.set(n, slot)
    }
    if (!store.crowded) continue
    const kept = store.sweep()
    index.retain(kept, kept.length)
    const places = new Map([...kept].map((old, slot) => [old, slot]))
    for (const [number, slot] of slots) slots.set(number, places.get(slot)!)
  }
  expect(store.live).toBe(slots.size)
})
