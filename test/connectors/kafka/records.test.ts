/** Record batches into columns, without a broker: batches as the client library writes them, in any
 *  codec, cut anywhere, damaged anywhere. */

import * as kafka from '@platformatic/kafka'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ByteReader } from '../../../connectors/kafka/byte-reader.ts'
import { Fetched, type FetchedOptions } from '../../../connectors/kafka/fetched.ts'
import { METADATA, metadataColumns, wantedParts } from '../../../connectors/kafka/metadata.ts'
import { keyHash } from '../../../connectors/kafka/partitioner.ts'
import { SqlError } from '../../../engine/base/errors.ts'
import { Batch } from '../../../engine/batch/batch.ts'
import { rowsOf } from '../../../engine/batch/rows.ts'
import { schemaOf } from '../../../engine/batch/schema.ts'
import { seedOf } from '../../seed.ts'

const KEYS = new Set(Object.keys(METADATA))
const SCHEMA = schemaOf(
  Object.entries(METADATA).map(([name, type]) => ({ name, type, nullable: true })),
)
const options: FetchedOptions = {
  kafka,
  wanted: wantedParts(KEYS, { keys: true, tombstones: true }),
  checksCrc: true,
}

interface Message {
  readonly key: string | null
  readonly value: string | null
  readonly headers: readonly (readonly [string, string])[]
  readonly timestamp: number
}

const message = fc.record<Message>({
  key: fc.option(fc.string({ maxLength: 8 })),
  value: fc.option(fc.string({ maxLength: 40 }), { freq: 8 }),
  headers: fc.uniqueArray(fc.tuple(fc.string({ maxLength: 4 }), fc.string({ maxLength: 4 })), {
    maxLength: 3,
    selector: ([name]) => name,
  }),
  // The library writes wrong times where those of a batch are more than 24 days apart.
  timestamp: fc.integer({ min: 1_700_000_000_000, max: 1_702_000_000_000 }),
})

const codec = fc.constantFrom('none', 'gzip', 'snappy', 'lz4', 'zstd')

/** A batch at `offset` as a broker stores it. */
function batchOf(offset: number, messages: readonly Message[], compression: string): Buffer {
  const bytes = (text: string | null) => (text === null ? null : Buffer.from(text))
  const records = messages.map(({ key, value, headers, timestamp }) => ({
    ...{ topic: 't', partition: 0, timestamp: BigInt(timestamp) },
    ...{ key: bytes(key) as Buffer, value: bytes(value) as Buffer },
    headers: new Map(headers.map(([name, text]) => [Buffer.from(name), Buffer.from(text)])),
  }))
  const { buffer } = kafka.createRecordsBatch(records, { compression: compression as 'none' })
  // The broker sets the offset, which no checksum covers.
  buffer.writeBigInt64BE(BigInt(offset), 0)
  return buffer
}

type Seen = readonly [offset: number, value: string | null, ...unknown[]]

const textAt = (bytes: Uint8Array, start: number, end: number): string | null =>
  start < 0 ? null : Buffer.from(bytes.subarray(start, end)).toString()

/** Everything at hand, by chunks. */
function takeAll(
  fetched: Fetched,
  rowsMax: () => number,
  until = Infinity,
  checksCrc = true,
): Seen[] {
  const seen: Seen[] = []
  for (;;) {
    const limit = { rowsMax: rowsMax(), bytesMax: 1 << 20, until }
    const taken = fetched.take(limit, { ...options, checksCrc })
    if (taken === null) return seen
    const { rows, bytes } = taken
    const origin = { topic: 't', partition: 3, hasAppendTimes: rows.hasAppendTimes }
    const columns = metadataColumns(KEYS, rows, bytes, origin)
    const batch = new Batch(SCHEMA, Object.values(columns), rows.count)
    for (const [i, row] of rowsOf(batch).entries()) {
      seen.push([rows.offsets[i], textAt(bytes, rows.starts[i], rows.ends[i]), ...row])
    }
  }
}

function expected(first: number, messages: readonly Message[]): Seen[] {
  return messages.map(({ key, value, headers, timestamp }, i) => [
    ...([first + i, value, 't', 3] as const),
    headers.map(([name, text]) => [name, Uint8Array.from(Buffer.from(text))]),
    ...[0, first + i, timestamp * 1000, 'CreateTime'],
    key === null ? null : Uint8Array.from(Buffer.from(key)),
  ])
}

const plain = (seen: readonly Seen[]) =>
  JSON.parse(
    JSON.stringify(seen, (_, value) =>
      ArrayBuffer.isView(value) ? [...(value as Uint8Array)] : value,
    ),
  )

const batches = fc.array(
  fc.record({ messages: fc.array(message, { minLength: 1, maxLength: 12 }), codec }),
  { minLength: 1, maxLength: 6 },
)

describe('record batches', () => {
  const seed = seedOf('kafka records')
  const property = (check: fc.IProperty<never> | fc.IRawProperty<never>, numRuns = 150) =>
    fc.assert(check as fc.IRawProperty<never>, { seed, numRuns })

  it('come out as they went in, whatever the codec, the answers and the chunks', () => {
    property(
      fc.property(
        batches,
        fc.array(fc.nat({ max: 7 })),
        fc.nat({ max: 70 }),
        (all, sizes, skip) => {
          const fetched = new Fetched(skip)
          const wanted: Seen[] = []
          let offset = 0
          let answer = Buffer.alloc(0)
          for (const [i, { messages, codec }] of all.entries()) {
            answer = Buffer.concat([answer, batchOf(offset, messages, codec)])
            wanted.push(...expected(offset, messages))
            offset += messages.length
            if (i % 2 === 0) continue
            fetched.add(Uint8Array.from(answer), [])
            answer = Buffer.alloc(0)
          }
          // The last batch comes cut off first.
          fetched.add(Uint8Array.from(answer.subarray(0, -1)), [])
          fetched.add(Uint8Array.from(answer), [])
          let turn = 0
          const seen = takeAll(fetched, () => 1 + (sizes[turn++ % (sizes.length || 1)] ?? 9))
          expect(plain(seen)).toEqual(plain(wanted.filter(([at]) => at >= skip)))
          if (skip < offset) expect(fetched.position).toBe(offset)
        },
      ) as never,
    )
  })

  it('stop before an offset exactly, and go on from there', () => {
    property(
      fc.property(batches, fc.nat({ max: 60 }), (all, until) => {
        const fetched = new Fetched(0)
        const wanted: Seen[] = []
        let offset = 0
        for (const { messages, codec } of all) {
          fetched.add(Uint8Array.from(batchOf(offset, messages, codec)), [])
          wanted.push(...expected(offset, messages))
          offset += messages.length
        }
        const before = takeAll(fetched, () => 5, until)
        expect(fetched.position).toBe(Math.min(until, offset))
        const after = takeAll(fetched, () => 5)
        expect(plain([...before, ...after])).toEqual(plain(wanted))
        expect(before.length).toBe(Math.min(until, offset))
      }) as never,
    )
  })

  it('that are damaged are refused, and no bytes do worse', () => {
    property(
      fc.property(
        batches,
        fc.nat(),
        fc.integer({ min: 1, max: 255 }),
        fc.boolean(),
        (all, place, flip, checksCrc) => {
          const bytes = Buffer.concat(all.map(({ messages, codec }) => batchOf(0, messages, codec)))
          bytes[place % bytes.length] ^= flip
          const fetched = new Fetched(0)
          try {
            fetched.add(bytes, [])
            takeAll(fetched, () => 3, Infinity, checksCrc)
          } catch (error) {
            expect(error).toBeInstanceOf(SqlError)
            expect(['DATA_DAMAGED', 'UNSUPPORTED']).toContain((error as SqlError).code)
          }
        },
      ) as never,
      400,
    )
  })

  it('in the format of long ago are refused by name', () => {
    const bytes = batchOf(7, [{ key: null, value: 'x', headers: [], timestamp: 1 }], 'none')
    bytes[16] = 1
    expect(() => new Fetched(0).add(bytes, [])).toThrow(/offset 7 have the format v1/)
  })

  it('go on behind a gap that was skipped', () => {
    const fetched = new Fetched(3)
    expect(fetched.take({ rowsMax: 5, bytesMax: 10, until: Infinity }, options)).toBeNull()
    fetched.skipTo(10)
    const taken = fetched.take({ rowsMax: 5, bytesMax: 10, until: Infinity }, options)
    expect(taken).toMatchObject({ from: 3, to: 10, rows: { count: 0 } })
  })
})

/** As Protocol Buffers have them: zigzag, then seven bits at a time. */
function varint(value: bigint): number[] {
  let rest = BigInt.asUintN(64, (value << 1n) ^ (value >> 63n))
  const bytes: number[] = []
  for (; rest > 127n; rest >>= 7n) bytes.push(Number(rest & 127n) | 128)
  return [...bytes, Number(rest)]
}

describe('parts of the protocol', () => {
  it('varints are read', () => {
    const reader = new ByteReader()
    fc.assert(
      fc.property(
        fc.integer(),
        fc.bigInt({ min: -(2n ** 53n), max: 2n ** 53n }),
        (small, large) => {
          const bytes = [...varint(BigInt(small)), ...varint(large)]
          reader.bytes = Uint8Array.from(bytes)
          reader.at = 0
          expect(reader.int()).toBe(small)
          expect(reader.long()).toBe(Number(large))
          expect(reader.at).toBe(bytes.length)
        },
      ),
      { seed: seedOf('varints') },
    )
  })

  it('keys go to the partitions of other clients', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (key) => {
        expect(keyHash(key)).toBe(kafka.murmur2(Buffer.from(key)) & 0x7fffffff)
      }),
      { seed: seedOf('keys') },
    )
    // As org.apache.kafka.common.utils.Utils has them in its own test.
    expect(keyHash(Buffer.from('21'))).toBe(-973932308 & 0x7fffffff)
    expect(keyHash(Buffer.from('foobar'))).toBe(-790332482 & 0x7fffffff)
    expect(keyHash(Buffer.from('a-little-bit-long-string'))).toBe(-985981536 & 0x7fffffff)
  })
})
