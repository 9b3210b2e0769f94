/** Debezium's events as changes: every kind by hand, and random histories of a table, however they
 *  are written and cut, against the table itself. */

import { describe, expect, it } from 'vitest'
import { CONNECTORS } from '../../../connectors/index.ts'
import { type Random, random } from '../../../engine/base/random.ts'
import { ALL_GONE, Batch } from '../../../engine/batch/batch.ts'
import { concat } from '../../../engine/batch/concat.ts'
import { consolidate } from '../../../engine/batch/consolidate.ts'
import { parseBatch } from '../../../engine/batch/pretty.ts'
import { jsonRows, rowsOf } from '../../../engine/batch/rows.ts'
import { rowEncoder } from '../../../engine/format/encode-rows.ts'
import { recordKey, type TableSpec } from '../../../engine/source/table.ts'
import { TableDecoder } from '../../../engine/source/table-decoder.ts'
import { Catalog, defineTable, EMBEDDED_CONNECTORS, parseStatements } from '../../../sql/index.ts'
import { seedOf } from '../../seed.ts'

const CATALOG = new Map([...EMBEDDED_CONNECTORS, ...CONNECTORS])
const EPOCH = { epoch: 1, nowUs: 0, seed: 1 }

function tableOf(columns: string, more: Record<string, string> = {}): TableSpec {
  const options = {
    ...{ connector: 'kafka', topic: 't', 'properties.bootstrap.servers': 'b' },
    ...{ format: 'debezium-json', ...more },
  }
  const list = Object.entries(options).map(([key, value]) => `'${key}' = '${value}'`)
  const [statement] = parseStatements(`CREATE TABLE t (${columns}) WITH (${list.join(', ')})`)
  if (statement.kind !== 'create-table') throw new Error('not a table')
  return defineTable(statement, new Catalog(), CATALOG, { id: 't1' })!.spec
}

/** null: no value. */
function chunkOf(messages: readonly (string | null)[], keys?: readonly string[]) {
  const parts: Buffer[] = []
  let size = 0
  const place = (text: string | null): [number, number] => {
    if (text === null) return [-1, -1]
    parts.push(Buffer.from(text))
    const start = size
    size += parts[parts.length - 1].length
    return [start, size]
  }
  const places = messages.map(place)
  const keyPlaces = keys?.map(place)
  const ranges = (of: readonly [number, number][]) => ({
    starts: Int32Array.from(of, ([start]) => start),
    ends: Int32Array.from(of, ([, end]) => end),
  })
  return {
    ...{ from: '0', to: String(messages.length), rowCount: messages.length, end: false },
    ...{ bytes: Uint8Array.from(Buffer.concat(parts)), ...ranges(places) },
    keys: keyPlaces && ranges(keyPlaces),
  }
}

function open(table: TableSpec) {
  const letters: string[] = []
  const decoder = new TableDecoder(table, ({ offset, error }) =>
    letters.push(`${offset}: ${error}`),
  )
  return { decoder, letters }
}

/** Rows with their weights before them. */
const weighted = (batch: Batch) =>
  rowsOf(batch).map((row, i) => [batch.weights === null ? 1 : batch.weights[i], ...row])

const decoded = (table: TableSpec, messages: readonly (string | null)[]) => {
  const { decoder, letters } = open(table)
  return { rows: weighted(decoder.decode(chunkOf(messages), EPOCH)), letters }
}

const event = (op: string, before: unknown, after: unknown, more: object = {}) =>
  JSON.stringify({ before, after, op, ...more })

const PLAIN = 'id INT NOT NULL, name STRING'
const KEYED = `${PLAIN}, PRIMARY KEY (id) NOT ENFORCED`

describe('events without a key', () => {
  it('are the rows that go and the rows that come', () => {
    const { rows, letters } = decoded(tableOf(PLAIN), [
      event('c', null, { id: 1, name: 'a' }),
      event('r', null, { id: 2, name: null }),
      event('u', { id: 1, name: 'a' }, { id: 1, name: 'b' }, { source: { db: 'x' }, ts_ms: 1 }),
      event('d', { id: 2, name: null }, null),
      null,
      '',
    ])
    expect(rows).toEqual([
      [1, 1, 'a'],
      [1, 2, null],
      [-1, 1, 'a'],
      [1, 1, 'b'],
      [-1, 2, null],
    ])
    expect(letters).toEqual([])
  })

  it('must say which row goes, and what they do', () => {
    const { rows, letters } = decoded(tableOf(PLAIN), [
      event('u', null, { id: 1, name: 'b' }),
      event('d', null, null),
      event('c', null, null),
      event('t', null, null),
      event('x', null, { id: 1 }),
      '{"after":{"id":1}}',
      '{"op":null,"after":{"id":1}}',
      '[1]',
      `{"op":"c","after":${'['.repeat(50_000)}}`,
      `{"op":"c","after":{"id":1,"x":${'['.repeat(50_000)}${']'.repeat(50_000)}}}`,
      'nonsense',
      event('u', { id: 1, name: 'a' }, { id: 'x', name: 'b' }),
      event('u', { id: 'x', name: 'a' }, { id: 1, name: 'b' }),
      event('c', null, { id: 7, name: 'good' }),
    ])
    // An event of which one half is bad is bad as a whole.
    expect(rows).toEqual([[1, 7, 'good']])
    expect(letters.map((text) => Number(text.split(':')[0]))).toEqual([...Array(13).keys()])
    expect(letters[0]).toContain('REPLICA IDENTITY FULL')
    expect(letters[3]).toContain('all rows are gone')
    expect(letters[11]).toContain('column id')
  })

  it('may come with their schema', () => {
    const table = tableOf(PLAIN, { 'debezium-json.schema-include': 'true' })
    const wrap = (payload: unknown) => JSON.stringify({ schema: { type: 'struct' }, payload })
    const { rows, letters } = decoded(table, [
      wrap({ before: null, after: { id: 1, name: 'a' }, op: 'c' }),
      wrap(null),
      event('c', null, { id: 2, name: 'b' }),
      wrap({ before: { id: 1, name: 'a' }, after: null, op: 'd' }),
    ])
    expect(rows).toEqual([
      [1, 1, 'a'],
      [-1, 1, 'a'],
    ])
    expect(letters).toEqual([expect.stringMatching(/^2: .*there is no "payload"/)])
  })

  it('take no metadata that a row which goes does not have', () => {
    const more = "ts TIMESTAMP_LTZ(3) METADATA FROM 'value.source.timestamp'"
    expect(() => tableOf(`${PLAIN}, ${more}`)).toThrow(/cannot have METADATA/)
    expect(() => tableOf(`${PLAIN}, p BIGINT METADATA FROM 'offset'`)).toThrow(
      /cannot have METADATA/,
    )
    const named = tableOf(`${PLAIN}, origin STRING METADATA FROM 'value.source.table' VIRTUAL`)
    const source = { source: { table: 'users' } }
    const { rows } = decoded(named, [
      event('c', null, { id: 1, name: 'a' }, source),
      event('u', { id: 1, name: 'a' }, { id: 1, name: 'b' }, source),
      event('c', null, { id: 2, name: 'c' }),
    ])
    expect(rows).toEqual([
      [1, 1, 'a', 'users'],
      [-1, 1, 'a', 'users'],
      [1, 1, 'b', 'users'],
      [1, 2, 'c', null],
    ])
  })
})

describe('events with a key', () => {
  it('may end all rows at once', () => {
    const { rows, letters } = decoded(tableOf(KEYED), [
      event('c', null, { id: 1, name: 'a' }),
      event('u', { id: 'x' }, { id: 1, name: 'b' }),
      '{"op":"t","source":{"db":"shop"},"ts_ms":1}',
      event('t', null, null),
      event('r', null, { id: 2, name: 'c' }),
    ])
    expect(rows).toEqual([
      [1, 1, 'a'],
      [ALL_GONE, null, null],
      [ALL_GONE, null, null],
      [1, 2, 'c'],
    ])
    expect(letters.map((text) => text[0])).toEqual(['1'])
    expect(decoded(tableOf(KEYED), [event('t', null, null)]).rows).toHaveLength(1)
  })

  it('put the new row, whatever is known of the old one', () => {
    const { rows, letters } = decoded(tableOf(KEYED), [
      event('u', null, { id: 1, name: 'b' }),
      event('u', { id: 1, name: 5 }, { id: 1, name: 'c' }),
      event('u', { id: 1 }, { id: 2, name: 'd' }),
      event('d', { id: 2 }, null),
      event('d', null, null),
    ])
    expect(
      rows.map(([weight, id, name]) => (Number(weight) > 0 ? [weight, id, name] : [weight, id])),
    ).toEqual([
      [1, 1, 'b'],
      [1, 1, 'c'],
      [-1, 1],
      [1, 2, 'd'],
      [-1, 2],
    ])
    expect(letters).toEqual([expect.stringContaining('a row was deleted and "before" is null')])
  })

  it('have all the metadata that Flink has', () => {
    const table = tableOf(
      `${KEYED.replace(
        ', PRIMARY',
        `,
        said TIMESTAMP_LTZ(3) METADATA FROM 'value.ingestion-timestamp' VIRTUAL,
        at TIMESTAMP_LTZ(3) METADATA FROM 'value.source.timestamp',
        db STRING METADATA FROM 'value.source.database',
        sch STRING METADATA FROM 'value.source.schema',
        tab STRING METADATA FROM 'value.source.table',
        props MAP<STRING, STRING> METADATA FROM 'value.source.properties',
        def STRING METADATA FROM 'value.schema',
        PRIMARY`,
      )}`,
      { 'debezium-json.schema-include': 'true' },
    )
    const source = { db: 'shop', schema: 'public', table: 'users', ts_ms: 1700000000000, lsn: 7 }
    const payload = {
      before: null,
      after: { id: 1, name: 'a' },
      op: 'c',
      source,
      ts_ms: 1700000000123,
    }
    const { decoder } = open(table)
    const chunk = chunkOf([
      JSON.stringify({ schema: { type: 'struct' }, payload }),
      JSON.stringify({ payload: { after: { id: 2 }, op: 'r', source: 'odd', ts_ms: 'odd' } }),
    ])
    expect(jsonRows(decoder.decode(chunk, EPOCH))).toEqual([
      {
        ...{ id: 1, name: 'a', db: 'shop', sch: 'public', tab: 'users' },
        said: '2023-11-14T22:13:20.123Z',
        at: '2023-11-14T22:13:20.000Z',
        props: { db: 'shop', schema: 'public', table: 'users', ts_ms: '1700000000000', lsn: '7' },
        def: '{"type":"struct"}',
      },
      {
        ...{ id: 2, name: null, said: null, at: null, db: null, sch: null, tab: null },
        ...{ props: null, def: null },
      },
    ])
  })
})

it("columns in a message's key beside an event of two rows", () => {
  const table = tableOf('name STRING, id INT NOT NULL', {
    ...{ 'key.format': 'json', 'key.fields': 'id', 'value.fields-include': 'EXCEPT_KEY' },
  })
  const { decoder, letters } = open(table)
  const chunk = chunkOf(
    [
      event('c', null, { name: 'a' }),
      event('u', { name: 'a' }, { name: 'b' }),
      event('u', null, { name: 'b' }),
      event('d', { name: 'b' }, null),
      event('c', null, { name: 'c' }),
    ],
    ['{"id":1}', '{"id":1}', '{"id":1}', '{"id":1}', 'bad'],
  )
  expect(weighted(decoder.decode(chunk, EPOCH))).toEqual([
    [1, 'a', 1],
    [-1, 'a', 1],
    [1, 'b', 1],
    [-1, 'b', 1],
  ])
  expect(letters.map((text) => text[0])).toEqual(['2', '4'])
})

/** A row of the table there. */
interface Row {
  readonly id: number
  readonly name: string | null
  readonly n: number | string
}

const COLUMNS = 'id INT NOT NULL, name STRING, n BIGINT'
const NAMES = ['a', 'é"\\', '\u0007', '', null, '"op":"d"', '\ud83d\ude00', '}{']

/** JSON of the same meaning that is written otherwise. */
function rewritten(r: Random, members: readonly (readonly [string, string])[]): string {
  const all = [...members]
  const space = () => [' ', '', '\n', '\t '][r.below(4)]
  if (r.below(3) === 0) all.sort(() => r.below(3) - 1)
  if (r.below(6) === 0) all.unshift([all[0][0], r.below(2) === 0 ? '{"id":99}' : '"t"'])
  if (r.below(4) === 0) all.push(['extra\u00e9', '[{"op":1}]'])
  const key = (name: string) =>
    r.below(8) === 0
      ? `"\\u${name.charCodeAt(0).toString(16).padStart(4, '0')}${name.slice(1)}"`
      : JSON.stringify(name)
  const texts = all.map(
    ([name, json]) => `${space()}${key(name)}${space()}:${space()}${json}${space()}`,
  )
  return `{${texts.join(',')}}`
}

/** Events of a random history, and the rows that are there after each. */
function history(r: Random, { wrapped, count }: { wrapped: boolean; count: number }) {
  const rows = new Map<number, Row>()
  const events: (string | null)[] = []
  const states: Row[][] = []
  const json = (row: Row | undefined) =>
    row === undefined
      ? 'null'
      : rewritten(r, [
          ['id', `${row.id}`],
          ['name', JSON.stringify(row.name)],
          ['n', `${row.n}`],
        ])
  const put = (op: string, before: Row | undefined, after: Row | undefined) => {
    const inner = rewritten(r, [
      ...([
        ['before', json(before)],
        ['after', json(after)],
      ] as const),
      ['op', `"${op}"`],
      ['source', '{"db":"x"}'],
    ])
    events.push(
      wrapped
        ? rewritten(r, [
            ['payload', inner],
            ['schema', '{"a":[1]}'],
          ])
        : inner,
    )
    states.push([...rows.values()])
  }
  for (let i = 0; i < count; i++) {
    const id = r.below(8)
    const old = rows.get(id)
    const long = r.below(4) === 0
    const n = long ? `90071992547409${r.below(900) + 100}` : r.below(5)
    const row = { id, name: NAMES[r.below(NAMES.length)], n }
    if (old !== undefined && r.below(3) === 0) {
      rows.delete(id)
      put('d', old, undefined)
      if (r.below(2) === 0) {
        events.push(null)
        states.push([...rows.values()])
      }
    } else {
      rows.set(id, row)
      put(old === undefined ? ['c', 'r'][r.below(2)] : 'u', old, row)
    }
  }
  return { events, states }
}

const printed = (rows: readonly (readonly unknown[])[]) => rows.map((row) => row.join('|')).sort()

const rowText = ({ id, name, n }: Row) => [id, name, n]

describe('random histories, however they are written and cut', () => {
  const first = seedOf('debezium')
  for (let seed = first; seed < first + (process.env.MILLRACE_LONG ? 300 : 20); seed++) {
    it(`seed ${seed}`, () => {
      const r = random(seed)
      const wrapped = r.below(2) === 0
      const more = { 'debezium-json.schema-include': String(wrapped) }
      const { events, states } = history(r, { wrapped, count: 80 })
      const plain = open(tableOf(COLUMNS, more))
      const keyed = open(tableOf(`${COLUMNS}, PRIMARY KEY (id) NOT ENFORCED`, more))
      const current = new Map<unknown, readonly unknown[]>()
      let all: Batch | null = null
      for (let at = 0; at < events.length; ) {
        const from = at
        at = Math.min(events.length, at + 1 + r.below(20))
        const chunk = chunkOf(events.slice(from, at))
        const changes = plain.decoder.decode(chunk, EPOCH)
        all = consolidate(all === null ? [changes] : [all, changes], changes.schema)
        // Law 3: no row goes that is not there.
        expect(all?.weights?.some((weight) => weight < 0) ?? false).toBe(false)
        for (const [weight, ...row] of weighted(keyed.decoder.decode(chunk, EPOCH))) {
          if (Number(weight) > 0) current.set(row[0], row)
          else current.delete(row[0])
        }
        const wanted = printed(states[at - 1].map(rowText))
        expect(printed(all === null ? [] : weighted(all).map(([, ...row]) => row))).toEqual(wanted)
        expect(printed([...current.values()])).toEqual(wanted)
      }
      expect([...plain.letters, ...keyed.letters]).toEqual([])
    })
  }
})

describe('written events', () => {
  const changes = (table: TableSpec) => {
    const batch = parseBatch('1 a\n1 b\n2 c\n3 d\n3 d', table.schema)
    return new Batch(batch.schema, batch.columns, 5, Int32Array.from([-1, 1, -1, 2, 1]))
  }

  it('are insertions and deletions, and with a key updates', async () => {
    const plain = tableOf(PLAIN)
    const write = await rowEncoder(plain.schema, plain.options)
    expect(write(changes(plain))).toEqual({
      records: [
        '{"before":{"id":1,"name":"a"},"after":null,"op":"d"}',
        '{"before":null,"after":{"id":1,"name":"b"},"op":"c"}',
        '{"before":{"id":2,"name":"c"},"after":null,"op":"d"}',
        ...Array(3).fill('{"before":null,"after":{"id":3,"name":"d"},"op":"c"}'),
      ],
      rows: Int32Array.from([0, 1, 2, 3, 3, 4]),
    })
    const keyed = tableOf(KEYED)
    const writeKeyed = await rowEncoder(keyed.schema, keyed.options, { key: recordKey(keyed) })
    expect(writeKeyed(changes(keyed)).records.slice(0, 2)).toEqual([
      '{"before":{"id":1,"name":"a"},"after":{"id":1,"name":"b"},"op":"u"}',
      '{"before":{"id":2,"name":"c"},"after":null,"op":"d"}',
    ])
  })

  it('are read as what was written, with and without a key', async () => {
    const r = random(seedOf('debezium written'))
    for (let round = 0; round < 30; round++) {
      const table = tableOf(round % 2 === 0 ? PLAIN : KEYED)
      const write = await rowEncoder(table.schema, table.options, { key: recordKey(table) })
      const lines = Array.from({ length: 12 }, () => `${r.below(3)} ${'abc'[r.below(3)]}`)
      const rows = parseBatch(lines.join('\n'), table.schema)
      const weights = Int32Array.from(lines, () => [-2, -1, 1, 2][r.below(4)])
      const batch = new Batch(rows.schema, rows.columns, 12, weights)
      const { decoder, letters } = open(tableOf(PLAIN))
      const read = decoder.decode(chunkOf(write(batch).records as string[]), EPOCH)
      expect(letters).toEqual([])
      const sums = (of: Batch) => {
        const net = consolidate([concat([of])], of.schema)
        return net === null ? [] : printed(weighted(net))
      }
      expect(sums(read)).toEqual(sums(batch))
    }
  })
})
