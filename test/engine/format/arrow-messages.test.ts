/** Arrow IPC as messages: streams and files, of any number of rows, also from Arrow's own library. */

import { tableFromArrays, tableToIPC } from 'apache-arrow'
import { describe, expect, it } from 'vitest'
import { random } from '../../../engine/base/random.ts'
import { Batch } from '../../../engine/batch/batch.ts'
import { parseBatch } from '../../../engine/batch/pretty.ts'
import { rowsOf } from '../../../engine/batch/rows.ts'
import { schemaOf } from '../../../engine/batch/schema.ts'
import {
  BIGINT,
  BOOLEAN,
  DATE,
  type DataType,
  DOUBLE,
  INT,
  VARCHAR,
} from '../../../engine/batch/types.ts'
import { arrowEncoder, arrowMessages } from '../../../engine/format/arrow-messages.ts'
import { seedOf } from '../../seed.ts'

const schema = schemaOf([
  { name: 'name', type: VARCHAR, nullable: true },
  { name: 'x', type: DOUBLE, nullable: false },
])

function decode(records: readonly Uint8Array[]) {
  const ends = new Int32Array(records.length)
  let at = 0
  for (const [i, { length }] of records.entries()) ends[i] = at += length
  const starts = ends.map((end, i) => end - records[i].length)
  const bytes = Uint8Array.from(Buffer.concat(records))
  const { batch, rows, bad } = arrowMessages(schema).decode({ bytes, starts, ends })
  return { rows: rowsOf(batch), of: [...rows!], bad: bad.map(({ index }) => index) }
}

const foreign = (names: (string | null)[], more: object, kind: 'stream' | 'file') =>
  tableToIPC(tableFromArrays({ name: names, x: names.map((_, i) => i / 2), ...more }), kind)

describe('Arrow messages', () => {
  it('hold any number of rows; a bad one leaves the others', () => {
    const whole = foreign(['a', 'b', null], {}, 'stream')
    expect(
      decode([
        foreign(['p'], { other: [1n] }, 'file'),
        whole.subarray(0, whole.length / 2),
        whole,
        foreign([], {}, 'stream'),
        Buffer.from('ARROW1'),
        Buffer.from('nonsense'),
        new Uint8Array(0),
        foreign(['cut'], {}, 'file').subarray(0, 700),
        tableToIPC(tableFromArrays({ name: ['no x'] })),
        foreign(['z'], {}, 'file'),
      ]),
    ).toEqual({
      rows: [
        ['p', 0],
        ['a', 0],
        ['b', 0.5],
        [null, 1],
        ['z', 0],
      ],
      of: [0, 2, 2, 2, 9],
      bad: [1, 4, 5, 6, 7, 8],
    })
  })

  it('that are damaged are bad or not, and never more than that', () => {
    const r = random(seedOf('arrow messages'))
    for (let round = 0; round < 400; round++) {
      const bytes = foreign(['a', null, 'c'], {}, round % 2 === 0 ? 'file' : 'stream').slice()
      for (let n = 1 + r.below(3); n > 0; n--) bytes[r.below(bytes.length)] = r.below(256)
      const cut = r.below(4) === 0 ? bytes.subarray(0, r.below(bytes.length)) : bytes
      const { of, bad } = decode([cut])
      expect(of.length === 0 || bad.length === 0).toBe(true)
    }
  })

  it('without a column, or with one that is NULL throughout, have NULLs of any type', () => {
    const types: DataType[] = [
      ...[VARCHAR, DOUBLE, INT, BIGINT, BOOLEAN, DATE, { kind: 'bytes' } as const],
      { kind: 'decimal', precision: 38, scale: 2 },
      { kind: 'array', element: INT },
      { kind: 'map', key: VARCHAR, value: DOUBLE },
      { kind: 'row', fields: [{ name: 'a', type: { kind: 'array', element: DOUBLE } }] },
    ]
    const fields = types.map((type, i) => ({ name: `c${i}`, type, nullable: true }))
    const all = schemaOf([...fields, { name: 'x', type: DOUBLE, nullable: false }])
    const nulls = tableToIPC(tableFromArrays({ c1: [null, null], x: [1, 2] }))
    const bytes = Uint8Array.from(nulls)
    const [starts, ends] = [new Int32Array([0]), new Int32Array([bytes.length])]
    const { batch, bad } = arrowMessages(all).decode({ bytes, starts, ends })
    expect(bad).toEqual([])
    const row = types.map(() => null)
    expect(rowsOf(batch)).toEqual([
      [...row, 1],
      [...row, 2],
    ])
  })

  it('are written of many rows, or of one where a sink needs more of it', () => {
    const rows = parseBatch('a 1\nb 2\nc 3', schema)
    const batch = new Batch(schema, rows.columns, 3, Int32Array.from([2, 1, 1]))
    const want = [
      ['a', 1],
      ['a', 1],
      ['b', 2],
      ['c', 3],
    ]
    const together = arrowEncoder(schema, false)(batch)
    expect([...together.rows!]).toEqual([0])
    expect(decode(together.records as Uint8Array[]).rows).toEqual(want)
    const alone = arrowEncoder(schema, true)(batch)
    expect([...alone.rows!]).toEqual([0, 0, 1, 2])
    expect(decode(alone.records as Uint8Array[])).toEqual({ rows: want, of: [0, 1, 2, 3], bad: [] })
    expect(arrowEncoder(schema, false)(batch.slice(0, 0)).records).toEqual([])
  })

  it('stay below what brokers take, unless one row is larger', () => {
    const text = 'x'.repeat(90_000)
    const lines = Array.from({ length: 40 }, (_, i) => `${i === 7 ? text.repeat(8) : text} ${i}`)
    const { records, rows } = arrowEncoder(schema, false)(parseBatch(lines.join('\n'), schema))
    const large = records.filter(({ length }) => length > 500_000)
    expect(large).toHaveLength(1)
    expect(decode(records as Uint8Array[]).rows.map(([, x]) => x)).toEqual([...lines.keys()])
    expect([...rows!]).toContain(7)
  })
})
