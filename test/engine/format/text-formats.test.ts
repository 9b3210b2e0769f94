/** CSV of every form, raw values of every type, and JSON with its timestamps and paths: what is
 *  written is read as the same rows, and what cannot be written is refused. */

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { bytesOf } from '../../../connectors/row-messages.ts'
import { BatchBuilder } from '../../../engine/batch/builder.ts'
import { rowsOf } from '../../../engine/batch/rows.ts'
import { type Field, schemaOf } from '../../../engine/batch/schema.ts'
import { BIGINT, type DataType, DOUBLE, INT, VARCHAR } from '../../../engine/batch/types.ts'
import type { Value } from '../../../engine/batch/value.ts'
import { rowEncoder } from '../../../engine/format/encode-rows.ts'
import { jsonPaths } from '../../../engine/source/json-paths.ts'
import { messageDecoder } from '../../../engine/source/message-decoder.ts'
import { seedOf } from '../../seed.ts'

type Options = Record<string, string>

const fieldsOf = (types: Record<string, DataType>, nullable = true): Field[] =>
  Object.entries(types).map(([name, type]) => ({ name, type, nullable }))

async function written(fields: readonly Field[], options: Options, rows: readonly Value[][]) {
  const schema = schemaOf(fields)
  const builder = new BatchBuilder(schema)
  for (const row of rows) builder.append(row)
  const encode = await rowEncoder(schema, options, { paths: jsonPaths(options) })
  return encode(builder.finish()).records.map(bytesOf)
}

function read(fields: readonly Field[], options: Options, records: readonly Uint8Array[]) {
  const ends = new Int32Array(records.length)
  let at = 0
  for (const [i, { length }] of records.entries()) ends[i] = at += length
  const starts = ends.map((end, i) => end - records[i].length)
  const bytes = Uint8Array.from(Buffer.concat(records))
  const { batch, bad } = messageDecoder(schemaOf(fields), options).decode({ bytes, starts, ends })
  return { rows: rowsOf(batch), bad: bad.map(({ error }) => error.message) }
}

const texts = (records: readonly Uint8Array[]) => records.map((r) => Buffer.from(r).toString())

describe('CSV', () => {
  const fields = fieldsOf({ a: VARCHAR, n: INT, list: { kind: 'array', element: VARCHAR } })

  it('has the form that its options say', async () => {
    const options = {
      ...{ format: 'csv', 'csv.field-delimiter': '|', 'csv.quote-character': "'" },
      ...{ 'csv.null-literal': 'n/a', 'csv.array-element-delimiter': ';' },
      ...{ 'csv.allow-comments': 'true', 'csv.escape-character': '\\' },
    }
    const rows = [
      ["it's", 1, ['x', null, 'y']],
      ['a|b\\', null, []],
      ['n/a', 2, null],
      ['', null, ['#']],
      ['#no', null, null],
    ]
    const records = await written(fields, options, rows)
    expect(texts(records)).toEqual([
      "'it\\'s'|1|x;n/a;y",
      "'a|b\\\\'|n/a|",
      "'n/a'|2|n/a",
      "|n/a|'#'",
      "'#no'|n/a|n/a",
    ])
    const comment = Buffer.from('# a comment')
    const found = read(fields, options, [comment, ...records, comment])
    expect(found).toEqual({ rows, bad: [] })
  })

  it('without quotes refuses what it could not tell apart', async () => {
    const options = { format: 'csv', 'csv.disable-quote-character': 'true' }
    const one = fieldsOf({ a: VARCHAR })
    expect(texts(await written(one, options, [['"x"'], [null]]))).toEqual(['"x"', ''])
    expect(read(one, options, [Buffer.from('"x"')]).rows).toEqual([['"x"']])
    for (const text of ['', 'a,b', 'a\nb']) {
      await expect(written(one, options, [[text]])).rejects.toThrow(/cannot hold the cell/)
    }
    const escaping = { ...options, 'csv.escape-character': '\\' }
    const records = await written(one, escaping, [['a,b\\c']])
    expect([texts(records), read(one, escaping, records).rows]).toEqual([
      ['a\\,b\\\\c'],
      [['a,b\\c']],
    ])
  })

  it('is read as it was written, whatever the form', async () => {
    const character = fc.constantFrom(',', ';', '|', '\t', "'", '"', '\\', '#', '$')
    const cell = fc.oneof(
      fc.string({ unit: fc.constantFrom(...'a,;|\t\'"\\#$\n\r', 'NULL', 'é'), maxLength: 6 }),
      fc.constant(null),
    )
    const forms = fc.record({
      'csv.field-delimiter': character,
      'csv.quote-character': character,
      'csv.escape-character': fc.option(character, { nil: undefined }),
      'csv.null-literal': fc.constantFrom(undefined, 'NULL', '', 'a'),
      'csv.allow-comments': fc.constantFrom('true', 'false'),
    })
    const rows = fc.array(
      fc.tuple(cell, fc.option(fc.integer({ min: -9, max: 9 }), { nil: null })),
      {
        minLength: 1,
      },
    )
    const two = fieldsOf({ a: VARCHAR, n: INT })
    await fc.assert(
      fc.asyncProperty(forms, rows, async (form, list) => {
        const options = { format: 'csv', ...form } as Options
        for (const key of Object.keys(options)) if (options[key] === undefined) delete options[key]
        const used = [
          form['csv.field-delimiter'],
          form['csv.quote-character'],
          form['csv.escape-character'],
        ]
        const comment = form['csv.allow-comments'] === 'true' ? '#' : undefined
        const set = [...used, comment].filter((c) => c !== undefined)
        const isTwice = new Set(set).size < set.length
        if (isTwice) {
          await expect(written(two, options, list)).rejects.toThrow(/two meanings/)
          return
        }
        expect(read(two, options, await written(two, options, list))).toEqual({
          rows: list,
          bad: [],
        })
      }),
      { numRuns: process.env.MILLRACE_LONG ? 5000 : 300, seed: seedOf('csv forms') },
    )
  })
})

describe('raw', () => {
  const cases: [DataType, Value, string, string][] = [
    [{ kind: 'boolean' }, true, '01', '01'],
    [{ kind: 'tinyint' }, -2, 'fe', 'fe'],
    [{ kind: 'smallint' }, 258, '0102', '0201'],
    [INT, -2, 'fffffffe', 'feffffff'],
    [BIGINT, 2n ** 62n + 1n, '4000000000000001', '0100000000000040'],
    [{ kind: 'float' }, 1.5, '3fc00000', '0000c03f'],
    [DOUBLE, 1.5, '3ff8000000000000', '000000000000f83f'],
    [{ kind: 'bytes' }, new Uint8Array([0, 255]), '00ff', '00ff'],
    [VARCHAR, 'é', 'c3a9', 'c3a9'],
  ]

  it.each(cases)('%o', async (type, value, big, little) => {
    const fields = fieldsOf({ a: type }, false)
    for (const [endianness, hex] of [
      ['big-endian', big],
      ['little-endian', little],
    ]) {
      const options = { format: 'raw', 'raw.endianness': endianness }
      const records = await written(fields, options, [[value]])
      expect(records.map((record) => record.toString('hex'))).toEqual([hex])
      expect(read(fields, options, records).rows).toEqual([[value]])
      if (type.kind === 'bytes' || type.kind === 'varchar') continue
      expect(read(fields, options, [Buffer.alloc(9)]).bad).toEqual([
        expect.stringMatching(/has \d bytes?$/),
      ])
    }
  })

  it('knows character sets', async () => {
    const fields = fieldsOf({ a: VARCHAR }, false)
    for (const [charset, hex] of [
      ['ISO-8859-1', '61e9'],
      ['UTF-16LE', '6100e900'],
      ['UTF-16BE', '006100e9'],
      ['UTF-8', '61c3a9'],
    ]) {
      const options = { format: 'raw', 'raw.charset': charset }
      const records = await written(fields, options, [['aé']])
      expect(records[0].toString('hex')).toBe(hex)
      expect(read(fields, options, records).rows).toEqual([['aé']])
    }
    const ascii = { format: 'raw', 'raw.charset': 'US-ASCII' }
    await expect(written(fields, ascii, [['é']])).rejects.toThrow(/is not US-ASCII/)
    expect(read(fields, ascii, [Buffer.from('é')]).bad).toEqual([
      expect.stringContaining('not valid US-ASCII'),
    ])
    const odd = { format: 'raw', 'raw.charset': 'UTF-16LE' }
    expect(read(fields, odd, [Buffer.from([0]), Buffer.from([0, 0xd8])]).bad).toHaveLength(2)
  })
})

describe('JSON timestamps', () => {
  const at = 1_714_979_289_123_456
  const fields = fieldsOf({
    t: { kind: 'timestamp', precision: 6 },
    z: { kind: 'timestamp_ltz', precision: 3 },
    deep: { kind: 'array', element: { kind: 'timestamp_ltz', precision: 0 } },
  })
  const row = [at, at - 456, [at - 123_456, null]]

  it.each([
    [
      'SQL',
      '{"t":"2024-05-06 07:08:09.123456","z":"2024-05-06 07:08:09.123Z","deep":["2024-05-06 07:08:09Z",null]}',
    ],
    [
      'ISO-8601',
      '{"t":"2024-05-06T07:08:09.123456","z":"2024-05-06T07:08:09.123Z","deep":["2024-05-06T07:08:09Z",null]}',
    ],
    ['EPOCH-SECONDS', '{"t":1714979289.123456,"z":1714979289.123,"deep":[1714979289,null]}'],
    ['EPOCH-MILLIS', '{"t":1714979289123.456,"z":1714979289123,"deep":[1714979289000,null]}'],
  ])('%s', async (format, text) => {
    const options = { format: 'json', 'json.timestamp-format': format }
    const records = await written(fields, options, [row, [null, null, null]])
    expect(texts(records)).toEqual([text, '{"t":null,"z":null,"deep":null}'])
    expect(read(fields, options, records).rows).toEqual([row, [null, null, null]])
  })

  it('of whole seconds and of fractions, negative and out of range', () => {
    const options = { format: 'json', 'json.timestamp-format': 'EPOCH-SECONDS' }
    const one = fieldsOf({ t: { kind: 'timestamp', precision: 6 } })
    const json = ['-1', '-1.5', '0', '1e3', '253402300800', '"1970-01-01 00:00:01"'].map((v) =>
      Buffer.from(`{"t":${v}}`),
    )
    const { rows, bad } = read(one, options, json)
    expect(rows).toEqual([[-1e6], [-1.5e6], [0], [1e9], [1e6]])
    expect(bad).toHaveLength(1)
  })
})

describe('JSON paths', () => {
  const options = {
    ...{
      format: 'json',
      'json.path.city': '$.address.city',
      'json.path.lat': "$.address['geo pos'].lat",
    },
  }
  const fields = fieldsOf({ id: INT, city: VARCHAR, lat: DOUBLE })

  it('read what lies deeper, and write it there', async () => {
    const rows = [
      [1, 'Rome', 41.9],
      [2, null, null],
    ]
    const records = await written(fields, options, rows)
    expect(texts(records)[0]).toBe('{"id":1,"address":{"city":"Rome","geo pos":{"lat":41.9}}}')
    expect(read(fields, options, records)).toEqual({ rows, bad: [] })
    const other = ['{"id":3,"address":7}', '{"id":4}', '{"address":{"geo pos":[1]},"id":5}']
    expect(
      read(
        fields,
        options,
        other.map((text) => Buffer.from(text)),
      ).rows,
    ).toEqual([
      [3, null, null],
      [4, null, null],
      [5, null, null],
    ])
  })

  it('into arrays can be read and not written', async () => {
    const first = { format: 'json', 'json.path.id': '$.items[1].id' }
    const one = fieldsOf({ id: INT })
    expect(read(one, first, [Buffer.from('{"items":[{"id":1},{"id":2}]}')]).rows).toEqual([[2]])
    await expect(written(one, first, [[1]])).rejects.toThrow(/leads into an array/)
    const within = { format: 'json', 'json.path.id': '$.a.id' }
    await expect(written(fieldsOf({ a: INT, id: INT }), within, [[1, 2]])).rejects.toThrow(
      /is that of another too/,
    )
  })

  it('miss a field, or not, by the policies', () => {
    const strict = { ...options, 'json.fail-on-missing-field': 'true' }
    const { rows, bad } = read(fields, strict, [
      Buffer.from('{"id":1,"address":{"city":null,"geo pos":{"lat":1}}}'),
      Buffer.from('{"id":2,"address":{"city":"x"}}'),
    ])
    expect(rows).toEqual([[1, null, 1]])
    expect(bad).toEqual([expect.stringContaining('column lat')])
    const closed = { ...options, 'json.unknown-fields': 'fail' }
    const found = read(fields, closed, [
      Buffer.from('{"id":1,"address":{"zip":9}}'),
      Buffer.from('{"id":2,"city":"no field of the record"}'),
    ])
    expect(found.rows).toEqual([[1, null, null]])
    expect(found.bad).toEqual([expect.stringContaining('column city')])
  })
})
