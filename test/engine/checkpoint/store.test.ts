import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { nodeDisk } from '../../../engine/base/disk.ts'
import { CheckpointStore } from '../../../engine/checkpoint/store.ts'
import type { Section } from '../../../engine/operator/operator.ts'
import { temporaryFolder } from '../graph/harness.ts'

interface Meta {
  readonly note: string
}

let folder: ReturnType<typeof temporaryFolder>
beforeEach(() => {
  folder = temporaryFolder()
})
afterEach(() => folder.remove())

const open = () => new CheckpointStore<Meta>(nodeDisk, folder.path)

const section = (name: string, version: number, text: string): [string, Section] => [
  name,
  { name, version, bytes: Buffer.from(text) },
]

const textOf = (bytes: Uint8Array | undefined) => Buffer.from(bytes ?? []).toString()

test('nothing saved, nothing loaded', () => {
  expect(open().load()).toBe(undefined)
})

test('the last checkpoint comes back whole', async () => {
  const store = open()
  await store.save(1, { note: 'one' }, new Map([section('a', 1, 'alpha')]))
  await store.save(2, { note: 'two' }, new Map([section('a', 2, 'ALPHA'), section('b', 1, 'beta')]))
  const loaded = open().load()!
  expect(loaded.epoch).toBe(2)
  expect(loaded.meta).toEqual({ note: 'two' })
  expect(textOf(loaded.sections.get('a')?.bytes)).toBe('ALPHA')
  expect(textOf(loaded.sections.get('b')?.bytes)).toBe('beta')
})

test('a section that did not change is not written again, and its file stays as long as needed', async () => {
  const store = open()
  const big = section('big', 1, 'x'.repeat(100_000))
  const first = await store.save(1, { note: '' }, new Map([big, section('small', 1, 's')]))
  expect(first.bytes).toBeGreaterThan(100_000)
  for (let epoch = 2; epoch < 9; epoch++) {
    const saved = await store.save(
      epoch,
      { note: '' },
      new Map([big, section('small', epoch, 's')]),
    )
    expect(saved.bytes).toBeLessThan(1_000)
  }
  const loaded = open().load()!
  expect(loaded.epoch).toBe(8)
  expect(loaded.sections.get('big')?.bytes.length).toBe(100_000)
  expect(readdirSync(folder.path).sort()).toEqual([
    '1.data',
    '7.data',
    '7.manifest',
    '8.data',
    '8.manifest',
  ])
})

test('also after a restart unchanged sections are not written again', async () => {
  const big = section('big', 1, 'x'.repeat(100_000))
  await open().save(1, { note: '' }, new Map([big]))
  const store = open()
  store.load()
  expect((await store.save(2, { note: '' }, new Map([big]))).bytes).toBeLessThan(1_000)
})

test.each(['manifest', 'data'])(
  'a damaged %s is told and the one before it is used',
  async (kind) => {
    const store = open()
    await store.save(1, { note: 'good' }, new Map([section('a', 1, 'alpha')]))
    await store.save(2, { note: 'bad' }, new Map([section('a', 2, 'omega')]))
    const path = `${folder.path}/2.${kind}`
    const bytes = readFileSync(path)
    bytes[bytes.length - 3] ^= 0x10
    writeFileSync(path, bytes)
    const again = open()
    expect(again.load()?.meta).toEqual({ note: 'good' })
    expect(again.damaged).toHaveLength(1)
    expect(again.damaged[0]).toContain(path)
  },
)

test('a checkpoint of a newer format is refused, not passed over', async () => {
  const store = open()
  await store.save(1, { note: 'old' }, new Map())
  await store.save(2, { note: 'new' }, new Map())
  const path = `${folder.path}/2.manifest`
  const body = readFileSync(path, 'utf8')
    .split('\n')[1]
    .replace(/"format":\d+/, '"format":99')
  const { crc32 } = await import('node:zlib')
  writeFileSync(path, `${crc32(body)}\n${body}`)
  expect(() => open().load()).toThrow(/newer Millrace/)
})

test('bytes are made once, and not at all for the same version of the same owner', async () => {
  const store = open()
  const owner = {}
  let made = 0
  const lazy = (by: object, version: number, text: string) =>
    new Map([
      [
        'a',
        {
          ...{ name: 'a', version, owner: by },
          get bytes() {
            made++
            return Buffer.from(text)
          },
        },
      ],
    ])
  await store.save(1, { note: '' }, lazy(owner, 1, 'one'))
  await store.save(2, { note: '' }, lazy(owner, 1, 'one'))
  expect(made).toBe(1)
  await store.save(3, { note: '' }, lazy(owner, 2, 'two'))
  expect(made).toBe(2)
  expect(textOf(open().load()?.sections.get('a')?.bytes)).toBe('two')
  // Another owner counts its versions anew.
  await store.save(4, { note: '' }, lazy({}, 2, 'TWO'))
  expect(made).toBe(3)
  expect(textOf(open().load()?.sections.get('a')?.bytes)).toBe('TWO')
})
