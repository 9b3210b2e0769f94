/** Messages with the id of their schema, and the registry that has the schemas: a real HTTP
 *  server. */

import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { asSqlError, SqlError } from '../../../engine/base/errors.ts'
import { rowsOf } from '../../../engine/batch/rows.ts'
import { type Field, schemaOf } from '../../../engine/batch/schema.ts'
import type { DataType } from '../../../engine/batch/types.ts'
import type { Value } from '../../../engine/batch/value.ts'
import {
  avroConfluentEncoder,
  avroConfluentMessages,
} from '../../../engine/format/avro/confluent.ts'
import type { MessageDecoder } from '../../../engine/format/messages.ts'
import {
  protobufConfluentEncoder,
  protobufConfluentMessages,
} from '../../../engine/format/protobuf/messages.ts'
import { batchOf } from '../batch/arbitrary.ts'
import { oracle } from './avro/avsc.ts'
import { messagesOf } from './messages-of.ts'
import { RegistryServer } from './registry-server.ts'

const registry = new RegistryServer()

beforeEach(async () => {
  registry.port = 0
  registry.requests.length = 0
  await registry.start()
})

afterEach(async () => {
  registry.authorization = undefined
  registry.answer = undefined
  registry.isCompatible = () => true
  await registry.stop()
})

const field = (name: string, type: DataType, nullable = true): Field => ({ name, type, nullable })
const ORDERS = schemaOf([
  field('id', { kind: 'bigint' }, false),
  field('name', { kind: 'varchar' }),
  field('price', { kind: 'double' }),
])

const options = (more: object = {}) => ({
  ...{
    'avro-confluent.url': `${registry.url}/`,
    'avro-confluent.subject': 'orders-value',
    ...more,
  },
})

const record = (...fields: object[]): string =>
  JSON.stringify({ type: 'record', name: 'order', fields })

const V1 = record({ name: 'id', type: 'int' }, { name: 'name', type: 'string' })
const V2 = record(
  { name: 'price', type: 'float' },
  { name: 'id', type: 'long' },
  { name: 'more', type: { type: 'map', values: 'bytes' } },
)

const message = (id: number, schema: string, value: unknown): Buffer => {
  const header = Buffer.alloc(5)
  header.writeInt32BE(id, 1)
  return Buffer.concat([header, oracle(schema).toBuffer(value)])
}

async function read(decoder: MessageDecoder, parts: readonly Uint8Array[]) {
  const messages = messagesOf(parts)
  await decoder.prepare?.(messages)
  expect(decoder.prepare?.(messages)).toBeUndefined()
  const { batch, bad } = decoder.decode(messages)
  return { rows: rowsOf(batch), bad: bad.map((one) => `${one.index}: ${one.error.message}`) }
}

async function failure(action: Promise<unknown> | undefined): Promise<SqlError> {
  try {
    await action
  } catch (error) {
    expect(error).toBeInstanceOf(SqlError)
    return asSqlError(error)
  }
  throw new Error('nothing failed')
}

describe('reading', () => {
  test('each message by the schema that it was written with, asked for once', async () => {
    const one = registry.add('orders-value', { schema: V1 })
    const two = registry.add('orders-value', { schema: V2 })
    const decoder = avroConfluentMessages(ORDERS, options())
    const parts = [
      message(one, V1, { id: 1, name: 'a' }),
      message(two, V2, { id: 2n, price: 1.5, more: { x: Buffer.from('y') } }),
      message(one, V1, { id: 3, name: 'c' }),
    ]
    const wanted = [
      [1, 'a', null],
      [2, null, 1.5],
      [3, 'c', null],
    ]
    expect(await read(decoder, parts)).toEqual({ rows: wanted, bad: [] })
    expect(await read(decoder, parts.toReversed())).toEqual({ rows: wanted.toReversed(), bad: [] })
    // Another decoder, as after an error: the schemas are known.
    const again = avroConfluentMessages(ORDERS, options())
    expect(again.prepare?.(messagesOf(parts))).toBeUndefined()
    expect((await read(again, parts)).rows).toEqual(wanted)
    expect(registry.requests.toSorted()).toEqual([
      `GET /schemas/ids/${one}`,
      `GET /schemas/ids/${two}`,
    ])
  })

  test('what is no such message is bad: no header, an unknown id, a schema that does not fit', async () => {
    const good = registry.add('orders-value', { schema: V1 })
    const other = record({ name: 'id', type: 'string' })
    const wrong = registry.add('orders-value', { schema: other })
    const json = registry.add('j', { schema: '{"type":"object"}', schemaType: 'JSON' })
    const garbage = registry.add('g', { schema: '{"type":"record"' })
    const decoder = avroConfluentMessages(ORDERS, options())
    const { rows, bad } = await read(decoder, [
      message(good, V1, { id: 1, name: 'a' }),
      new Uint8Array(0),
      Uint8Array.of(0, 0, 0, 1),
      Uint8Array.of(1, 0, 0, 0, good, 2, 0),
      message(0x7fffffff, V1, { id: 1, name: 'a' }),
      Uint8Array.of(0, 255, 255, 255, 255, 2, 0),
      message(wrong, other, { id: 'x' }),
      message(json, V1, { id: 1, name: 'a' }),
      message(garbage, V1, { id: 1, name: 'a' }),
      message(good, V1, { id: 2, name: 'b' }).subarray(0, 6),
      message(good, V1, { id: 3, name: 'c' }),
    ])
    expect(rows).toEqual([
      [1, 'a', null],
      [3, 'c', null],
    ])
    const where = 'Record 0: '
    expect(bad).toEqual([
      `1: ${where}the message does not begin with a schema id`,
      `2: ${where}the message does not begin with a schema id`,
      `3: ${where}the message does not begin with a schema id`,
      `4: ${where}the schema registry has no schema 2147483647`,
      `5: ${where}the schema registry has no schema 4294967295`,
      `6: ${where}schema ${wrong} does not fit: field id: string cannot be read as BIGINT`,
      `7: ${where}schema ${json} does not fit: it is of type JSON`,
      `8: ${where}schema ${garbage} does not fit: No Avro schema: it is not JSON`,
      '9: Record 0, column name: the message ends inside a value',
    ])
  })

  test('a registry that is away is waited for; then nothing is missing', async () => {
    const id = registry.add('orders-value', { schema: V1 })
    const parts = [message(id, V1, { id: 7, name: 'a' })]
    await registry.stop()
    const error = await failure(
      avroConfluentMessages(ORDERS, options()).prepare?.(messagesOf(parts)),
    )
    expect(error.code).toBe('CONNECTOR_FAILED')
    expect(error.retry).toBe('backoff')
    expect(error.message).toContain(`The schema registry at ${registry.url}: `)
    await registry.start()
    const found = await read(avroConfluentMessages(ORDERS, options()), parts)
    expect(found).toEqual({ rows: [[7, 'a', null]], bad: [] })
  })

  test('an answer that is none is not one of no schema', async () => {
    const id = registry.add('orders-value', { schema: V1 })
    const parts = messagesOf([message(id, V1, { id: 7, name: 'a' })])
    for (const [status, body, reason] of [
      [500, '{"message":"out of order"}', 'it answered 500: out of order'],
      [200, '<html>', 'it answered 200'],
      [200, '{}', 'an answer has no schema'],
      [502, 'x'.repeat(17 * 1024 * 1024), 'its answer is too long'],
    ] as const) {
      registry.answer = { status, body }
      const decoder = avroConfluentMessages(ORDERS, options())
      const error = await failure(decoder.prepare?.(parts))
      expect(error.code).toBe('CONNECTOR_FAILED')
      expect(error.message).toContain(reason)
    }
  })

  test('names of other schemas are looked up', async () => {
    const city = JSON.stringify({
      ...{ type: 'record', name: 'geo.City', fields: [{ name: 'zip', type: 'string' }] },
    })
    registry.add('city', { schema: city })
    const address = JSON.stringify({
      type: 'record',
      name: 'geo.Address',
      fields: [{ name: 'city', type: 'geo.City' }],
    })
    registry.add('address', {
      schema: address,
      references: [{ name: 'geo.City', subject: 'city', version: 1 }],
    })
    const main = record({ name: 'at', type: 'geo.Address' })
    const id = registry.add('main', {
      schema: main,
      references: [{ name: 'geo.Address', subject: 'address', version: 1 }],
    })
    const at: DataType = {
      kind: 'row',
      fields: [
        {
          name: 'city',
          type: { kind: 'row', fields: [{ name: 'zip', type: { kind: 'varchar' } }] },
        },
      ],
    }
    const decoder = avroConfluentMessages(schemaOf([field('at', at)]), options())
    const bytes = Uint8Array.from([0, 0, 0, 0, id, 4, 56, 57])
    expect(await read(decoder, [bytes])).toEqual({ rows: [[[['89']]]], bad: [] })
  })
})

describe('credentials', () => {
  test.each([
    ['basic-auth.user-info', 'ada:secret', `Basic ${btoa('ada:secret')}`],
    ['bearer-auth.token', 'secret', 'Bearer secret'],
  ])('%s', async (name, value, header) => {
    registry.authorization = header
    const id = registry.add('orders-value', { schema: V1 })
    const parts = [message(id, V1, { id: 7, name: 'a' })]
    const bare = await failure(
      avroConfluentMessages(ORDERS, options()).prepare?.(messagesOf(parts)),
    )
    expect(bare.message).toContain('it answered 401: User cannot access the resource.')
    expect(bare.message).not.toContain('secret')
    const given = options({ [`avro-confluent.${name}`]: value })
    expect((await read(avroConfluentMessages(ORDERS, given), parts)).rows).toHaveLength(1)
  })

  test('do not stand in the address', () => {
    const url = registry.url.replace('//', '//ada:secret@')
    expect(() => avroConfluentMessages(ORDERS, options({ 'avro-confluent.url': url }))).toThrow(
      "The option 'avro-confluent.url' has to be the address of a registry",
    )
  })
})

describe('writing', () => {
  const rows: Value[][] = [
    [1, 'a', 0.5],
    [2, null, null],
  ]
  const batch = batchOf({ schema: ORDERS, rows, weights: null })

  test('registers the schema of the columns once, whoever writes', async () => {
    const encode = await avroConfluentEncoder(ORDERS, options())
    const again = await avroConfluentEncoder(ORDERS, options())
    const records = encode(batch).records as Uint8Array[]
    expect(again(batch).records).toEqual(records)
    const [id] = registry.versionsOf('orders-value').slice(-1)
    expect(records[0].subarray(0, 5)).toEqual(Uint8Array.of(0, 0, 0, 0, id))
    expect(await read(avroConfluentMessages(ORDERS, options()), records)).toEqual({ rows, bad: [] })
    const { schema } = registry.schemaOf(id) ?? {}
    const theirs = oracle(schema ?? '').fromBuffer(Buffer.from(records[0].subarray(5)))
    expect(theirs).toEqual({ id: 1n, name: { string: 'a' }, price: { double: 0.5 } })
  })

  test('a schema that the registry refuses ends it; a registry that is away does not', async () => {
    registry.isCompatible = () => false
    const refused = await failure(avroConfluentEncoder(ORDERS, options()))
    expect(refused.code).toBe('INVALID_OPTION')
    expect(refused.retry).toBe('never')
    expect(refused.message).toContain('(409): Schema being registered is incompatible')
    await registry.stop()
    const away = await failure(avroConfluentEncoder(ORDERS, options()))
    expect([away.code, away.retry]).toEqual(['CONNECTOR_FAILED', 'backoff'])
    await registry.start()
  })

  test('a given schema is the one that is registered; it must go with the columns', async () => {
    const schema = record(
      { name: 'price', type: ['double', 'null'] },
      { name: 'id', type: 'long' },
      { name: 'name', type: ['null', { type: 'enum', name: 'e', symbols: ['a'] }] },
      { name: 'extra', type: 'string', default: 'x' },
    )
    const given = options({ 'avro-confluent.schema': schema, 'avro-confluent.subject': 'given' })
    const records = (await avroConfluentEncoder(ORDERS, given))(batch).records as Uint8Array[]
    expect(registry.schemaOf(registry.versionsOf('given')[0])?.schema).toBe(schema)
    expect((await read(avroConfluentMessages(ORDERS, given), records)).rows).toEqual(rows)
    const other = options({ 'avro-confluent.schema': V1 })
    const error = await failure(avroConfluentEncoder(ORDERS, other))
    expect(error.message).toBe('the record order has no field price')
    expect(() => avroConfluentMessages(ORDERS, other)).toThrow('has no field price')
  })

  test('a value that the schema does not have says which', async () => {
    const schema = record(
      { name: 'id', type: 'long' },
      { name: 'name', type: 'string' },
      { name: 'price', type: ['null', 'double'] },
    )
    const encode = await avroConfluentEncoder(ORDERS, options({ 'avro-confluent.schema': schema }))
    expect(() => encode(batch)).toThrow('field name: the schema says string, the value is NULL')
  })

  test('needs a subject', async () => {
    const none = { ...options(), 'avro-confluent.subject': undefined as unknown as string }
    const error = await failure(avroConfluentEncoder(ORDERS, none))
    expect(error.message).toContain("'avro-confluent.subject' is missing")
  })
})

describe('protobuf', () => {
  const proto = `syntax = "proto3"; package shop; import "google/protobuf/timestamp.proto";
    message Other {} message Outer { message Order { int64 id = 1; optional string name = 2; double price = 3; } }`
  const given = (more: object = {}) => ({
    'protobuf-confluent.url': registry.url,
    'protobuf-confluent.subject': 'p-value',
    'protobuf-confluent.schema': proto,
    'protobuf-confluent.message-class-name': 'shop.Outer.Order',
    ...more,
  })
  const rows: Value[][] = [
    [1, 'a', 0.5],
    [2, null, 0],
  ]

  test('there and back, by the place of the message in its file', async () => {
    const batch = batchOf({ schema: ORDERS, rows, weights: null })
    const records = (await protobufConfluentEncoder(ORDERS, given()))(batch).records as Uint8Array[]
    const [id] = registry.versionsOf('p-value').slice(-1)
    expect(registry.schemaOf(id)).toEqual({ schema: proto, schemaType: 'PROTOBUF' })
    expect(records[0].subarray(0, 8)).toEqual(Uint8Array.of(0, 0, 0, 0, id, 4, 2, 0))
    expect(await read(protobufConfluentMessages(ORDERS, given()), records)).toEqual({
      rows,
      bad: [],
    })
  })

  test('the first message of a file is one zero; other places are bad', async () => {
    const text = 'syntax = "proto3"; import "common/m.proto"; message A { common.Order o = 1; }'
    const common = `syntax = "proto3"; package common; message Order { int64 id = 1; }`
    registry.add('common', { schema: common, schemaType: 'PROTOBUF' })
    const id = registry.add('a', {
      schema: text,
      schemaType: 'PROTOBUF',
      references: [{ name: 'common/m.proto', subject: 'common', version: 1 }],
    })
    const o: DataType = { kind: 'row', fields: [{ name: 'id', type: { kind: 'bigint' } }] }
    const decoder = protobufConfluentMessages(schemaOf([field('o', o)]), given())
    const header = [0, 0, 0, 0, id]
    const { rows: found, bad } = await read(decoder, [
      Uint8Array.from([...header, 0, 10, 2, 8, 5]),
      Uint8Array.from([...header, 2, 0, 10, 2, 8, 5]),
      Uint8Array.from([...header, 2, 2, 10, 2, 8, 5]),
      Uint8Array.from([...header, 1, 10, 2, 8, 5]),
      Uint8Array.from([...header, 254, 255, 3, 0]),
      Uint8Array.from(header),
    ])
    expect(found).toEqual([[[5]], [[5]]])
    expect(bad.map((text) => text.replace('Record 0: ', ''))).toEqual([
      '2: There is no message [1]',
      '3: the message has no type',
      '4: the message has no type',
      '5: the message ends inside a value',
    ])
  })
})
