/** Compaction under the whole engine, on a disk that loses its power, or a process that is killed,
 *  in the middle of anything: queries that replay and queries that begin later have the last row of
 *  each key, what was released never changes, and requests that are sent again are recognised. */

import { expect, test } from 'vitest'
import { sleep } from '../../engine/base/clock.ts'
import { type Random, random } from '../../engine/base/random.ts'
import { Batch } from '../../engine/batch/batch.ts'
import { BatchBuilder } from '../../engine/batch/builder.ts'
import { LogReader } from '../../engine/log/reader.ts'
import type { QueryPlan } from '../../engine/plan/physical.ts'
import { StreamDecoder } from '../../engine/source/stream-decoder.ts'
import { offsetAt } from '../../engine/source/stream-frame.ts'
import type { TableSpec } from '../../engine/source/table.ts'
import type { AppendResult } from '../../server/streams.ts'
import {
  Catalog,
  defineTable,
  Planner,
  parseStatements,
  type QueryStatement,
} from '../../sql/index.ts'
import { FaultDisk } from '../engine/log/fault-disk.ts'
import { seedOf } from '../seed.ts'
import { DATA, Machine, Witness } from './machine.ts'

const CASES = process.env.MILLRACE_LONG ? 1500 : 12

const GROUPED = 'SELECT k, COUNT(*) AS n, SUM(v) AS total FROM t GROUP BY k'

interface Change {
  readonly key: string
  /** undefined: the row of the key is removed. */
  readonly value: number | undefined
}

interface Request {
  readonly name: string
  readonly changes: readonly Change[]
}

function batchOf({ schema }: TableSpec, changes: readonly Change[]): Batch {
  const builder = new BatchBuilder(schema)
  for (const { key, value } of changes) builder.append([key, value ?? null])
  const { columns, rowCount } = builder.finish()
  const weights = Int32Array.from(changes, ({ value }) => (value === undefined ? -1 : 1))
  return new Batch(schema, columns, rowCount, weights)
}

class CompactionCase {
  readonly #seed: number
  readonly #random: Random
  readonly #catalog = new Catalog()
  readonly #spec: TableSpec
  readonly #plans: QueryPlan[]
  readonly #witness = new Witness()
  readonly #rows = new Map<string, number>()
  readonly #answers = new Map<string, AppendResult>()
  #disk: FaultDisk
  #unsure: Request | undefined
  #next = 0
  /** Times that a segment was swapped. */
  swaps = 0

  constructor(seed: number) {
    this.#seed = seed
    this.#random = random(seed)
    this.#disk = new FaultDisk(seed)
    const [statement] =
      parseStatements(`CREATE TABLE t (k STRING, v BIGINT, PRIMARY KEY (k) NOT ENFORCED)
      WITH ('splits' = '${1 + (seed % 3)}', 'cleanup.policy' = 'compact',
        'delete.retention.ms' = '${seed % 2 === 0 ? 0 : 1} d',
        'compression' = '${seed % 5 === 0 ? 'zstd' : 'none'}')`)
    if (statement.kind !== 'create-table') throw new Error(statement.text)
    const entry = defineTable(statement, this.#catalog)!
    this.#catalog.add(entry)
    this.#spec = entry.spec
    this.#plans = [this.#plan('all'), this.#plan('grouped', GROUPED)]
  }

  #plan(id: string, sql = 'SELECT k, v FROM t'): QueryPlan {
    const [statement] = parseStatements(sql)
    const planner = new Planner(this.#catalog)
    return planner.planQuery(statement as QueryStatement, 'continuous', { id, name: id }).plan
  }

  get #options() {
    // With rare checkpoints much is read again after a restart.
    const checkpointIntervalMs = this.#random.below(2) === 0 ? 400 : 1 + this.#random.below(15)
    const onCompacted = () => {
      this.swaps++
    }
    return { plans: [...this.#plans], tables: [this.#spec], checkpointIntervalMs, onCompacted }
  }

  async run(): Promise<void> {
    const lives = 2 + this.#random.below(4)
    for (let life = 0; life < lives; life++) {
      this.#disk.operationsLeft = 1 + this.#random.below(this.#random.below(3) === 0 ? 60 : 1500)
      await this.#live(life)
      const seed = this.#seed * 100 + life
      const isKill = this.#random.below(3) === 0
      this.#disk = isKill ? this.#disk.afterKill(seed) : this.#disk.reboot(seed)
    }
    await this.#finish()
  }

  async #live(life: number): Promise<void> {
    let machine: Machine
    try {
      machine = await Machine.boot(this.#disk, this.#options, this.#witness)
    } catch (error) {
      if (!this.#disk.off) throw new Error(`seed ${this.#seed} did not boot`, { cause: error })
      return
    }
    if (life === 1) {
      const late = this.#plan('late')
      this.#plans.push(late)
      await machine.engine.attach(late).catch(() => {})
    }
    await Promise.all([this.#produce(machine), this.#compact(machine)])
    await machine.kill()
  }

  async #compact(machine: Machine): Promise<void> {
    while (!this.#disk.off) {
      await machine.streams.compact()
      await sleep(this.#random.below(4))
    }
  }

  async #produce(machine: Machine): Promise<void> {
    for (let n = 0; !this.#disk.off; n++) {
      if (n > 120) this.#disk.cut()
      await this.#send(machine, this.#unsure ?? this.#newRequest())
      if (this.#random.below(3) === 0) await sleep(this.#random.below(3))
    }
  }

  #newRequest(): Request {
    const changes = Array.from({ length: 1 + this.#random.below(25) }, () => ({
      key: `k${this.#random.below(this.#random.below(4) === 0 ? 300 : 12)}`,
      value: this.#random.below(5) === 0 ? undefined : this.#next++,
    }))
    return { name: `request ${this.#next++}`, changes }
  }

  async #send(machine: Machine, request: Request): Promise<void> {
    this.#unsure = request
    const batch = batchOf(this.#spec, request.changes)
    const { name: idempotencyKey } = request
    try {
      const answer = await machine.streams.append(this.#spec.id, batch, { idempotencyKey })
      this.#answers.set(idempotencyKey, answer)
    } catch {
      return
    }
    this.#unsure = undefined
    for (const { key, value } of request.changes) {
      if (value === undefined) this.#rows.delete(key)
      else this.#rows.set(key, value)
    }
  }

  #folders(): string[] {
    const { id, options } = this.#spec
    return Array.from({ length: Number(options.splits) }, (_, i) => `${DATA}/streams/${id}/${i}`)
  }

  async #finish(): Promise<void> {
    const at = `seed ${this.#seed}`
    const machine = await Machine.boot(this.#disk, this.#options, this.#witness)
    if (this.#unsure !== undefined) await this.#send(machine, this.#unsure)
    expect(this.#unsure, at).toBeUndefined()
    await machine.streams.compact()
    const fresh = this.#plan('fresh')
    await machine.engine.attach(fresh)
    const ends = machine.streams.status(this.#spec.id).map(({ end }) => end)
    this.#checkLog(ends, at)
    const rows = [...this.#rows].map(([key, value]) => [key, value].join('|')).sort()
    const groups = [...this.#rows].map(([key, value]) => [key, 1, value].join('|')).sort()
    for (let i = 0; i < 3000; i++) {
      const { queries } = machine.engine.status()
      if (queries.every(({ lagRows }) => lagRows === 0)) break
      await sleep(2)
    }
    await sleep(10)
    const [last] = [...this.#answers].slice(-1)
    if (last !== undefined) {
      const options = { idempotencyKey: last[0] }
      const again = await machine.streams.append(this.#spec.id, batchOf(this.#spec, []), options)
      expect(again.count, at).toBe(0)
    }
    await machine.stop()
    expect(this.#witness.problems, at).toEqual([])
    expect([...this.#witness.failed], at).toEqual([])
    for (const plan of [...this.#plans.filter(({ id }) => id !== 'grouped'), fresh]) {
      expect(this.#witness.rows(plan), `${plan.id}, ${at}`).toEqual(rows)
    }
    expect(this.#witness.rows(this.#plans[1]), at).toEqual(groups)
  }

  /** The log from the beginning: offsets grow, every one up to the end is in a frame, and applying
   *  the rows gives the last one of each key. */
  #checkLog(ends: readonly number[], at: string): void {
    const found = new Map<string, number>()
    for (const [split, folder] of this.#folders().entries()) {
      const decoder = new StreamDecoder(this.#spec)
      const reader = new LogReader(this.#disk, folder)
      let next = 0
      for (let f = reader.next(ends[split]); f !== null; f = reader.next(ends[split])) {
        expect(f.first, at).toBe(next)
        next = f.next
        const frame = decoder.decode(f, reader.header)
        const { records } = frame
        for (let row = 0; row < records.rowCount; row++) {
          expect(offsetAt(frame, row), at).toBeLessThan(f.next)
          const key = String(keyAt(records, row))
          if ((records.weights?.[row] ?? 1) < 0) found.delete(key)
          else found.set(key, Number(records.columns[1].values[row]))
        }
      }
      expect(next, at).toBe(ends[split])
      reader.close()
    }
    expect([...found].sort(), at).toEqual([...this.#rows].sort())
  }
}

const keyAt = ({ columns }: Batch, row: number): string => {
  const { values, starts, ends } = columns[0]
  return Buffer.from((values as Uint8Array).subarray(starts[row], ends[row])).toString()
}

test(`${CASES} cases: whatever the moment, the last row of each key is what counts`, async () => {
  const first = seedOf('compaction')
  let swaps = 0
  for (let i = 0; i < CASES; i++) {
    const one = new CompactionCase(first + i)
    await one.run()
    swaps += one.swaps
  }
  // It did happen.
  expect(swaps).toBeGreaterThan(CASES)
}, 1_800_000)
