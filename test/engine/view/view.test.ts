import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { BatchBuilder } from '../../../engine/batch/builder.ts'
import { encodeBatch } from '../../../engine/batch/ipc.ts'
import { rowsOf } from '../../../engine/batch/rows.ts'
import { type Field, type Schema, schemaOf } from '../../../engine/batch/schema.ts'
import {
  BIGINT,
  BOOLEAN,
  BYTES,
  DATE,
  type DataType,
  DOUBLE,
  FLOAT,
  INT,
  INTERVAL_MONTH,
  INTERVAL_SECOND,
  JSON_TYPE,
  SMALLINT,
  TIMESTAMP,
  TIMESTAMP_LTZ,
  TINYINT,
  VARCHAR,
} from '../../../engine/batch/types.ts'
import type { Value } from '../../../engine/batch/value.ts'
import { type ViewFrame, type ViewSpec, ViewStore } from '../../../engine/view/view.ts'
import { FOREVER } from './forever.ts'

type Weighted = readonly [number, readonly Value[]]

const field = (name: string, type: DataType): Field => ({ name, type, nullable: true })
const KV = schemaOf([field('k', BIGINT), field('v', VARCHAR)])

function frame(schema: Schema, seq: number, rows: readonly Weighted[]): ViewFrame {
  const builder = new BatchBuilder(schema)
  for (const [weight, row] of rows) builder.append(row, weight)
  return { seq, payload: encodeBatch(builder.finish()) }
}

let folder: string
let store: ViewStore

const open = () =>
  ViewStore.open({ path: join(folder, 'views.duckdb'), memoryBytesMax: 256 << 20, threads: 1 })

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-view-'))
  store = await open()
})

afterEach(async () => {
  await store.close()
  rmSync(folder, { recursive: true })
})

async function contents(id: string): Promise<{ seq: number; rows: Value[][] }> {
  const { seq, batches } = await store.read(id)
  return { seq, rows: batches.flatMap((batch) => rowsOf(batch)) }
}

const text = (rows: readonly (readonly Value[])[]): string[] =>
  rows
    .map((row) =>
      JSON.stringify(row, (_, value) => (typeof value === 'bigint' ? `${value}n` : value)),
    )
    .sort()

describe('an append-only view', () => {
  const view: ViewSpec = { id: 'm1', schema: KV, appendOnly: true }

  it('adds rows and knows how far it is', async () => {
    await store.create(view)
    expect(await contents('m1')).toEqual({ seq: -1, rows: [] })
    await store.apply('m1', [frame(KV, 0, [[1, [1, 'a']]]), frame(KV, 1, [[2, [2, null]]])])
    expect(await contents('m1')).toEqual({
      seq: 1,
      rows: [
        [1, 'a'],
        [2, null],
        [2, null],
      ],
    })
    expect(await store.appliedSeq('m1')).toBe(1)
  })

  it('applies each result once, also across a restart', async () => {
    await store.create(view)
    await store.apply('m1', [frame(KV, 0, [[1, [1, 'a']]])])
    await store.close()
    store = await open()
    await store.create(view)
    expect(await store.appliedSeq('m1')).toBe(0)
    await store.apply('m1', [frame(KV, 0, [[1, [1, 'a']]]), frame(KV, 1, [[1, [2, 'b']]])])
    expect((await contents('m1')).rows).toEqual([
      [1, 'a'],
      [2, 'b'],
    ])
  })

  it('can be closed while it is read and written; what comes then is refused', async () => {
    await store.create(view)
    const rows = Array.from({ length: 8000 }, (_, i): Weighted => [1, [i, `value ${i}`]])
    let seq = 0
    for (let round = 0; round < 4; round++) {
      await store.apply('m1', [frame(KV, seq++, rows)])
      const before = [store.read('m1'), store.read('m1')]
      const closing = store.close()
      const after: Promise<unknown>[] = []
      for (let i = 0; i < 5; i++) {
        await new Promise((resolve) => setTimeout(resolve, round * 4))
        after.push(store.read('m1'), store.apply('m1', [frame(KV, seq, [])]))
      }
      await closing
      for (const { seq: at } of await Promise.all(before))
        expect(at).toBeGreaterThanOrEqual(seq - 1)
      for (const outcome of await Promise.allSettled(after)) {
        if (outcome.status === 'rejected') expect(outcome.reason.code).toBe('UNAVAILABLE')
      }
      await expect(store.read('m1')).rejects.toMatchObject({ code: 'UNAVAILABLE' })
      store = await open()
      await store.create(view)
      seq = (await store.appliedSeq('m1')) + 1
    }
  })

  it('names the file and the place that are damaged', async () => {
    await store.close()
    const path = join(folder, 'views.duckdb')
    const bytes = readFileSync(path)
    const damage = async (position: number) => {
      const damaged = Buffer.from(bytes)
      damaged[position] ^= 4
      writeFileSync(path, damaged)
      await expect(open()).rejects.toMatchObject({
        code: 'DATA_DAMAGED',
        message: expect.stringContaining(`${path} is damaged at byte`),
        details: { file: path, position: expect.any(Number) },
      })
      expect(readFileSync(path).equals(damaged)).toBe(true)
    }
    await damage(9)
    await damage(12_300)
    writeFileSync(path, bytes)
    store = await open()
  })

  it('refuses a gap and a retraction, and is then unchanged', async () => {
    await store.create(view)
    await store.apply('m1', [frame(KV, 0, [[1, [1, 'a']]])])
    await expect(store.apply('m1', [frame(KV, 2, [[1, [2, 'b']]])])).rejects.toThrow(/given 2 to 2/)
    await expect(
      store.apply('m1', [frame(KV, 1, [[1, [3, 'c']]]), frame(KV, 2, [[-1, [1, 'a']]])]),
    ).rejects.toThrow(/retraction/)
    expect(await contents('m1')).toEqual({ seq: 0, rows: [[1, 'a']] })
  })

  it('takes more rows than a chunk holds', async () => {
    await store.create(view)
    const rows = Array.from({ length: 5000 }, (_, i): Weighted => [1, [i, i % 3 ? `v${i}` : null]])
    await store.apply('m1', [frame(KV, 0, rows)])
    expect((await contents('m1')).rows).toEqual(rows.map(([, row]) => row))
  })
})

describe('a view with a key', () => {
  it('keeps what the last result says of each key', async () => {
    await store.create({ id: 'm2', schema: KV, appendOnly: false, key: [0] })
    await store.apply('m2', [
      frame(KV, 0, [
        [1, [1, 'a']],
        [1, [2, 'b']],
        [1, [null, 'n']],
      ]),
      frame(KV, 1, [
        [-1, [1, 'a']],
        [1, [1, 'A']],
        [-1, [2, 'b']],
      ]),
    ])
    expect(text((await contents('m2')).rows)).toEqual(
      text([
        [null, 'n'],
        [1, 'A'],
      ]),
    )
    await store.apply('m2', [
      frame(KV, 2, [
        [-1, [null, 'n']],
        [1, [2, 'again']],
      ]),
      frame(KV, 3, [[-1, [2, 'again']]]),
    ])
    expect(await contents('m2')).toEqual({ seq: 3, rows: [[1, 'A']] })
  })
})

describe('a view without a key', () => {
  it('removes as many copies as the results say', async () => {
    await store.create({ id: 'm3', schema: KV, appendOnly: false })
    await store.apply('m3', [
      frame(KV, 0, [
        [3, [1, 'a']],
        [1, [1, null]],
      ]),
    ])
    await store.apply('m3', [
      frame(KV, 1, [
        [-2, [1, 'a']],
        [-1, [1, null]],
        [1, [2, 'b']],
      ]),
    ])
    expect(text((await contents('m3')).rows)).toEqual(
      text([
        [1, 'a'],
        [2, 'b'],
      ]),
    )
  })

  it('refuses to remove a row that is not there (law 3)', async () => {
    await store.create({ id: 'm3', schema: KV, appendOnly: false })
    await expect(store.apply('m3', [frame(KV, 0, [[-1, [1, 'a']]])])).rejects.toThrow(
      /1 rows of the view are taken back; it holds 0/,
    )
    expect(await store.appliedSeq('m3')).toBe(-1)
  })
})

it('holds every type exactly', async () => {
  const types: readonly [DataType, readonly Value[]][] = [
    [BOOLEAN, [true, false]],
    [TINYINT, [-128, 127]],
    [SMALLINT, [-32768, 32767]],
    [INT, [-2147483648, 2147483647]],
    [BIGINT, [-9223372036854775808n, 9223372036854775807n, 5]],
    [FLOAT, [1.5, Number.NaN, Number.POSITIVE_INFINITY]],
    [DOUBLE, [0.1, -0, Number.NEGATIVE_INFINITY]],
    [{ kind: 'decimal', precision: 4, scale: 2 }, [-9999, 1]],
    [{ kind: 'decimal', precision: 18, scale: 0 }, [999999999999999999n]],
    [{ kind: 'decimal', precision: 38, scale: 10 }, [-(10n ** 38n - 1n), 1, 2n ** 64n]],
    [VARCHAR, ['', 'Zürich 🌊', 'x'.repeat(5000)]],
    [JSON_TYPE, ['{"a":[1,2]}']],
    [BYTES, [new Uint8Array([0, 255, 10]), new Uint8Array(0)]],
    [DATE, [-719162, 2932896]],
    [{ kind: 'time', precision: 6 }, [0, 86399999999]],
    [TIMESTAMP, [-62135596800000000n, 1700000000123000]],
    [TIMESTAMP_LTZ, [0, 1700000000123000]],
    [INTERVAL_MONTH, [-14, 1200]],
    [INTERVAL_SECOND, [-1, 9007199254740993n]],
    [{ kind: 'array', element: VARCHAR }, [['a', null, 'b'], []]],
    [
      { kind: 'map', key: VARCHAR, value: BIGINT },
      [
        [
          ['k', 1],
          ['l', null],
        ],
        [],
      ],
    ],
    [
      {
        kind: 'row',
        fields: [
          { name: 'x y"', type: DATE },
          {
            name: 'z',
            type: { kind: 'array', element: { kind: 'decimal', precision: 5, scale: 1 } },
          },
        ],
      },
      [
        [10, [15, null]],
        [null, null],
      ],
    ],
  ]
  const schema = schemaOf(types.map(([type], i) => field(`c "${i}'; --`, type)))
  const height = Math.max(...types.map(([, values]) => values.length))
  const rows = Array.from({ length: height + 1 }, (_, row) =>
    types.map(([, values]) => values[row] ?? null),
  )
  const exact = (list: readonly (readonly Value[])[]) =>
    list.map((row) => row.map((value) => (value instanceof Uint8Array ? [...value] : value)))
  for (const [id, view] of Object.entries({
    m10: { appendOnly: true },
    m11: { appendOnly: false, key: [4, 10] },
    m12: { appendOnly: false },
  })) {
    await store.create({ id, schema, ...view })
    await store.apply(id, [
      frame(
        schema,
        0,
        rows.map((row) => [1, row] as const),
      ),
    ])
    const back = exact((await contents(id)).rows)
    if (id === 'm10') expect(back).toEqual(exact(rows))
    else expect(text(back)).toEqual(text(exact(rows)))
  }
})

it('leaves what applying results one by one leaves, however they are grouped (law 2)', async () => {
  const histories = fc.array(
    fc.array(fc.tuple(fc.integer({ min: 0, max: 4 }), fc.constantFrom('a', 'b', null)), {
      maxLength: 5,
    }),
    { minLength: 1, maxLength: 8 },
  )
  let number = 100
  await fc.assert(
    fc.asyncProperty(histories, fc.integer({ min: 1, max: 8 }), async (epochs, group) => {
      const id = number++
      const keyed: ViewSpec = { id: `k${id}`, schema: KV, appendOnly: false, key: [0] }
      const plain: ViewSpec = { id: `p${id}`, schema: KV, appendOnly: false }
      await store.create(keyed)
      await store.create(plain)
      const current = new Map<number, string | null>()
      const frames: ViewFrame[] = []
      for (const [seq, epoch] of epochs.entries()) {
        const before = new Map(current)
        for (const [key, value] of epoch) {
          if (value === 'b' && current.has(key)) current.delete(key)
          else current.set(key, value)
        }
        frames.push(frame(KV, seq, changes(before, current)))
      }
      for (let at = 0; at < frames.length; at += group) {
        await store.apply(keyed.id, frames.slice(at, at + group))
        await store.apply(plain.id, frames.slice(at, at + group))
      }
      const want = { seq: frames.length - 1, rows: text([...current]) }
      for (const { id: name } of [keyed, plain]) {
        const { seq, rows } = await contents(name)
        expect({ seq, rows: text(rows) }).toEqual(want)
        await store.drop(name)
      }
    }),
    { numRuns: 40 },
  )
})

function changes(
  before: ReadonlyMap<number, string | null>,
  after: ReadonlyMap<number, string | null>,
): Weighted[] {
  const rows: Weighted[] = []
  for (const [key, value] of before) if (after.get(key) !== value) rows.push([-1, [key, value]])
  for (const [key, value] of after) {
    if (!before.has(key) || before.get(key) !== value) rows.push([1, [key, value]])
  }
  return rows
}

it('drops rows of views that are no more', async () => {
  await store.create({ id: 'm1', schema: KV, appendOnly: true })
  await store.create({ id: 'm2', schema: KV, appendOnly: true })
  await store.apply('m1', [frame(KV, 0, [[1, [1, 'a']]])])
  await store.keepOnly(['m2'])
  await store.create({ id: 'm1', schema: KV, appendOnly: true })
  expect(await contents('m1')).toEqual({ seq: -1, rows: [] })
})

it('holds whole results after kill -9', async () => {
  const path = join(folder, 'killed.duckdb')
  const script = fileURLToPath(new URL('./apply-forever.ts', import.meta.url))
  let acknowledged = -1
  for (let round = 0; round < 3; round++) {
    const child = spawn(process.execPath, [script, path], { stdio: ['ignore', 'pipe', 'inherit'] })
    const exited = new Promise((resolve) => child.once('exit', resolve))
    child.stdout.on('data', (chunk: Buffer) => {
      // The last line may be cut in two.
      const lines = chunk.toString().split('\n').slice(0, -1)
      for (const line of lines) acknowledged = Math.max(acknowledged, Number(line))
      if (acknowledged > round * 20 + 15) child.kill('SIGKILL')
    })
    await exited
    const after = await ViewStore.open({ path, memoryBytesMax: 256 << 20, threads: 1 })
    await after.create({ id: 'm1', schema: FOREVER, appendOnly: true })
    await after.create({ id: 'm2', schema: FOREVER, appendOnly: false, key: [0] })
    const appended = await after.read('m1')
    const keyed = await after.read('m2')
    await after.close()
    const values = appended.batches.flatMap((batch) => rowsOf(batch)).map(([value]) => value)
    // Every result holds the rows of its seq: 100 times its number.
    expect(values).toEqual(
      Array.from({ length: (appended.seq + 1) * 100 }, (_, i) => Math.floor(i / 100)),
    )
    expect(appended.seq).toBeGreaterThanOrEqual(acknowledged)
    expect(keyed.batches.reduce((sum, batch) => sum + batch.rowCount, 0)).toBe(keyed.seq + 1)
  }
})
