import { describe, expect, test } from 'vitest'
import type { SqlError } from '../../../engine/base/errors.ts'
import { rowsOf } from '../../../engine/batch/rows.ts'
import { schemaOf } from '../../../engine/batch/schema.ts'
import { BIGINT, BOOLEAN, DOUBLE, INT, TIMESTAMP, VARCHAR } from '../../../engine/batch/types.ts'
import { type CsvOptions, decodeCsvRows } from '../../../engine/format/csv.ts'
import { PLAIN_CSV } from '../../../engine/format/csv-form.ts'
import { FORMATS, formatOf, formatOfMediaType } from '../../../engine/format/index.ts'

const LENIENT: CsvOptions = { unknownFields: 'ignore', missingFields: 'null' }

const schema = schemaOf([
  { name: 'origin', type: VARCHAR, nullable: false },
  { name: 'delay', type: BIGINT, nullable: true },
])

const decode = (text: string, options = LENIENT, into = schema) =>
  rowsOf(decodeCsvRows(new Uint8Array(Buffer.from(text)), into, options).batch)

function refused(text: string, options = LENIENT): Record<string, unknown> {
  try {
    decode(text, options)
  } catch (error) {
    expect((error as SqlError).code).toBe('BAD_RECORD')
    return (error as SqlError).details as Record<string, unknown>
  }
  throw new Error('nothing was refused')
}

describe('decodeCsvRows', () => {
  test('columns in any order, quotes, line ends, NULL and the empty string', () => {
    const text = 'delay,origin\r\n5,JFK\r\n,"say ""hi"", you\nthere"\n\n-7,""\n'
    expect(decode(text)).toEqual([
      ['JFK', 5],
      ['say "hi", you\nthere', null],
      ['', -7],
    ])
    expect(decode('origin,delay')).toEqual([])
    expect(decode('')).toEqual([])
    expect(decode('origin\nJFK')).toEqual([['JFK', null]])
    expect(
      decode('origin;delay\na,b;1', { ...LENIENT, form: { ...PLAIN_CSV, delimiter: ';' } }),
    ).toEqual([['a,b', 1]])
  })

  test('every kind of value', () => {
    const wide = schemaOf([
      { name: 'b', type: BOOLEAN, nullable: true },
      { name: 'd', type: DOUBLE, nullable: true },
      { name: 't', type: TIMESTAMP, nullable: true },
      { name: 'm', type: { kind: 'decimal', precision: 10, scale: 2 }, nullable: true },
      { name: 'a', type: { kind: 'array', element: INT }, nullable: true },
    ])
    const text = 'b,d,t,m,a\nTRUE,1e3,2001-01-01 00:01:00,1.5,"[1,2]"'
    expect(decode(text, LENIENT, wide)).toEqual([[true, 1000, 978_307_260_000_000, 150, [1, 2]]])
  })

  test('says which record, line and column does not fit', () => {
    expect(refused('origin,delay\na,1\n"b\nc",x')).toMatchObject({
      index: 1,
      line: 3,
      column: 'delay',
      reason: 'wanted BIGINT, found "x"',
    })
    expect(refused('origin,delay\na,9223372036854775808').reason).toContain('out of range')
    expect(refused('origin,delay\n,1')).toMatchObject({ column: 'origin', line: 2 })
    expect(refused('origin,delay\na')).toMatchObject({ reason: 'wanted 2 cells, found 1', line: 2 })
    expect(refused('origin,delay\n"a,1').reason).toContain('does not end')
    expect(refused('origin,delay\n"a"b,1').reason).toContain('closing quote')
    expect(refused('delay\n1')).toMatchObject({ column: 'origin' })
    expect(refused('origin,origin\na,b').reason).toContain('twice')
    expect(refused('origin,x\na,1', { ...LENIENT, unknownFields: 'fail' })).toMatchObject({
      column: 'x',
    })
    expect(refused('origin\na', { ...LENIENT, missingFields: 'fail' })).toMatchObject({
      column: 'delay',
    })
  })
})

describe('the list of formats', () => {
  test('finds by name and media type', () => {
    for (const format of FORMATS) {
      expect(formatOf(format.name)).toBe(format)
      for (const type of format.mediaTypes) expect(formatOfMediaType(type)).toBe(format)
    }
    expect(formatOfMediaType('text/html')).toBeUndefined()
    expect(() => formatOf('xml')).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' }))
    const lines = new Uint8Array(Buffer.from('{"origin":"a"}\n{"origin":"b"}'))
    expect(formatOf('ndjson').decodeRows(lines, schema, LENIENT).batch.rowCount).toBe(2)
  })
})
