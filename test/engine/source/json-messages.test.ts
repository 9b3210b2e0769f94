/** The generated decoder means what `decodeJsonRows` (which is JSON.parse) means, whatever the
 *  bytes. */

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { asSqlError } from '../../../engine/base/errors.ts'
import { rowsOf } from '../../../engine/batch/rows.ts'
import { type Field, schemaOf } from '../../../engine/batch/schema.ts'
import type { DataType } from '../../../engine/batch/types.ts'
import type { DecodeOptions } from '../../../engine/format/format.ts'
import { decodeJsonRows } from '../../../engine/format/json.ts'
import type { Messages } from '../../../engine/format/messages.ts'
import { JsonMessages } from '../../../engine/source/json-messages.ts'
import { seedOf } from '../../seed.ts'

const TYPES: readonly DataType[] = [
  { kind: 'boolean' },
  { kind: 'tinyint' },
  { kind: 'smallint' },
  { kind: 'int' },
  { kind: 'bigint' },
  { kind: 'float' },
  { kind: 'double' },
  { kind: 'decimal', precision: 10, scale: 3 },
  { kind: 'decimal', precision: 18, scale: 0 },
  { kind: 'decimal', precision: 38, scale: 5 },
  { kind: 'varchar' },
  { kind: 'varchar', length: 3 },
  { kind: 'bytes' },
  { kind: 'date' },
  { kind: 'time', precision: 3 },
  { kind: 'timestamp', precision: 3 },
  { kind: 'timestamp', precision: 6 },
  { kind: 'timestamp_ltz', precision: 0 },
  { kind: 'array', element: { kind: 'int' } },
  { kind: 'map', key: { kind: 'varchar' }, value: { kind: 'double' } },
  { kind: 'row', fields: [{ name: 'x', type: { kind: 'bigint' } }] },
  {
    kind: 'row',
    fields: [
      { name: 'x', type: { kind: 'row', fields: [{ name: 'y', type: { kind: 'varchar' } }] } },
      { name: 'y', type: { kind: 'array', element: { kind: 'double' } } },
      { name: 'a', type: { kind: 'timestamp', precision: 3 } },
      { name: '__proto__', type: { kind: 'json' } },
    ],
  },
  { kind: 'json' },
]

const NAMES = ['a', 'id', 'dateTime', 'päris', 'a b', 'quo"te', 'long_name_here', 'x', '__proto__']

const fields = fc
  .uniqueArray(fc.constantFrom(...NAMES), { minLength: 1, maxLength: 6 })
  .chain((names) =>
    fc.tuple(
      ...names.map((name) =>
        fc
          .record({ type: fc.constantFrom(...TYPES), nullable: fc.boolean() })
          .map((rest): Field => ({ name, ...rest })),
      ),
    ),
  )

const digits = (min: number, max: number) =>
  fc.stringMatching(new RegExp(`^-?[0-9]{${min},${max}}$`))

/** JSON texts of single values, also such as are almost right. */
const token = fc.oneof(
  fc.constantFrom('null', 'true', 'false', 'nul', 'tru', 'True', '-', '-0', '0', '01', '.5', '1.'),
  fc.constantFrom('1e5', '1E-7', '-1.5e300', '1e400', '9007199254740993', '9223372036854775807'),
  fc.constantFrom('9223372036854775808', '0.1', '0.30000000000000004', '5e-324', '123.456', '1e'),
  fc.constantFrom('"2024-02-29T12:34:56.789Z"', '"2023-02-29 00:00:00"', '"2024-01-01 24:00:00"'),
  fc.constantFrom('"2024-01-01T00:00:00"', '"2024-01-01"', '"1969-12-31 23:59:59.999999"'),
  fc.constantFrom('"2024-01-01 00:00:00.1234567"', '"2024-01-01T00:00:00+02:00"', '"12:34:56"'),
  fc.constantFrom(
    '"0000-01-01"',
    '"9999-12-31T23:59:59Z"',
    '"2024-1-01"',
    '1704067200123',
    '1.5e3',
  ),
  fc.constantFrom('"\\ud800"', '"\\ud83d\\ude00"', '"\\u0000"', '"\\x"', '"\t"', '"a\\n"', '""'),
  fc.constantFrom(
    '"AQID"',
    '"AQI"',
    '"NaN"',
    '"Infinity"',
    '{"x":1}',
    '{"x":"1","y":[1]}',
    '[1,2]',
  ),
  fc.constantFrom('[1,null]', '[1,]', '{}', '[]', '{"k":1.5}', '{"x":1,"x":2}', '[[[[1]]]]'),
  digits(1, 20),
  fc.tuple(digits(1, 12), fc.stringMatching(/^[0-9]{1,12}$/)).map(([a, b]) => `${a}.${b}`),
  fc.double().map((x) => JSON.stringify(x)),
  fc.integer().map(String),
  fc.string({ unit: 'grapheme' }).map((text) => JSON.stringify(text)),
  fc.string({ unit: 'binary' }).map((text) => JSON.stringify(text)),
  fc.date({ noInvalidDate: true }).map((date) => JSON.stringify(date)),
  fc.jsonValue({ maxDepth: 3 }).map((value) => JSON.stringify(value)),
)

/** Objects and arrays of such, for paths to lead into. */
const nested = fc.oneof(
  { weight: 3, arbitrary: token },
  {
    weight: 1,
    arbitrary: fc
      .array(fc.tuple(fc.constantFrom('x', 'y', 'a', '__proto__'), token), { maxLength: 4 })
      .map((members) => `{ ${members.map(([name, json]) => `"${name}" :${json}`).join(' ,')}}`),
  },
  {
    weight: 1,
    arbitrary: fc
      .array(
        fc.oneof(
          token,
          fc.tuple(token, token).map(([a, b]) => `{"y":${a}, "x":${b}}`),
        ),
        {
          maxLength: 4,
        },
      )
      .map((elements) => `[${elements.join(', ')} ]`),
  },
  { weight: 1, arbitrary: fc.nat(90).map((depth) => '['.repeat(depth) + ']'.repeat(depth)) },
)

const PATHS: readonly (readonly (string | number)[])[] = [
  ...[['x'], ['a', 'x'], ['a', 0], ['a', 2, 'x'], ['id', 'y'], ['id', 'x'], ['a b', 1]],
  ...[
    ['x', '__proto__'],
    ['other', 'y', 'x'],
    ['__proto__', 'x'],
    ['a', 'p\u00e4'],
    ['a', 0, 'y'],
  ],
]

/** Some columns lie elsewhere in the record. */
const pathsOf = (all: readonly Field[]) =>
  fc
    .array(fc.option(fc.constantFrom(...PATHS), { freq: 2 }), {
      minLength: all.length,
      maxLength: all.length,
    })
    .map((paths) =>
      Object.fromEntries(
        all.flatMap(({ name }, i) => (paths[i] === null ? [] : [[name, paths[i]]])),
      ),
    )

const space = fc.constantFrom('', '', '', '', ' ', '\n', '\t ', '\r\n')
const key = fc.oneof(
  { weight: 8, arbitrary: fc.constantFrom(...NAMES).map((name) => JSON.stringify(name)) },
  { weight: 1, arbitrary: fc.constantFrom('"\\u0061"', '"i\\u0064"', '"other"', '"A"', 'a') },
)

const member = fc
  .tuple(key, space, space, nested, space)
  .map(([k, s, t, v, u]) => `${k}${s}:${t}${v}${u}`)
const object = fc
  .tuple(space, fc.array(fc.tuple(space, member), { maxLength: 8 }), space)
  .map(([s, members, t]) => `${s}{${members.map(([u, m]) => u + m).join(',')}${t}}${s}`)

/** Objects, and the same with a byte changed or the end cut off. */
const message = fc.oneof(
  { weight: 12, arbitrary: object.map((text) => Buffer.from(text)) },
  {
    weight: 2,
    arbitrary: fc.tuple(object, fc.nat()).map(([text, n]) => {
      const bytes = Buffer.from(text)
      return bytes.subarray(0, n % (bytes.length + 1))
    }),
  },
  {
    weight: 2,
    arbitrary: fc.tuple(object, fc.nat(), fc.nat(255)).map(([text, n, byte]) => {
      const bytes = Buffer.from(text)
      bytes[n % bytes.length] = byte
      return bytes
    }),
  },
  { weight: 1, arbitrary: token.map((text) => Buffer.from(text)) },
)

function messagesOf(list: readonly Uint8Array[], gap: Uint8Array): Messages {
  const starts = new Int32Array(list.length)
  const ends = new Int32Array(list.length)
  let at = 0
  for (const [i, bytes] of list.entries()) {
    starts[i] = at
    ends[i] = at + bytes.length
    at = ends[i] + gap.length
  }
  return { bytes: Buffer.concat(list.flatMap((bytes) => [bytes, gap])), starts, ends }
}

/** Message by message through the slow way. */
function slowly(list: readonly Uint8Array[], all: readonly Field[], options: DecodeOptions) {
  return list.map((bytes) => {
    try {
      const { batch } = decodeJsonRows(bytes, schemaOf(all), options)
      return batch.rowCount === 1 ? rowsOf(batch)[0] : 'bad'
    } catch (error) {
      return asSqlError(error).code === 'BAD_RECORD' ? 'bad' : error
    }
  })
}

function fast(messages: Messages, decoder: JsonMessages): unknown[] {
  const { batch, bad } = decoder.decode(messages)
  const rows: unknown[] = rowsOf(batch)
  for (const { index, error } of bad) {
    expect(error.code).toBe('BAD_RECORD')
    rows.splice(index, 0, 'bad')
  }
  return rows
}

describe('JSON messages', () => {
  const numRuns = process.env.MILLRACE_LONG ? 20_000 : 1500

  it('decode as JSON.parse and the type conversions do', { timeout: 600_000 }, () => {
    fc.assert(
      fc.property(
        fields.chain((all) => fc.tuple(fc.constant(all), fc.oneof(fc.constant({}), pathsOf(all)))),
        fc.array(message, { minLength: 1, maxLength: 6 }),
        fc.constantFrom('', '\n', 'xxxxxxxx'),
        fc.record({
          unknownFields: fc.constantFrom('ignore', 'ignore', 'fail'),
          missingFields: fc.constantFrom('null', 'null', 'fail'),
        }),
        ([all, paths], list, gap, policy) => {
          const options = { ...policy, paths } as DecodeOptions
          const decoder = new JsonMessages(schemaOf(all), options)
          const messages = messagesOf(list, Buffer.from(gap))
          const want = slowly(list, all, options)
          expect(fast(messages, decoder)).toEqual(want)
          // What it learned of the order of keys changes nothing.
          expect(fast(messages, decoder)).toEqual(want)
        },
      ),
      { numRuns, seed: seedOf('json messages') },
    )
  })

  it('hold what JSON.parse gives, to the last digit', () => {
    const all: Field[] = (['bigint', 'double', 'varchar', 'boolean'] as const).map((kind, i) => {
      return { name: 'idsb'[i], type: { kind }, nullable: true }
    })
    const long = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map(String)
    const edge = fc.constantFrom(...['-0', '0', '1e0', '-9223372036854775808', '90071992547409950'])
    const integer = fc.oneof(long, edge, fc.integer().map(String), fc.maxSafeInteger().map(String))
    const real = fc.oneof(integer, fc.double({ noDefaultInfinity: true, noNaN: true }).map(String))
    const text = fc.string({ unit: 'binary', maxLength: 12 }).filter((s) => s.isWellFormed())
    const record = fc.record({ i: integer, d: real, s: text, b: fc.boolean(), slow: fc.boolean() })
    const decoder = new JsonMessages(schemaOf(all), {
      ...{ unknownFields: 'ignore', missingFields: 'null' },
    })
    fc.assert(
      fc.property(fc.array(record, { minLength: 1 }), (records) => {
        const list = records.map(({ i, d, s, b, slow }) => {
          const twice = slow ? '"b":null,' : ''
          return Buffer.from(`{${twice}"s":${JSON.stringify(s)},"i":${i},"d":${d},"b":${b}}`)
        })
        const want = records.map(({ i, s, b }, n) => {
          const exact = /^-?\d+$/.test(i) ? BigInt(i) : BigInt(JSON.parse(i))
          return [exact, (JSON.parse(list[n].toString()) as { d: number }).d + 0, s, b]
        })
        const rows = fast(messagesOf(list, Buffer.from('')), decoder) as (number | bigint)[][]
        expect(rows.map(([i, d, ...rest]) => [BigInt(i), Number(d) + 0, ...rest])).toEqual(want)
      }),
      { numRuns: numRuns / 5, seed: seedOf('json digits') },
    )
  })

  it('that are nested too deeply are bad, also with digits that a double does not hold', () => {
    const all: Field[] = [
      { name: 'id', type: { kind: 'bigint' }, nullable: true },
      { name: 'j', type: { kind: 'json' }, nullable: true },
    ]
    const decoder = new JsonMessages(schemaOf(all), {
      ...{ unknownFields: 'ignore', missingFields: 'null' },
    })
    const deep = '['.repeat(50_000) + ']'.repeat(50_000)
    const list = [
      `{"id":12345678901234567,"j":${deep}}`,
      `{"id":1,"j":${deep}}`,
      '{"id":12345678901234567,"j":[1]}',
    ]
    const rows = fast(
      messagesOf(
        list.map((text) => Buffer.from(text)),
        Buffer.from(''),
      ),
      decoder,
    )
    expect(rows).toEqual(['bad', 'bad', [12345678901234567n, '[1]']])
  })

  it('takes a whole table of ordinary records without the slow way', () => {
    const all: Field[] = [
      { name: 'id', type: { kind: 'bigint' }, nullable: false },
      { name: 'name', type: { kind: 'varchar' }, nullable: true },
      { name: 'at', type: { kind: 'timestamp', precision: 3 }, nullable: true },
      { name: 'price', type: { kind: 'decimal', precision: 10, scale: 2 }, nullable: true },
      { name: 'share', type: { kind: 'double' }, nullable: true },
    ]
    const list = Array.from({ length: 100 }, (_, i) =>
      Buffer.from(
        JSON.stringify({
          name: i % 3 === 0 ? null : `né ${i}`,
          id: i * 1e9,
          at: '2024-05-06T07:08:09.123Z',
          price: i + 0.25,
          share: i / 7,
          note: ['not', { a: 'column' }],
        }),
      ),
    )
    const decoder = new JsonMessages(schemaOf(all), {
      unknownFields: 'ignore',
      missingFields: 'null',
    })
    expect(fast(messagesOf(list, Buffer.from('\n')), decoder)[2]).toEqual([
      2e9,
      'né 2',
      1714979289123000,
      225,
      2 / 7,
    ])
    expect(decoder.slowCount).toBe(0)
  })
})
