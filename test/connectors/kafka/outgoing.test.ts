/** Rows as Kafka's messages, without a broker: keys and values of the formats that are no plain
 *  record a row. */

import { describe, expect, it } from 'vitest'
import { CONNECTORS } from '../../../connectors/index.ts'
import { OutgoingMessages } from '../../../connectors/kafka/outgoing.ts'
import { systemClock } from '../../../engine/base/clock.ts'
import { Batch } from '../../../engine/batch/batch.ts'
import { fromArrowStream } from '../../../engine/batch/ipc.ts'
import { parseBatch } from '../../../engine/batch/pretty.ts'
import { rowsOf } from '../../../engine/batch/rows.ts'
import type { TableSpec } from '../../../engine/source/table.ts'
import { Catalog, defineTable, EMBEDDED_CONNECTORS, parseStatements } from '../../../sql/index.ts'

const CATALOG = new Map([...EMBEDDED_CONNECTORS, ...CONNECTORS])

function tableOf(columns: string, more: Record<string, string>): TableSpec {
  const options = {
    ...{ connector: 'kafka', topic: 't', 'properties.bootstrap.servers': 'b' },
    ...more,
  }
  const list = Object.entries(options).map(([key, value]) => `'${key}' = '${value}'`)
  const [statement] = parseStatements(`CREATE TABLE t (${columns}) WITH (${list.join(', ')})`)
  if (statement.kind !== 'create-table') throw new Error('not a table')
  return defineTable(statement, new Catalog(), CATALOG, { id: 't1' })!.spec
}

async function messagesOf(table: TableSpec, text: string, weights?: number[]) {
  const rows = parseBatch(text, table.schema)
  const batch = new Batch(
    rows.schema,
    rows.columns,
    rows.rowCount,
    weights === undefined ? null : Int32Array.from(weights),
  )
  const messages = await OutgoingMessages.open(table, systemClock)
  return messages.of({ seq: 0, epoch: 0, batch })
}

const textOf = (bytes: Buffer | null | undefined) => bytes?.toString() ?? null

const KEYED = 'id INT NOT NULL, name STRING, PRIMARY KEY (id) NOT ENFORCED'

describe('outgoing messages', () => {
  it('of a keyed table with Debezium are events, not upserts, and have the key of their row', async () => {
    const table = tableOf(KEYED, {
      ...{ 'value.format': 'debezium-json', 'key.format': 'json', 'key.fields': 'id' },
    })
    const messages = await messagesOf(table, '1 a\n1 b\n2 c\n3 d', [-1, 1, -1, 2])
    expect(messages.map(({ key, value }) => [textOf(key), textOf(value)])).toEqual([
      ['{"id":1}', '{"before":{"id":1,"name":"a"},"after":{"id":1,"name":"b"},"op":"u"}'],
      ['{"id":2}', '{"before":{"id":2,"name":"c"},"after":null,"op":"d"}'],
      ['{"id":3}', '{"before":null,"after":{"id":3,"name":"d"},"op":"c"}'],
      ['{"id":3}', '{"before":null,"after":{"id":3,"name":"d"},"op":"c"}'],
    ])
  })

  it('of Arrow hold many rows, but one each where they have a key', async () => {
    const plain = tableOf('id INT NOT NULL, name STRING', { format: 'arrow' })
    const [message, ...others] = await messagesOf(plain, '1 a\n2 b')
    const rowsIn = (value: Buffer | null) =>
      fromArrowStream(value!, plain.schema).flatMap((batch) => rowsOf(batch))
    expect([others, rowsIn(message.value)]).toEqual([
      [],
      [
        [1, 'a'],
        [2, 'b'],
      ],
    ])
    const keyed = tableOf('id INT NOT NULL, name STRING', {
      ...{ format: 'arrow', 'key.format': 'raw', 'key.fields': 'id' },
    })
    const found = await messagesOf(keyed, '1 a\n2 b')
    expect(found.map(({ key, value }) => [key!.toString('hex'), rowsIn(value)])).toEqual([
      ['00000001', [[1, 'a']]],
      ['00000002', [[2, 'b']]],
    ])
    const upsert = tableOf(KEYED, {
      ...{ connector: 'upsert-kafka', 'value.format': 'arrow', 'key.format': 'csv' },
    })
    const changes = await messagesOf(upsert, '1 a\n1 b\n2 c', [-1, 1, -1])
    expect(changes.map(({ key, value }) => [textOf(key), value && rowsIn(value)])).toEqual([
      ['1', [[1, 'b']]],
      ['2', null],
    ])
  })

  it('know the options of the value under both names', async () => {
    const table = tableOf('id INT, ts TIMESTAMP(0), city STRING', {
      ...{ 'value.format': 'json', 'value.json.path.city': '$.at.city' },
      ...{ 'value.json.timestamp-format.standard': 'ISO-8601' },
    })
    const [{ value }] = await messagesOf(table, '1 2024-05-06T07:08:09 Rome')
    expect(textOf(value)).toBe('{"id":1,"ts":"2024-05-06T07:08:09","at":{"city":"Rome"}}')
    expect(() =>
      tableOf('id INT', { format: 'json', 'json.path.id': '$.a', 'value.json.path.id': '$.b' }),
    ).toThrow(/given twice/)
    for (const path of ['$', '$[0]', '$..a', '$.a[*]', '$.a[-1]', 'a', '$.a[0,1]']) {
      expect(() => tableOf('id INT', { format: 'json', 'json.path.id': path })).toThrow(
        /no path for|Not a JSON path/,
      )
    }
    expect(() => tableOf('id INT', { format: 'json', 'json.path.idd': '$.a' })).toThrow(
      /names no column/,
    )
    expect(() => tableOf('id INT', { format: 'csv', 'json.path.id': '$.a' })).toThrow(/is for JSON/)
    expect(() => tableOf('id INT', { format: 'csv', 'csv.field-delimiter': '||' })).toThrow(
      /one character/,
    )
    expect(() =>
      tableOf(KEYED, { connector: 'upsert-kafka', format: 'debezium-json', 'key.format': 'json' }),
    ).toThrow(/cannot be that of an upsert-kafka/)
    expect(() =>
      tableOf('id INT', { format: 'json', 'key.format': 'debezium-json', 'key.fields': 'id' }),
    ).toThrow(/A key cannot have/)
  })
})
