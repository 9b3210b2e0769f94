/** Messages whose keys hold columns: every kind of message beside every other, in order. */

import { describe, expect, it } from 'vitest'
import { CONNECTORS } from '../../../connectors/index.ts'
import { rowsOf } from '../../../engine/batch/rows.ts'
import { TableDecoder } from '../../../engine/source/table-decoder.ts'
import { Catalog, defineTable, EMBEDDED_CONNECTORS, parseStatements } from '../../../sql/index.ts'

const CATALOG = new Map([...EMBEDDED_CONNECTORS, ...CONNECTORS])
const EPOCH = { epoch: 1, nowUs: 0, seed: 1 }

function decoder(columns: string, connector: string, more: Record<string, string>) {
  const options = {
    ...{ connector, topic: 't', 'properties.bootstrap.servers': 'b', 'value.format': 'json' },
    ...more,
  }
  const list = Object.entries(options).map(([key, value]) => `'${key}' = '${value}'`)
  const [statement] = parseStatements(`CREATE TABLE t (${columns}) WITH (${list.join(', ')})`)
  if (statement.kind !== 'create-table') throw new Error('not a table')
  const letters: string[] = []
  const { spec } = defineTable(statement, new Catalog(), CATALOG, { id: 't1' })!
  const decode = new TableDecoder(spec, ({ offset, error }) => letters.push(`${offset}: ${error}`))
  return { decode, letters }
}

/** Key and value; null: absent. */
type Pair = readonly [key: string | null, value: string | null]

function chunkOf(pairs: readonly Pair[]) {
  const parts: Buffer[] = []
  let size = 0
  const place = (text: string | null): [number, number] => {
    if (text === null) return [-1, -1]
    const bytes = Buffer.from(text)
    parts.push(bytes)
    size += bytes.length
    return [size - bytes.length, size]
  }
  const places = pairs.map(([key, value]) => ({ key: place(key), value: place(value) }))
  const ints = (of: (entry: (typeof places)[0]) => number) => Int32Array.from(places, of)
  return {
    ...{ from: '0', to: String(pairs.length), rowCount: pairs.length, end: false },
    bytes: Uint8Array.from(Buffer.concat(parts)),
    starts: ints(({ value }) => value[0]),
    ends: ints(({ value }) => value[1]),
    keys: { starts: ints(({ key }) => key[0]), ends: ints(({ key }) => key[1]) },
  }
}

function changes(at: ReturnType<typeof decoder>, pairs: readonly Pair[]) {
  const batch = at.decode.decode(chunkOf(pairs), EPOCH)
  return rowsOf(batch).map((row, i) => [batch.weights === null ? 1 : batch.weights[i], ...row])
}

const KEYED = 'k INT NOT NULL, v STRING, n INT, PRIMARY KEY (k) NOT ENFORCED'

describe('messages with keys', () => {
  it('an upsert table takes its rows from values, and from keys where there is no value', () => {
    const table = decoder(KEYED, 'upsert-kafka', { 'key.format': 'json' })
    const value = (k: number, v: string) => JSON.stringify({ k, v, n: k * 2 })
    const rows = changes(table, [
      ['{"k":1}', value(1, 'a')],
      ['{"k":2}', null],
      ['{"k":3}', value(3, 'c')],
      ['{"k":1}', null],
    ])
    expect(
      rows.map(([weight, k, v]) => (Number(weight) > 0 ? [weight, k, v] : [weight, k])),
    ).toEqual([
      [1, 1, 'a'],
      [-1, 2],
      [1, 3, 'c'],
      [-1, 1],
    ])
    expect(changes(table, [['{"k":7}', value(7, 'x')]])).toEqual([[1, 7, 'x', 14]])
    expect(changes(table, [['{"k":7}', null]]).map(([weight, k]) => [weight, k])).toEqual([[-1, 7]])
    expect(table.letters).toEqual([])
  })

  it('values without the key get it from there', () => {
    const table = decoder('k INT, v STRING, name STRING', 'kafka', {
      ...{ 'key.format': 'json', 'key.fields': 'name;k', 'value.fields-include': 'EXCEPT_KEY' },
    })
    expect(
      changes(table, [
        ['{"k":1,"name":"ü"}', '{"v":"a"}'],
        ['{"name":"x"}', '{"v":"b","k":99}'],
      ]),
    ).toEqual([
      [1, 1, 'a', 'ü'],
      [1, null, 'b', 'x'],
    ])
  })

  it('names in the key may lack what stands before them in the table', () => {
    const table = decoder('key_id STRING, v STRING', 'kafka', {
      ...{ 'key.format': 'raw', 'key.fields': 'key_id', 'value.fields-include': 'EXCEPT_KEY' },
      'key.fields-prefix': 'key_',
    })
    expect(changes(table, [['abc', '{"v":"a"}']])).toEqual([[1, 'abc', 'a']])
  })

  it('a bad key or value is a dead letter, and the others are rows', () => {
    const table = decoder('k INT NOT NULL, v STRING', 'kafka', {
      ...{ 'key.format': 'json', 'key.fields': 'k', 'value.fields-include': 'EXCEPT_KEY' },
    })
    const rows = changes(table, [
      ['{"k":1}', '{"v":"a"}'],
      ['{"k":"x"}', '{"v":"b"}'],
      [null, '{"v":"c"}'],
      ['{"k":4}', 'not JSON'],
      ['{"k":5}', '{"v":"e"}'],
    ])
    expect(rows).toEqual([
      [1, 1, 'a'],
      [1, 5, 'e'],
    ])
    expect(table.letters.map((text) => text.split(':')[0])).toEqual(['1', '2', '3'])
    expect(table.letters[1]).toContain('the message has no key')
  })

  it('a key that gives no row, or several, is none', () => {
    const table = decoder('k INT, v STRING', 'kafka', {
      ...{ 'key.format': 'csv', 'key.csv.allow-comments': 'true' },
      ...{ 'key.fields': 'k', 'value.fields-include': 'EXCEPT_KEY' },
    })
    expect(
      changes(table, [
        ['1', '{"v":"a"}'],
        ['#2', '{"v":"b"}'],
        ['3', '{"v":"c"}'],
      ]),
    ).toEqual([
      [1, 1, 'a'],
      [1, 3, 'c'],
    ])
    expect(table.letters).toEqual([expect.stringMatching(/^1: .*the message has no key/)])
  })

  it('a tombstone needs a key', () => {
    const table = decoder(KEYED, 'upsert-kafka', { 'key.format': 'json' })
    expect(changes(table, [[null, null]])).toEqual([])
    expect(table.letters[0]).toContain('the message has no key')
  })
})
