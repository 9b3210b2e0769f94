/** Protobuf messages into columns and back, with protobufjs as the oracle. */

import fc from 'fast-check'
import protobufjs from 'protobufjs'
import { describe, expect, test } from 'vitest'
import { asSqlError } from '../../../../engine/base/errors.ts'
import { rowsOf } from '../../../../engine/batch/rows.ts'
import { type Field, schemaOf } from '../../../../engine/batch/schema.ts'
import type { DataType } from '../../../../engine/batch/types.ts'
import { exactInteger, type Value } from '../../../../engine/batch/value.ts'
import { protobufEncoder, protobufMessages } from '../../../../engine/format/protobuf/messages.ts'
import { seedOf } from '../../../seed.ts'
import { batchOf, plain, present } from '../../batch/arbitrary.ts'
import { messagesOf } from '../messages-of.ts'

const PROTO = `
syntax = "proto3";
package shop;
import "google/protobuf/timestamp.proto";
import "google/protobuf/wrappers.proto";

enum Color { RED = 0; GREEN = 1; BLUE = 7; }

message Inner { int32 x = 1; repeated string names = 2; optional Inner next = 3; }

message All {
  double f_double = 1; float f_float = 2;
  int32 f_int32 = 3; uint32 f_uint32 = 4; sint32 f_sint32 = 5; fixed32 f_fixed32 = 6; sfixed32 f_sfixed32 = 7;
  int64 f_int64 = 8; uint64 f_uint64 = 9; sint64 f_sint64 = 10; fixed64 f_fixed64 = 11; sfixed64 f_sfixed64 = 12;
  bool f_bool = 13; string f_string = 14; bytes f_bytes = 15; Color f_enum = 16;
  optional int32 o_int32 = 17; optional string o_string = 18;
  Inner inner = 2000; repeated Inner inners = 21;
  repeated int64 packed = 22; repeated sint32 expanded = 23 [packed = false]; repeated string texts = 24;
  map<string, int32> counts = 25; map<int64, Inner> by_id = 26;
  google.protobuf.Timestamp at = 27; google.protobuf.StringValue maybe = 28;
  oneof choice { string left = 29; Inner right = 30; }
}`

const kind = (name: string): DataType => ({ kind: name }) as DataType
const array = (element: DataType): DataType => ({ kind: 'array', element })
const DECIMAL_20: DataType = { kind: 'decimal', precision: 20, scale: 0 }
const INNER: DataType = {
  kind: 'row',
  fields: [
    { name: 'x', type: kind('int') },
    { name: 'names', type: array(kind('varchar')) },
  ],
}

const COLUMNS: Readonly<Record<string, DataType>> = {
  f_double: kind('double'),
  f_float: kind('float'),
  f_int32: kind('int'),
  f_uint32: kind('bigint'),
  f_sint32: kind('int'),
  f_fixed32: kind('bigint'),
  f_sfixed32: kind('int'),
  f_int64: kind('bigint'),
  f_uint64: DECIMAL_20,
  f_sint64: kind('bigint'),
  f_fixed64: DECIMAL_20,
  f_sfixed64: kind('bigint'),
  f_bool: kind('boolean'),
  f_string: kind('varchar'),
  f_bytes: kind('bytes'),
  f_enum: kind('varchar'),
  o_int32: kind('int'),
  o_string: kind('varchar'),
  inner: INNER,
  inners: array(INNER),
  packed: array(kind('bigint')),
  expanded: array(kind('int')),
  texts: array(kind('varchar')),
  counts: { kind: 'map', key: kind('varchar'), value: kind('int') },
  by_id: { kind: 'map', key: kind('bigint'), value: INNER },
  at: { kind: 'timestamp_ltz', precision: 6 },
  maybe: kind('varchar'),
  left: kind('varchar'),
  right: INNER,
}

const options = (more: object = {}) => ({
  ...{ 'protobuf.schema': PROTO, 'protobuf.message-class-name': 'shop.All', ...more },
})
const fieldsOf = (names: readonly string[]): Field[] =>
  names.map((name) => ({ name, type: COLUMNS[name], nullable: true }))
const ALL = schemaOf(fieldsOf(Object.keys(COLUMNS)))

const root = protobufjs.parse(PROTO, { keepCase: true }).root
for (const name of ['timestamp', 'wrappers']) {
  root.addJSON(protobufjs.common.get(`google/protobuf/${name}.proto`)?.nested ?? {})
}
const oracle = root.lookupType('shop.All')

/** A value as the field has it: no NULL inside, nothing beyond its range. */
function fieldValue(name: string): fc.Arbitrary<Value> {
  const type = COLUMNS[name]
  if (name === 'f_enum') return fc.constantFrom('RED', 'GREEN', 'BLUE', '5')
  if (/u?int|fixed/.test(name) && (type.kind === 'bigint' || type.kind === 'decimal')) {
    const bits = name.endsWith('64') ? 64n : 32n
    const isSigned = /_s?int|_sfixed/.test(name)
    const min = isSigned ? -(2n ** (bits - 1n)) : 0n
    const max = isSigned ? 2n ** (bits - 1n) - 1n : 2n ** bits - 1n
    return fc.oneof(fc.constantFrom(min, max, 0n, 1n), fc.bigInt({ min, max })).map(exactInteger)
  }
  return whole(type)
}

function whole(type: DataType): fc.Arbitrary<Value> {
  switch (type.kind) {
    case 'array':
      return fc.array(whole(type.element), { maxLength: 4 })
    case 'row':
      return fc.tuple(...type.fields.map((field) => whole(field.type)))
    case 'map':
      return fc.uniqueArray(fc.tuple(whole(type.key), whole(type.value)), {
        maxLength: 3,
        selector: ([key]) => String(key),
      })
    default:
      return present(type)
  }
}

const MAYBE = new Set(['o_int32', 'o_string', 'inner', 'at', 'maybe', 'left', 'right'])
const row = fc
  .tuple(
    ...ALL.fields.map(({ name }) =>
      MAYBE.has(name) ? fc.option(fieldValue(name), { nil: null }) : fieldValue(name),
    ),
  )
  .map((values): Value[] => {
    // Only one of a oneof.
    const at = (name: string) => ALL.fields.findIndex((field) => field.name === name)
    if (values[at('left')] !== null) values[at('right')] = null
    return values
  })

/** A value as the oracle's object has it. */
function asObject(value: Value, type: DataType, name: string): unknown {
  if (value === null) return undefined
  if (name === 'f_enum') return { RED: 0, GREEN: 1, BLUE: 7 }[value as string] ?? Number(value)
  if (name === 'maybe') return { value }
  switch (type.kind) {
    case 'bigint':
    case 'decimal':
      return String(value)
    case 'bytes':
      return Buffer.from(value as Uint8Array)
    case 'timestamp_ltz': {
      const us = BigInt(value as number)
      const rest = ((us % 1_000_000n) + 1_000_000n) % 1_000_000n
      return { seconds: String((us - rest) / 1_000_000n), nanos: Number(rest) * 1000 }
    }
    case 'array':
      return (value as Value[]).map((item) => asObject(item, type.element, ''))
    case 'row':
      return Object.fromEntries(
        type.fields.map((field, i) => [
          field.name,
          asObject((value as Value[])[i], field.type, ''),
        ]),
      )
    case 'map':
      return Object.fromEntries(
        (value as [Value, Value][]).map(([key, item]) => [
          String(key),
          asObject(item, type.value, ''),
        ]),
      )
    default:
      return value
  }
}

const objectOf = (values: readonly Value[]) =>
  Object.fromEntries(ALL.fields.map(({ name, type }, i) => [name, asObject(values[i], type, name)]))

const theirs = (values: readonly Value[]): Uint8Array =>
  oracle.encode(oracle.fromObject(objectOf(values))).finish()

const ours = (rows: Value[][], schema = ALL): Uint8Array[] =>
  protobufEncoder(schema, options())(batchOf({ schema, rows, weights: null }))
    .records as Uint8Array[]

const read = (messages: readonly Uint8Array[], schema = ALL, more: object = {}) => {
  const { batch, bad, rows } = protobufMessages(schema, options(more)).decode(messagesOf(messages))
  return { rows: rowsOf(batch).map(plain), bad: bad.map(({ error }) => error.message), of: rows }
}

/** Maps have no order, and -0 is 0. */
const normal = (values: readonly Value[]): unknown =>
  plain(rowsOf(batchOf({ schema: ALL, rows: [[...values]], weights: null }))[0])

const seed = seedOf('protobuf')

describe('protobuf', () => {
  test('reads what protobufjs writes, and writes what it reads', () => {
    fc.assert(
      fc.property(fc.array(row, { maxLength: 5 }), (rows) => {
        const { rows: found, bad } = read(rows.map(theirs))
        expect(bad).toEqual([])
        expect(found.map(sorted)).toEqual(rows.map(normal).map(sorted))
        const written = ours(rows)
        expect(read(written).rows).toEqual(rows.map(normal))
        for (const [i, message] of written.entries()) {
          const again = oracle.toObject(oracle.decode(message), OBJECT)
          const wanted = oracle.toObject(oracle.decode(theirs(rows[i])), OBJECT)
          expect(again).toEqual(wanted)
        }
      }),
      { seed, numRuns: 60 },
    )
  })

  test('steps over what no column wants', () => {
    const names = fc.subarray(Object.keys(COLUMNS))
    fc.assert(
      fc.property(row, names, (values, wanted) => {
        const schema = schemaOf(fieldsOf(wanted))
        const all = normal(values) as unknown[]
        const picked = wanted.map((name) => all[Object.keys(COLUMNS).indexOf(name)])
        expect(read(ours([values]), schema)).toEqual({ rows: [picked], bad: [], of: null })
      }),
      { seed, numRuns: 60 },
    )
  })

  test('damaged messages are bad, or rows of the table; the others stay', () => {
    fc.assert(
      fc.property(row, fc.nat(), fc.nat(255), fc.boolean(), (values, at, byte, cut) => {
        const [good] = ours([values])
        if (good.length === 0) return
        const place = at % good.length
        const damaged = cut ? good.slice(0, place) : good.slice()
        if (!cut) damaged[place] = byte
        const { rows, bad } = read([good, damaged, good])
        expect(rows.length + bad.length).toBe(3)
        expect(rows[0]).toEqual(normal(values))
        expect(rows.at(-1)).toEqual(normal(values))
      }),
      { seed, numRuns: 120 },
    )
  })
})

const OBJECT = { longs: String, bytes: String, enums: String, defaults: true } as const

/** A MAP's entries in the order of their keys. */
const sorted = (values: unknown): unknown =>
  (values as unknown[]).map((value, i) =>
    ALL.fields[i].type.kind === 'map'
      ? (value as [unknown, unknown][]).toSorted(([a], [b]) => (String(a) < String(b) ? -1 : 1))
      : value,
  )

const one = (names: readonly string[], bytes: readonly number[], more: object = {}) =>
  read([Uint8Array.from(bytes)], schemaOf(fieldsOf(names)), more)

describe('what is not there', () => {
  test('is the default, or NULL where the message can tell', () => {
    const names = ['f_int32', 'f_string', 'f_bool', 'f_enum', 'o_int32', 'o_string', 'inner']
    const more = ['maybe', 'left', 'packed', 'counts']
    const found = one([...names, ...more], [])
    expect(found.rows).toEqual([[0, '', false, 'RED', null, null, null, null, null, [], []]])
    const defaults = { 'protobuf.read-default-values': 'true' }
    expect(one([...names, ...more], [], defaults).rows).toEqual([
      [0, '', false, 'RED', 0, '', null, null, '', [], []],
    ])
  })

  test('makes a bad message if the column is NOT NULL', () => {
    const schema = schemaOf([{ name: 'o_int32', type: kind('int'), nullable: false }])
    expect(read([new Uint8Array(0)], schema).bad).toEqual([
      'Record 0, column o_int32: the column is NOT NULL, the field is missing',
    ])
  })

  test('proto2: defaults of its own, required fields', () => {
    const two = {
      'protobuf.schema':
        'syntax = "proto2"; message P { required int32 a = 1; optional string s = 2 [default = "hi"]; optional E e = 3; enum E { X = 1; Y = 2; } repeated int32 r = 4; optional group G = 5 { optional int32 z = 1; } }',
      'protobuf.message-class-name': undefined as never,
    }
    const schema = schemaOf([
      { name: 'a', type: kind('int'), nullable: true },
      { name: 's', type: kind('varchar'), nullable: true },
      { name: 'e', type: kind('int'), nullable: true },
      { name: 'r', type: array(kind('int')), nullable: true },
    ])
    // A group of its own between, which is stepped over.
    const bytes = Uint8Array.from([8, 1, 0x2b, 8, 5, 0x2b, 0x2c, 0x2c, 32, 7, 32, 8])
    expect(read([bytes], schema, two).rows).toEqual([[1, null, null, [7, 8]]])
    const defaults = { ...two, 'protobuf.read-default-values': 'true' }
    expect(read([bytes], schema, defaults).rows).toEqual([[1, 'hi', 1, [7, 8]]])
    expect(read([new Uint8Array(0)], schema, two).bad[0]).toContain('required field is missing')
    const write = (rows: Value[][]) =>
      protobufEncoder(schema, options(two))(batchOf({ schema, rows, weights: null }))
    expect(write([[1, null, 2, [7]]]).records).toEqual([Uint8Array.from([8, 1, 24, 2, 32, 7])])
    expect(() => write([[null, null, null, []]])).toThrow(
      'field a: the field is required, the value is NULL',
    )
    expect(() => protobufEncoder(schemaOf(schema.fields.slice(1)), options(two))).toThrow(
      'no column for the required field a',
    )
  })
})

describe('the wire', () => {
  test('the last value counts; parts of a message are put together', () => {
    expect(one(['f_int32'], [24, 1, 24, 2]).rows).toEqual([[2]])
    // inner {x: 1}, inner {names: ["a"]}, inner {names: ["b"]}
    const tag = [0x82, 0x7d]
    const parts = [...tag, 2, 8, 1, ...tag, 3, 18, 1, 97, ...tag, 3, 18, 1, 98]
    expect(one(['inner'], parts).rows).toEqual([[[1, ['a', 'b']]]])
    expect(oracle.toObject(oracle.decode(Uint8Array.from(parts))).inner).toEqual({
      ...{ x: 1, names: ['a', 'b'] },
    })
  })

  test('of a oneof the last field counts, also if the other has no column', () => {
    const left = [0xea, 1, 1, 97]
    const right = [0xf2, 1, 2, 8, 5]
    expect(one(['left', 'right'], [...left, ...right]).rows).toEqual([[null, [5, []]]])
    expect(one(['left', 'right'], [...right, ...left]).rows).toEqual([['a', null]])
    expect(one(['left'], [...left, ...right]).rows).toEqual([[null]])
  })

  test('repeated numbers are read packed or not, whatever the schema says', () => {
    expect(one(['expanded', 'packed'], [0xba, 1, 2, 2, 4, 0xb8, 1, 6, 0xb0, 1, 9]).rows).toEqual([
      [[1, 2, 3], [9]],
    ])
  })

  test('a field of another form is as good as unknown', () => {
    expect(one(['f_int32', 'f_string'], [26, 1, 65, 112, 5]).rows).toEqual([[0, '']])
  })

  test('integers of 32 bits take the low ones of 64; a column may be too small for them', () => {
    const minusOne = [...Array(9).fill(255), 1]
    expect(one(['f_int32'], [24, ...minusOne]).rows).toEqual([[-1]])
    expect(one(['f_uint32'], [32, ...minusOne]).rows).toEqual([[4_294_967_295]])
    expect(one(['f_uint64'], [72, ...minusOne]).rows).toEqual([['18446744073709551615n']])
    const small = schemaOf([{ name: 'f_uint64', type: kind('bigint'), nullable: true }])
    expect(read([Uint8Array.from([72, ...minusOne])], small).bad[0]).toContain('out of range')
  })

  test('hostile bytes', () => {
    const bad = (...bytes: number[]) => one(['f_int32', 'packed', 'by_id'], bytes).bad[0] ?? 'none'
    expect(bad(0)).toContain('no Protobuf')
    expect(bad(7)).toContain('no Protobuf')
    expect(bad(24)).toContain('ends inside')
    expect(bad(24, ...Array(11).fill(255))).toContain('more than 10 bytes')
    expect(bad(0xb2, 1, 255, 255, 255, 255, 15)).toContain('ends inside')
    expect(bad(0xb2, 1, 2, 1, 128)).toContain('ends inside')
    expect(bad(...Array(200).fill(0x1b))).toContain('nested too deeply')
    expect(bad(0xd2, 1, 3, 8, 1, 18)).toContain('ends inside')
    expect(bad(12)).toContain('no Protobuf')
    const far = Array(10).fill(0xff)
    expect(one(['at'], [0xda, 1, 11, 8, ...far.slice(0, 8), 0x7f, 0]).bad).toHaveLength(1)
  })

  test('a message in itself without end costs nothing', () => {
    // inner.next.next…: each length is that of the rest.
    let bytes: number[] = []
    for (let depth = 0; depth < 2000; depth++) {
      const length = bytes.length
      const head = length < 128 ? [length] : [(length & 127) | 128, length >> 7]
      bytes = [26, ...head, ...bytes]
      if (bytes.length > 10_000) break
    }
    const length = [(bytes.length & 127) | 128, bytes.length >> 7]
    expect(one(['inner'], [0x82, 0x7d, ...length, ...bytes]).rows).toEqual([[[0, []]]])
  })
})

describe('refusals', () => {
  const make = (name: string, type: DataType, more: object = {}) => {
    const schema = schemaOf([{ name, type, nullable: true }])
    try {
      protobufMessages(schema, options(more))
    } catch (error) {
      return `${asSqlError(error).code}: ${asSqlError(error).message}`
    }
    return 'none'
  }

  test('say what does not go together', () => {
    expect(make('nothing', kind('int'))).toBe(
      'TYPE_MISMATCH: the message shop.All has no field nothing',
    )
    expect(make('f_double', kind('float'))).toContain('double cannot be read as FLOAT')
    expect(make('f_string', kind('bytes'))).toContain('string cannot be read as BYTES')
    expect(make('texts', kind('varchar'))).toContain('repeated string cannot be read as STRING')
    expect(make('counts', array(kind('int')))).toContain('map<string, int32> cannot')
    expect(make('inner', kind('int'))).toContain('message shop.Inner cannot be read as INT')
    expect(make('f_int64', { kind: 'timestamp', precision: 3 })).toContain('cannot be read as')
  })

  test('of schemas', () => {
    const given = (schema: string | undefined, name?: string) =>
      make('x', kind('int'), {
        ...{ 'protobuf.schema': schema, 'protobuf.message-class-name': name },
      })
    expect(given(undefined)).toContain("INVALID_OPTION: The option 'protobuf.schema' is missing")
    expect(given('messag X {')).toContain('INVALID_OPTION')
    const other = 'syntax = "proto3"; import "other.proto"; message X { int32 x = 1; }'
    expect(given(other)).toContain('it imports other.proto, which is not there')
    const two = 'syntax = "proto3"; message X { int32 x = 1; } message Y {}'
    expect(given(two)).toContain('several messages: X, Y')
    expect(given(two, 'Z')).toContain('no message Z; the schema has X, Y')
    expect(given(two, 'X')).toBe('none')
  })

  test('when writing', () => {
    const write = (name: string, value: Value, type = COLUMNS[name]) => {
      const schema = schemaOf([{ name, type, nullable: true }])
      return ours([[value]], schema)
    }
    expect(() => write('texts', [null])).toThrow('no NULL inside an array')
    expect(() => write('f_enum', 'MAUVE')).toThrow('the enum has no MAUVE')
    expect(() => write('f_uint32', -1)).toThrow('-1 is no uint32')
    expect(() => write('f_int32', 1, kind('varchar'))).toThrow('cannot be written as int32')
    const both = schemaOf(fieldsOf(['left', 'right']))
    expect(() => ours([['a', [1, []]]], both)).toThrow('not left, right')
  })
})
