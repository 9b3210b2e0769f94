/** Consumer groups in a real server that is killed again and again: a record whose acknowledgement
 *  was answered never comes again, every other one does until it is acknowledged. */

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { sleep } from '../../../engine/base/clock.ts'
import { CRASH_STEPS } from '../../../engine/base/crash-point.ts'
import { type Random, random } from '../../../engine/base/random.ts'
import { seedOf } from '../../seed.ts'
import { Child } from './child.ts'
import { isConnectionError } from './producer.ts'

const KILLS = process.env.MILLRACE_LONG ? 120 : 5
const STEPS = CRASH_STEPS.filter((step) => /^(stream|groups|log)\./.test(step))
const KEYS = 5

let folder: string
let child: Child

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-consumers-'))
  child = new Child(join(folder, 'data'))
})

afterEach(() => {
  child.end()
  rmSync(folder, { recursive: true, force: true })
})

/** Until it is answered, over all lives of the server; undefined: no life follows. */
async function call(path: string, body: unknown, headers = {}): Promise<unknown> {
  for (;;) {
    const url = await child.url()
    if (url === undefined) return undefined
    try {
      const response = await fetch(`${url}${path}`, {
        method: 'POST',
        body: JSON.stringify(body),
        headers: { 'content-type': 'application/json', ...headers },
      })
      const text = await response.text()
      if (response.status === 200) return JSON.parse(text)
      if (response.status < 500 && response.status !== 404) throw new Error(`${path}: ${text}`)
    } catch (error) {
      if (!isConnectionError(error)) throw error
    }
    await sleep(5)
  }
}

interface Got {
  readonly receipt: string
  readonly key: string
  readonly offset: number
  readonly value: { readonly id: number }
}

/** One consumer of a group. */
class Consumer {
  static #clock = 0
  readonly problems: string[]
  /** By id: when the acknowledgement was answered. Of the whole group. */
  readonly #acked: Map<number, number>
  readonly #group: string
  readonly #r: Random
  stopping = false
  readonly done: Promise<void>

  constructor(group: string, acked: Map<number, number>, problems: string[], r: Random) {
    this.#group = group
    this.#acked = acked
    this.problems = problems
    this.#r = r
    this.done = this.#run()
  }

  async #run(): Promise<void> {
    const order = this.#group === 'ordered' ? 'key' : 'none'
    const query = `group=${this.#group}&order=${order}&deliveries=0&limit=15`
    while (!this.stopping) {
      const begun = Consumer.#clock++
      const path = `/v1/streams/s/consume?${query}&wait=200ms&visibility=400ms`
      const answer = (await call(path, {})) as { records: Got[] } | undefined
      if (answer === undefined) return
      await this.#work(answer.records, begun)
    }
  }

  async #work(records: readonly Got[], begun: number): Promise<void> {
    for (const { value } of records) {
      const ackedAt = this.#acked.get(value.id)
      if (ackedAt !== undefined && ackedAt < begun) {
        this.problems.push(`${value.id} came again to ${this.#group} after it was acknowledged`)
      }
    }
    // Now and then a consumer forgets, or hands back.
    const kept = records.filter(() => this.#r.below(10) > 0)
    if (kept.length === 0) return
    const receipts = kept.map(({ receipt }) => receipt)
    if (this.#r.below(6) === 0) {
      await call('/v1/streams/s/nack', { group: this.#group, receipts })
      return
    }
    const body = { group: this.#group, receipts }
    const answer = (await call('/v1/streams/s/ack', body)) as { stale: string[] } | undefined
    if (answer === undefined) return
    if (answer.stale.length > 0) this.problems.push(`stale: ${answer.stale}`)
    for (const { value } of kept) this.#acked.set(value.id, Consumer.#clock++)
  }
}

test(`${KILLS} kills: acknowledged is done, the rest comes again`, async () => {
  const seed = seedOf('consumers')
  const r = random(seed)
  expect(await child.start()).toBe(true)
  const sql = `CREATE TABLE IF NOT EXISTS s (id BIGINT NOT NULL) WITH ('splits' = '3')`
  await call('/v1/sql', { sql })
  const problems: string[] = []
  const acked = { plain: new Map<number, number>(), ordered: new Map<number, number>() }
  const groups = ['plain', 'plain', 'ordered', 'ordered'] as const
  let next = 0
  let producing = true
  const produce = async () => {
    for (let n = 0; producing; n++) {
      const ids = Array.from({ length: 1 + r.below(12) }, () => next++)
      const body = ids.map((id) => ({ value: { id }, key: `k${id % KEYS}`, priority: id % 3 }))
      const key = { 'idempotency-key': `p${n}` }
      const answer = await call('/v1/streams/s/records?format=envelope', body, key)
      if (answer !== undefined) expect(answer).toMatchObject({ count: ids.length })
      await sleep(r.below(10))
    }
  }
  const producer = produce()
  const consumers = groups.map((group) => new Consumer(group, acked[group], problems, r))
  const reached = new Set<string>()
  await child.kill(400)
  for (let kill = 1; kill < KILLS; kill++) {
    const step = STEPS[r.below(STEPS.length)]
    const stepped = r.below(3) > 0
    const at = { MILLRACE_CRASH_AT: `${step}:${1 + r.below(40)}` }
    await child.start(stepped ? at : {})
    if (await child.kill(stepped ? 1500 : 100 + r.below(500))) reached.add(step)
  }
  expect(await child.start(), child.errors).toBe(true)
  producing = false
  await producer
  for (let i = 0; i < 3000; i++) {
    if (acked.plain.size === next && acked.ordered.size === next) break
    await sleep(10)
  }
  await sleep(500)
  for (const consumer of consumers) consumer.stopping = true
  await Promise.all(consumers.map(({ done }) => done))
  const at = `seed ${seed}`
  expect(problems, at).toEqual([])
  expect([acked.plain.size, acked.ordered.size], at).toEqual([next, next])
  const url = await child.url()
  for (const name of ['plain', 'ordered']) {
    const group = await (await fetch(`${url}/v1/streams/s/groups/${name}`)).json()
    expect(group, at).toMatchObject({ backlog: 0, held: 0, lost: 0 })
  }
  const { code } = await child.stop()
  expect(code).toBe(0)
  expect(child.errors).toBe('')
  console.log(`${KILLS} kills, ${[...reached]}, ${next} records; ${at}`)
}, 600_000)
