/** Messages that are written byte by byte say what the values' texts say, for every type. */

import { Buffer } from 'node:buffer'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { ChangeMessages } from '../../../connectors/postgres/change-messages.ts'
import { JsonBytes } from '../../../connectors/postgres/json-bytes.ts'
import { NULL, tupleOf, UNSENT, withUnsent } from '../../../connectors/postgres/tuple.ts'
import { valueJson } from '../../../connectors/postgres/value-json.ts'
import { writeValue } from '../../../connectors/postgres/write-value.ts'
import { schemaOf } from '../../../engine/batch/schema.ts'
import {
  BIGINT,
  BOOLEAN,
  BYTES,
  DATE,
  type DataType,
  DOUBLE,
  INT,
  INTERVAL_SECOND,
  TIMESTAMP,
  TIMESTAMP_LTZ,
  VARCHAR,
} from '../../../engine/batch/types.ts'
import type { TableSpec } from '../../../engine/source/table.ts'
import { seedOf } from '../../seed.ts'

const TYPES: readonly DataType[] = [
  ...[BOOLEAN, INT, BIGINT, DOUBLE, VARCHAR, BYTES, DATE, TIMESTAMP, TIMESTAMP_LTZ],
  { kind: 'decimal', precision: 30, scale: 4 },
  { kind: 'time', precision: 0 },
  { kind: 'array', element: VARCHAR },
  { kind: 'array', element: INT },
  INTERVAL_SECOND,
]

const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 100 }),
  fc.string({ unit: fc.constantFrom('"', '\\', '\n', '\u0001', '\u001f', '\u007f', 'é', '💧') }),
  fc.bigInt({ min: -(10n ** 18n), max: 10n ** 18n }).map(String),
  fc.double().map(String),
  fc.constantFrom('', '-', 't', 'f', '1234567890123456', '2024-01-01 00:00:00+00', '\\x00ff'),
  fc.constantFrom('{a,NULL,"b \\"c\\""}', '{1,2}', '+00', '00', 'NaN', '1e5', '-0'),
)

const seed = seedOf('postgres messages')
const replay = `MILLRACE_SEED=${seed} npx vitest run test/connectors/postgres/change-messages.test.ts`

it(`a value's bytes are its text's JSON (replay: ${replay})`, () => {
  const out = new JsonBytes()
  const property = fc.property(fc.constantFrom(...TYPES), text, text, (type, value, before) => {
    const bytes = Buffer.from(before + value)
    out.clear()
    writeValue(type)(out, bytes, Buffer.byteLength(before), bytes.length)
    const told = bytes.toString('utf8', Buffer.byteLength(before))
    expect(out.since(0).toString()).toBe(valueJson(type)(told))
  })
  fc.assert(property, { numRuns: 5000, seed })
})

const COLUMNS = ['id', 'name', 'big', 'note']
const TABLE = {
  options: { 'schema-name': 'public', 'table-name': 't' },
  storedCount: COLUMNS.length,
  primaryKey: [0],
  schema: schemaOf(
    COLUMNS.map((name, i) => ({ name, type: i === 0 ? INT : VARCHAR, nullable: true })),
  ),
} as unknown as TableSpec

const texts = (messages: readonly Uint8Array[]) =>
  messages.map((bytes) => JSON.parse(Buffer.from(bytes).toString()))

it(`rows of any length, one after another (replay: ${replay})`, () => {
  const messages = ChangeMessages.of(TABLE, COLUMNS)
  const value = fc.option(fc.string({ unit: 'binary', maxLength: 3000 }))
  const row = fc.tuple(fc.nat().map(String), value, value, value)
  const property = fc.property(row, row, (old, fresh) => {
    const [before, after] = [tupleOf(old), tupleOf(fresh)]
    const wanted = ([id, ...rest]: typeof old) =>
      Object.fromEntries(COLUMNS.map((name, i) => [name, i === 0 ? Number(id) : told(rest[i - 1])]))
    expect(texts([messages.row(before)])).toEqual([{ op: '+I', row: wanted(old) }])
    const change = {
      kind: 'update',
      oid: 1,
      before: { whole: true, tuple: before },
      after,
    } as const
    const gone = old[0] === fresh[0] ? [] : [{ op: '-D', row: { id: Number(old[0]) } }]
    expect(texts(messages.change(change))).toEqual([...gone, { op: '+U', row: wanted(fresh) }])
  })
  fc.assert(property, { numRuns: 300, seed })
})

/** As it comes back from UTF-8. */
const told = (value: string | null | undefined) =>
  typeof value === 'string' ? Buffer.from(value).toString() : null

it('what was not sent is in the row before', () => {
  const messages = ChangeMessages.of(TABLE, COLUMNS)
  const bytes = Buffer.from('1oldnew')
  const before = { bytes, starts: [0, 1, NULL, 1], ends: [1, 4, 0, 4] }
  const after = { bytes, starts: [0, UNSENT, UNSENT, 4], ends: [1, 0, 0, 7] }
  expect(withUnsent(after, before).starts).toEqual([0, 1, NULL, 4])
  const change = { kind: 'update', oid: 1, before: { whole: true, tuple: before }, after } as const
  const row = { id: 1, name: 'old', big: null, note: 'new' }
  expect(texts(messages.change(change))).toEqual([{ op: '+U', row }])
  expect(() => messages.change({ kind: 'insert', oid: 1, after })).toThrow(/value of name.*TOAST/)
})
