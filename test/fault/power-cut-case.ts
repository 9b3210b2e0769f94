/** One case of the power-cut test: a few lives of a server, each ended by a power cut at a random
 *  operation of the disk, then a last one that finishes the work and compares. */

import { expect } from 'vitest'
import { sleep } from '../../engine/base/clock.ts'
import { type Random, random } from '../../engine/base/random.ts'
import type { QueryPlan } from '../../engine/plan/physical.ts'
import { FaultDisk } from '../engine/log/fault-disk.ts'
import {
  answer,
  batchOf,
  everything,
  grouped,
  Machine,
  type MachineOptions,
  storedIds,
  table,
  Witness,
  windowed,
} from './machine.ts'

interface Request {
  readonly key: string
  readonly ids: readonly number[]
}

export class PowerCutCase {
  readonly seed: number
  readonly #random: Random
  readonly #spec
  /** Old records and results go while it works. */
  readonly #retains: boolean
  readonly #witness = new Witness()
  /** The catalog: what a restart brings back. */
  #plans: QueryPlan[]
  #paused = new Set<string>()
  #nextId = 0
  readonly #acknowledged: number[] = []
  #unsure: Request[] = []
  #transient = 0
  #late = 0
  #disk: FaultDisk

  constructor(seed: number) {
    this.seed = seed
    this.#random = random(seed)
    this.#retains = seed % 3 === 0
    const retention: Record<string, string> = this.#retains
      ? { 'retention.bytes': '6000', 'retention.policy': 'keep' }
      : {}
    this.#spec = table(1 + this.#random.below(3), retention)
    this.#disk = new FaultDisk(seed)
    this.#plans = [
      everything('all', this.#spec),
      grouped('grouped', this.#spec),
      windowed('close', this.#spec, { kind: 'close' }),
    ]
  }

  get #options(): MachineOptions {
    const checkpointIntervalMs = 1 + this.#random.below(40)
    const resultRetentionBytesMax = this.#retains ? 8000 : 1 << 28
    const plans = [...this.#plans]
    return { plans, tables: [this.#spec], checkpointIntervalMs, resultRetentionBytesMax }
  }

  async run(): Promise<void> {
    const lives = 2 + this.#random.below(5)
    for (let life = 0; life < lives; life++) {
      this.#disk.operationsLeft = 1 + this.#random.below(this.#random.below(3) === 0 ? 40 : 700)
      await this.#live()
      this.#disk = this.#disk.reboot(this.seed * 100 + life)
    }
    await this.#finish()
  }

  /** Works until the power goes. */
  async #live(): Promise<void> {
    let machine: Machine
    try {
      machine = await Machine.boot(this.#disk, this.#options, this.#witness)
    } catch (error) {
      if (!this.#disk.off) throw new Error(`seed ${this.seed} did not boot`, { cause: error })
      return
    }
    const producers = [1, 2, 3].map(() => this.#produce(machine))
    const operator = this.#operate(machine)
    await Promise.all([...producers, operator])
    await machine.kill()
  }

  async #produce(machine: Machine): Promise<void> {
    for (let n = 0; !this.#disk.off; n++) {
      // Nothing may be left that goes on for ever: after a while the power goes anyway.
      if (n > 60) this.#disk.cut()
      const request = this.#unsure.pop() ?? this.#newRequest()
      await this.#send(machine, request)
      if (this.#random.below(4) === 0) await sleep(this.#random.below(3))
    }
  }

  #newRequest(): Request {
    const ids = Array.from({ length: 1 + this.#random.below(30) }, () => this.#nextId++)
    return { key: `request ${ids[0]}`, ids }
  }

  async #send(machine: Machine, request: Request): Promise<void> {
    try {
      const options = { idempotencyKey: request.key }
      const { count } = await machine.streams.append(this.#spec.id, batchOf(request.ids), options)
      expect(count).toBe(request.ids.length)
      this.#acknowledged.push(...request.ids)
    } catch {
      this.#unsure.push(request)
    }
  }

  /** Attaches, drops, pauses and resumes queries meanwhile. */
  async #operate(machine: Machine): Promise<void> {
    const { engine } = machine
    while (!this.#disk.off) {
      await sleep(this.#random.below(12))
      try {
        switch (this.#random.below(6)) {
          case 0: {
            const id = `late${this.#late++}`
            const plan = [grouped, everything][this.#random.below(2)](id, this.#spec)
            this.#plans.push(plan)
            await engine.attach(plan)
            break
          }
          case 1: {
            const id = `transient${this.#transient++}`
            await engine.attach({ ...grouped(id, this.#spec), transient: true })
            if (this.#random.below(2) === 0) await engine.change('detach', id)
            break
          }
          case 2: {
            const late = this.#plans.find(({ id }) => id.startsWith('late'))
            if (late === undefined) break
            this.#plans = this.#plans.filter((plan) => plan !== late)
            await engine.change('detach', late.id)
            break
          }
          case 3: {
            const { id } = this.#plans[this.#random.below(this.#plans.length)]
            await engine.change(this.#random.below(2) === 0 ? 'pause' : 'resume', id)
            this.#paused.add(id)
            break
          }
          default:
            await engine.checkpoint()
        }
      } catch {
        // The power is off, or will be.
      }
    }
  }

  async #finish(): Promise<void> {
    const at = `seed ${this.seed}`
    const machine = await Machine.boot(this.#disk, this.#options, this.#witness)
    for (const request of this.#unsure.splice(0)) await this.#send(machine, request)
    expect(this.#unsure, at).toEqual([])
    for (const { id } of this.#plans) await machine.engine.change('resume', id)
    await machine.streams.end(this.#spec.id)
    for (let i = 0; i < 4000; i++) {
      if (this.#plans.every(({ id }) => this.#witness.ended.has(id))) break
      await sleep(2)
    }
    const ids = this.#retains ? this.#acknowledged : this.#stored(machine)
    await machine.stop()

    expect(this.#witness.problems, at).toEqual([])
    expect([...this.#witness.failed], at).toEqual([])
    expect(new Set(ids).size, `${at}: stored twice`).toBe(ids.length)
    expect([...ids].sort(byNumber), at).toEqual([...this.#acknowledged].sort(byNumber))
    for (const plan of this.#plans) {
      // What began later did not find all records any more.
      if (this.#retains && plan.id.startsWith('late')) continue
      expect(this.#witness.rows(plan), `${plan.id}, ${at}`).toEqual(answer(plan, ids))
    }
  }

  #stored(machine: Machine): number[] {
    return machine.streams
      .status(this.#spec.id)
      .flatMap(({ split, end }) => storedIds(this.#disk, this.#spec, split, end))
  }
}

const byNumber = (a: number, b: number) => a - b
