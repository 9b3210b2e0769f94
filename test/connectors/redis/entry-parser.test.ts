/** Entries arrive whole, whatever pieces the network cuts the answers into. */

import fc from 'fast-check'
import { expect, it } from 'vitest'
import { MessageBuffer } from '../../../connectors/message-buffer.ts'
import { type EntryId, StreamOffsets } from '../../../connectors/redis/entry-id.ts'
import { entryTaker } from '../../../connectors/redis/entry-message.ts'
import { EntryParser } from '../../../connectors/redis/entry-parser.ts'
import { schemaOf } from '../../../engine/batch/schema.ts'
import { VARCHAR } from '../../../engine/batch/types.ts'
import type { TableSpec } from '../../../engine/source/table.ts'
import { seedOf } from '../../seed.ts'

const TABLE = {
  id: 't1',
  name: 't',
  connector: 'redis',
  options: { 'payload-field': 'data' },
  schema: schemaOf([{ name: 'x', type: VARCHAR, nullable: true }]),
} as unknown as TableSpec

const text = (bytes: Uint8Array) => [
  Buffer.from(`$${bytes.length}\r\n`),
  bytes,
  Buffer.from('\r\n'),
]

function answer(entries: readonly Uint8Array[], first: number): Buffer {
  const parts = entries.flatMap((message, i) => [
    Buffer.from('*2\r\n'),
    ...text(Buffer.from(`${first + i}-0`)),
    Buffer.from('*4\r\n'),
    ...text(Buffer.from('other')),
    ...text(Buffer.from([0, 13, 10])),
    ...text(Buffer.from('data')),
    ...text(message),
  ])
  const head = `*1\r\n*2\r\n$3\r\nkey\r\n*${entries.length}\r\n`
  return Buffer.concat([Buffer.from(head), ...parts])
}

function newBuffer() {
  const offsets = new StreamOffsets('')
  return new MessageBuffer<EntryId>({
    ...{ form: offsets, metadata: [], from: offsets.parse('0-0') },
    onReady: () => {},
  })
}

type Got = { readonly id: string; readonly message: string }

function taken(buffer: MessageBuffer<EntryId>, rowsMax: number): Got[] {
  const got: Got[] = []
  for (;;) {
    const some = buffer.take({ rowsMax, bytesMax: 1 << 30 }, undefined)
    if (some === null) return got
    const { bytes, starts, ends, rowCount } = some.messages
    for (let i = 0; i < rowCount; i++) {
      const message = Buffer.from(bytes.subarray(starts[i], ends[i])).toString('hex')
      got.push({ id: String(some.nextOf(i)), message })
    }
  }
}

/** A few messages of up to `sizeMax` bytes. */
const messages = (sizeMax: number) =>
  fc.array(fc.uint8Array({ maxLength: sizeMax, size: 'max' }), { minLength: 1, maxLength: 20 })

const seed = seedOf('redis entries')

it(`answers in any pieces (replay: MILLRACE_SEED=${seed} npx vitest run test/connectors/redis/entry-parser.test.ts)`, () => {
  const cuts = fc.array(fc.integer({ min: 1, max: 300 }), { minLength: 1, maxLength: 30 })
  const property = fc.property(fc.array(messages(200), { maxLength: 8 }), cuts, (answers, cut) => {
    const buffer = newBuffer()
    const counts: number[] = []
    const parser = new EntryParser({
      entry: entryTaker(TABLE, 'key', buffer),
      answer: (entries) => counts.push(entries),
      refused: (error) => expect(error).toBe('ERR no'),
    })
    let first = 1
    const wanted: Got[] = []
    const parts: Buffer[] = []
    for (const entries of answers) {
      parts.push(answer(entries, first), Buffer.from('*-1\r\n-ERR no\r\n'))
      for (const [i, message] of entries.entries())
        wanted.push({ id: `${first + i}-0`, message: Buffer.from(message).toString('hex') })
      first += entries.length
    }
    const bytes = Buffer.concat(parts)
    const got: Got[] = []
    for (let at = 0, n = 0; at < bytes.length; n++) {
      const size = cut[n % cut.length]
      parser.push(bytes.subarray(at, at + size))
      at += size
      // Sometimes the engine is slow.
      if (size % 3 === 0) got.push(...taken(buffer, 1 + (size % 7)))
    }
    got.push(...taken(buffer, 1000))
    expect(got).toEqual(wanted)
    expect(counts).toEqual(answers.flatMap((entries) => [entries.length, 0]))
    if (wanted.length > 0) expect(String(buffer.position)).toBe(wanted[wanted.length - 1].id)
    expect([buffer.rowCount, buffer.isFull]).toEqual([0, false])
  })
  fc.assert(property, { numRuns: 300, seed })
})

it('entries that are larger than what answers usually have room for', () => {
  const buffer = newBuffer()
  const parser = new EntryParser({
    entry: entryTaker(TABLE, 'key', buffer),
    answer: () => {},
    refused: () => {},
  })
  const sizes = [10, 3 << 20, 0, 1 << 20, 700_000, 5, 9 << 20]
  const large = sizes.map((size, i) => Buffer.alloc(size, i + 1))
  const bytes = answer(large, 1)
  for (let at = 0; at < bytes.length; at += 60_000) parser.push(bytes.subarray(at, at + 60_000))
  const got = taken(buffer, 2)
  expect(got.map(({ message }) => message.length / 2)).toEqual(sizes)
  expect(got.map(({ message }) => message.slice(0, 2))).toEqual(
    sizes.map((size, i) => (size === 0 ? '' : `0${i + 1}`)),
  )
})

it('refuses what is no answer', () => {
  const parser = new EntryParser({ entry: () => {}, answer: () => {}, refused: () => {} })
  expect(() => parser.push(Buffer.from('HTTP/1.1 400 Bad Request\r\n'))).toThrow('no answer')
  const other = new EntryParser({ entry: () => {}, answer: () => {}, refused: () => {} })
  expect(() => other.push(Buffer.from('*1\r\n+what\r\n'))).toThrow('no answer to XREAD')
})
