/** Messages that were written with another schema than the table's: Avro's rules of resolution, with
 *  avsc as the oracle where it knows them. */

import { describe, expect, test } from 'vitest'
import { asSqlError } from '../../../../engine/base/errors.ts'
import { rowsOf } from '../../../../engine/batch/rows.ts'
import { type Field, schemaOf } from '../../../../engine/batch/schema.ts'
import type { DataType } from '../../../../engine/batch/types.ts'
import type { Value } from '../../../../engine/batch/value.ts'
import { messageReader } from '../../../../engine/format/avro/decoder.ts'
import { tableSchema } from '../../../../engine/format/avro/derive.ts'
import { parseAvroSchema } from '../../../../engine/format/avro/schema.ts'
import { RowTarget } from '../../../../engine/format/binary-messages.ts'
import { plain } from '../../batch/arbitrary.ts'
import { messagesOf } from '../messages-of.ts'
import { oracle } from './avsc.ts'

type Json = unknown

const record = (fields: readonly Json[], more: object = {}): string =>
  JSON.stringify({ type: 'record', name: 'r', fields, ...more })
const field = (name: string, type: DataType, nullable = true): Field => ({ name, type, nullable })

interface Reading {
  readonly writer: string
  /** Absent: the columns' own. */
  readonly reader?: string
  readonly columns: readonly Field[]
}

/** The rows, or why a message is bad. */
function read({ writer, reader, columns }: Reading, messages: readonly Uint8Array[]) {
  const schema = schemaOf(columns)
  const target = new RowTarget(schema)
  const type = tableSchema(schema, 'avro.schema', reader)
  const decoded = target.decode(
    messagesOf(messages),
    messageReader(parseAvroSchema(writer), type, target),
  )
  return {
    rows: rowsOf(decoded.batch).map(plain),
    bad: decoded.bad.map(({ error }) => error.message),
  }
}

const refusal = (reading: Reading): string => {
  try {
    read(reading, [])
  } catch (error) {
    expect(asSqlError(error).code).toBe('TYPE_MISMATCH')
    return asSqlError(error).message
  }
  throw new Error('nothing was refused')
}

const write = (schema: string, value: Json): Buffer => oracle(schema).toBuffer(value)

/** A reader's type of Avro, and the column for it. */
const COLUMNS: Readonly<Record<string, DataType>> = {
  boolean: { kind: 'boolean' },
  int: { kind: 'int' },
  long: { kind: 'bigint' },
  float: { kind: 'float' },
  double: { kind: 'double' },
  string: { kind: 'varchar' },
  bytes: { kind: 'bytes' },
}

const VALUES: Readonly<Record<string, readonly Json[]>> = {
  boolean: [true, false],
  int: [0, -1, 2 ** 31 - 1, -(2 ** 31), 77],
  long: [0n, -1n, 2n ** 63n - 1n, -(2n ** 63n), 2n ** 40n + 1n],
  float: [0, 1.5, -3.25],
  double: [0, 1.5, Math.PI, -1e300],
  string: ['', 'aé', '𝄞'],
  bytes: [Buffer.from(''), Buffer.from('abc')],
}

/** As our values are. */
function ours(value: Json, reader: string): Value {
  if (Buffer.isBuffer(value)) return reader === 'string' ? value.toString() : new Uint8Array(value)
  if (typeof value === 'string' && reader === 'bytes') return new Uint8Array(Buffer.from(value))
  if (reader === 'float' || reader === 'double') {
    return reader === 'float' ? Math.fround(Number(value)) : Number(value)
  }
  const isSmall = typeof value === 'bigint' && Number.isSafeInteger(Number(value))
  return isSmall ? Number(value) : (value as Value)
}

describe('promotion', () => {
  const kinds = Object.keys(COLUMNS)
  const pairs = kinds.flatMap((writer) => kinds.map((reader) => [writer, reader] as const))
  test.each(pairs)('%s as %s', (from, to) => {
    const [writer, reader] = [from, to].map((type) => record([{ name: 'a', type }]))
    const columns = [field('a', COLUMNS[to], false)]
    const allowed = (() => {
      try {
        oracle(reader).createResolver(oracle(writer))
        return true
      } catch {
        return false
      }
    })()
    if (!allowed) {
      expect(refusal({ writer, columns })).toContain(`field a: ${from} cannot be read as`)
      return
    }
    const messages = VALUES[from].map((a) => write(writer, { a }))
    expect(read({ writer, columns }, messages)).toEqual({
      rows: VALUES[from].map((a) => [plain(ours(a, to))]),
      bad: [],
    })
  })
})

describe('fields', () => {
  const writer = record([
    { name: 'gone', type: { type: 'map', values: ['null', 'string', 'long'] } },
    { name: 'old', type: 'int' },
    { name: 'kept', type: 'string' },
  ])
  const message = write(writer, { gone: { a: { string: 'x' }, b: null }, old: 7, kept: 'k' })

  test('that the writer does not have are their default, or NULL', () => {
    const columns = [field('added', { kind: 'bigint' }), field('kept', { kind: 'varchar' })]
    expect(read({ writer, columns }, [message]).rows).toEqual([[null, 'k']])
    const reader = record([
      { name: 'kept', type: 'string' },
      { name: 'added', type: 'long', default: 5 },
      { name: 'tags', type: { type: 'array', items: 'string' }, default: ['a', 'ü'] },
    ])
    const all = [...columns, field('tags', { kind: 'array', element: { kind: 'varchar' } }, false)]
    expect(read({ writer, reader, columns: all }, [message, message]).rows).toEqual([
      [5, 'k', ['a', 'ü']],
      [5, 'k', ['a', 'ü']],
    ])
  })

  test('that are neither there nor have a default are a mismatch', () => {
    const columns = [field('added', { kind: 'bigint' }, false)]
    expect(refusal({ writer, columns })).toBe(
      'field added: the writer does not have it, and it has no default',
    )
  })

  test('are found by their aliases, but by their own name first', () => {
    const reader = record([
      { name: 'new', type: 'long', aliases: ['old'] },
      { name: 'kept', type: 'string', aliases: ['old', 'gone'] },
    ])
    const columns = [field('new', { kind: 'bigint' }), field('kept', { kind: 'varchar' })]
    expect(read({ writer, reader, columns }, [message]).rows).toEqual([[7, 'k']])
  })

  test('of records in records, and NULL records', () => {
    const inner = (fields: Json[]) => ['null', { type: 'record', name: 'i', fields }]
    const nested = record([
      {
        name: 'a',
        type: inner([
          { name: 'x', type: 'int' },
          { name: 'y', type: 'string' },
        ]),
      },
    ])
    const row: DataType = {
      kind: 'row',
      fields: [
        { name: 'y', type: { kind: 'varchar' } },
        { name: 'z', type: { kind: 'double' } },
      ],
    }
    const messages = [{ a: { i: { x: 1, y: 'b' } } }, { a: null }].map((v) => write(nested, v))
    expect(read({ writer: nested, columns: [field('a', row)] }, messages).rows).toEqual([
      [['b', null]],
      [null],
    ])
  })
})

describe('unions', () => {
  const writer = record([{ name: 'a', type: ['null', 'int', 'string', 'double'] }])
  const messages = [null, { int: 3 }, { string: 's' }, { double: 0.5 }].map((a) =>
    write(writer, { a }),
  )

  test('a branch that does not fit makes bad messages, and no others', () => {
    const columns = [field('a', { kind: 'double' })]
    expect(read({ writer, columns }, messages)).toEqual({
      rows: [[null], [3], [0.5]],
      bad: ['Record 0, column a: string cannot be read as DOUBLE'],
    })
  })

  test('null does not go into NOT NULL', () => {
    const columns = [field('a', { kind: 'double' }, false)]
    expect(read({ writer, columns }, [messages[0]]).bad).toEqual([
      'Record 0, column a: the column is NOT NULL, found null',
    ])
  })

  test('if no branch fits, no message does', () => {
    expect(refusal({ writer, columns: [field('a', { kind: 'boolean' })] })).toContain('field a')
  })
})

test('an enum is its symbol, or the default of the reader', () => {
  const type = { type: 'enum', name: 'e', symbols: ['A', 'B', 'C'] }
  const writer = record([{ name: 'a', type }])
  const messages = ['A', 'B', 'C'].map((a) => write(writer, { a }))
  const columns = [field('a', { kind: 'varchar' })]
  expect(read({ writer, columns }, messages).rows).toEqual([['A'], ['B'], ['C']])
  const fewer = { type: 'enum', name: 'e', symbols: ['A', 'X'] }
  const reader = (more: object) => record([{ name: 'a', type: { ...fewer, ...more } }])
  expect(read({ writer, reader: reader({ default: 'X' }), columns }, messages).rows).toEqual([
    ['A'],
    ['X'],
    ['X'],
  ])
  expect(read({ writer, reader: reader({}), columns }, messages).bad).toEqual([
    'Record 0, column a: the enum has no symbol B',
    'Record 0, column a: the enum has no symbol C',
  ])
})

describe('logical types', () => {
  const logical = (type: string, logicalType: string, more: object = {}) => ({
    ...{ type, logicalType, ...more },
  })
  const one = (type: Json, value: Json, column: DataType, reader?: Json) => {
    const writer = record([{ name: 'a', type }])
    const given = reader === undefined ? {} : { reader: record([{ name: 'a', type: reader }]) }
    return read({ writer, columns: [field('a', column)], ...given }, [write(writer, { a: value })])
  }
  const at = Date.UTC(2024, 4, 6, 7, 8, 9, 123)
  const micros = at * 1000

  test.each([
    ['timestamp-millis', BigInt(at), 3, micros],
    ['timestamp-micros', BigInt(micros) + 456n, 6, micros + 456],
    ['timestamp-micros', BigInt(micros) + 456n, 3, micros],
    ['timestamp-nanos', BigInt(micros) * 1000n + 456_789n, 6, micros + 456],
    ['local-timestamp-millis', BigInt(at), 0, micros - 123_000],
    ['local-timestamp-micros', -1n, 3, -1000],
    ['local-timestamp-nanos', -1n, 6, -1],
  ])('%s %s with %i digits', (name, value, precision, us) => {
    for (const kind of ['timestamp', 'timestamp_ltz'] as const) {
      const rows = one(logical('long', name), value, { kind, precision }).rows
      expect(rows).toEqual([[us]])
    }
  })

  test('a long without a unit is what the reader says', () => {
    const column: DataType = { kind: 'timestamp', precision: 3 }
    expect(one('long', BigInt(at), column).rows).toEqual([[micros]])
    const reader = logical('long', 'timestamp-micros')
    expect(one('long', BigInt(micros), column, reader).rows).toEqual([[micros]])
  })

  test('times and dates beyond what a column holds are bad', () => {
    const stamp: DataType = { kind: 'timestamp', precision: 3 }
    expect(one(logical('long', 'timestamp-millis'), 2n ** 60n, stamp).bad).toHaveLength(1)
    expect(one(logical('int', 'date'), 3_000_000, { kind: 'date' }).bad).toHaveLength(1)
    const time: DataType = { kind: 'time', precision: 3 }
    expect(one(logical('int', 'time-millis'), 86_400_000, time).bad).toHaveLength(1)
    expect(one(logical('int', 'time-millis'), 86_399_999, time).rows).toEqual([[86_399_999_000]])
  })

  test('a decimal is brought to the scale of its column, or is bad', () => {
    const two = logical('bytes', 'decimal', { precision: 10, scale: 2 })
    const bytes = (...values: number[]) => Buffer.from(values)
    const decimal = (precision: number, scale: number): DataType => ({
      ...{ kind: 'decimal', precision, scale },
    })
    expect(one(two, bytes(0xff), decimal(10, 2)).rows).toEqual([[-1]])
    expect(one(two, bytes(), decimal(10, 2)).rows).toEqual([[0]])
    expect(one(two, bytes(1, 0), decimal(10, 4)).rows).toEqual([[25_600]])
    expect(one(two, bytes(100), decimal(10, 0)).rows).toEqual([[1]])
    expect(one(two, bytes(101), decimal(10, 0)).bad).toHaveLength(1)
    expect(one(two, bytes(1, 0), decimal(2, 2)).bad).toHaveLength(1)
    expect(one(two, Buffer.alloc(40, 1), decimal(38, 2)).bad).toHaveLength(1)
    const fixed = { type: 'fixed', name: 'f', size: 4, logicalType: 'decimal', precision: 9 }
    expect(one(fixed, bytes(0xff, 0xff, 0xff, 0xfe), decimal(9, 0)).rows).toEqual([[-2]])
  })

  test('a uuid is text, whichever way it is written', () => {
    const text = '00112233-4455-6677-8899-aabbccddeeff'
    const fixed = { type: 'fixed', name: 'u', size: 16, logicalType: 'uuid' }
    const value = Buffer.from(text.replaceAll('-', ''), 'hex')
    expect(one(fixed, value, { kind: 'varchar' }).rows).toEqual([[text]])
    expect(one(logical('string', 'uuid'), text, { kind: 'varchar' }).rows).toEqual([[text]])
  })
})

test('a value that is no record is the one column', () => {
  const columns = [field('id', { kind: 'bigint' }, false)]
  expect(read({ writer: '"int"', columns }, [write('"int"', 12)]).rows).toEqual([[12]])
  const two = [...columns, field('b', { kind: 'int' })]
  expect(refusal({ writer: '"int"', columns: two })).toContain('no record')
})

describe('hostile messages', () => {
  const varint = (value: bigint): number[] => {
    const bytes: number[] = []
    let left = BigInt.asUintN(64, (value << 1n) ^ (value >> 63n))
    for (; left > 127n; left >>= 7n) bytes.push(Number(left & 127n) | 128)
    return [...bytes, Number(left)]
  }
  const writer = record([
    { name: 'skipped', type: { type: 'array', items: 'null' } },
    { name: 'a', type: { type: 'array', items: ['null', 'string'] } },
  ])
  const columns = [field('a', { kind: 'array', element: { kind: 'varchar' } })]
  const bad = (...bytes: number[]) =>
    read({ writer, columns }, [Uint8Array.from(bytes)]).bad[0] ?? 'none'

  test('with lengths and counts that are not there', () => {
    expect(bad(0, ...varint(2n ** 62n))).toContain('ends inside')
    expect(bad(0, ...varint(-(2n ** 63n)), 0)).toContain('ends inside')
    expect(bad(0, 2, 2, ...varint(2n ** 40n), 65)).toContain('ends inside')
    expect(bad(0, 2, 2, ...varint(-1n), 65)).toContain('ends inside')
    expect(bad(0, 2, 8)).toContain('no such branch')
    expect(bad(...Array(11).fill(255))).toContain('more than 10 bytes')
    expect(bad(0, 0, 0)).toContain('1 bytes follow')
    expect(bad()).toContain('ends inside')
  })

  test('with endless items that take no bytes', () => {
    expect(bad(...varint(2n ** 62n), 0, 0)).toBe('none')
    const nulls = record([{ name: 'a', type: { type: 'array', items: 'null' } }])
    const block = varint(60_000n)
    const many = Uint8Array.from([...block, ...block, 0])
    expect(read({ writer: nulls, columns }, [many]).bad[0]).toContain('too many items')
  })

  test('that are nested without end', () => {
    const list = { type: 'record', name: 'l', fields: [{ name: 'next', type: ['null', 'l'] }] }
    const deep = record([
      { name: 'skipped', type: list },
      { name: 'b', type: 'int' },
    ])
    const bytes = Uint8Array.from([...Array(1_000_000).fill(2), 0, 4])
    const b = [field('b', { kind: 'int' })]
    expect(read({ writer: deep, columns: b }, [bytes]).bad[0]).toContain('nested too deeply')
    expect(read({ writer: deep, columns: b }, [Uint8Array.from([2, 2, 0, 4])]).rows).toEqual([[2]])
    const endless = record([
      { name: 'skipped', type: { type: 'record', name: 'e', fields: [{ name: 'e', type: 'e' }] } },
    ])
    expect(read({ writer: endless, columns: [] }, [bytes]).bad[0]).toContain('nested too deeply')
  })

  test('with texts that are not UTF-8, too long, or no JSON', () => {
    const text = record([{ name: 'a', type: 'string' }])
    const one = (type: DataType, value: Uint8Array) =>
      read({ writer: text, columns: [field('a', type)] }, [
        Uint8Array.from([...varint(BigInt(value.length)), ...value]),
      ])
    expect(one({ kind: 'varchar' }, Uint8Array.from([65, 0xc3])).bad).toHaveLength(1)
    expect(one({ kind: 'varchar', length: 2 }, Buffer.from('éé')).rows).toEqual([['éé']])
    expect(one({ kind: 'varchar', length: 2 }, Buffer.from('ééé')).bad).toHaveLength(1)
    expect(one({ kind: 'json' }, Buffer.from('{"a":1}')).rows).toEqual([['{"a":1}']])
    expect(one({ kind: 'json' }, Buffer.from('{')).bad).toHaveLength(1)
  })
})

test('what is no schema says why', () => {
  const reason = (text: string): string => {
    try {
      parseAvroSchema(text)
    } catch (error) {
      return asSqlError(error).message
    }
    throw new Error(`${text} was taken`)
  }
  expect(reason('{')).toBe('No Avro schema: it is not JSON')
  expect(reason('"inte"')).toBe("No Avro schema: there is no type 'inte'")
  expect(reason('{"type":"record","name":"a b","fields":[]}')).toContain('is no name')
  expect(reason('{"type":"record","name":"a"}')).toContain('has no fields')
  expect(reason('{"type":"enum","name":"a","symbols":["x","x"]}')).toContain('each once')
  expect(reason('["int","int"]')).toContain('a union has int, int')
  expect(reason('["int",["null"]]')).toContain('directly in a union')
  expect(reason('{"type":"fixed","name":"f","size":-1}')).toContain('size')
  expect(
    reason(`${'{"type":"array","items":'.repeat(200_000)}"int"${'}'.repeat(200_000)}`),
  ).toContain('nested too deeply')
})
