import fc from 'fast-check'
import { expect, it } from 'vitest'
import type { DataType } from '../../engine/batch/types.ts'
import { parseStatements, tableText } from '../../sql/index.ts'
import type { CreateTable } from '../../sql/table-text.ts'
import { seedOf } from '../seed.ts'

const parsed = (sql: string): CreateTable => {
  const [statement] = parseStatements(sql)
  if (statement.kind !== 'create-table') throw new Error('not a table')
  return statement
}

/** A tree without what is about one text: places, and names' quotes. */
function bare(tree: unknown): unknown {
  if (Array.isArray(tree)) return tree.map(bare)
  if (typeof tree !== 'object' || tree === null) return tree
  const left = Object.entries(tree).filter(([key]) => !['at', 'text', 'quoted'].includes(key))
  const text = 'text' in tree && !('kind' in tree) ? { text: tree.text } : {}
  return { ...Object.fromEntries(left.map(([key, value]) => [key, bare(value)])), ...text }
}

it.each([
  `CREATE TABLE t (id INT NOT NULL COMMENT 'it''s the key', "a b" STRING, "select" DECIMAL(10, 2),
    "PRIMARY" AS id * 2 + 1 COMMENT 'c', m TIMESTAMP_LTZ(3) METADATA FROM 'times''tamp' VIRTUAL,
    PRIMARY KEY (id, "a b") NOT ENFORCED, WATERMARK FOR ts AS ts - INTERVAL '5' SECOND)
    COMMENT 'x' WITH ('a.b' = 'it''s', 'c' = '')`,
  `CREATE TABLE t (a INT, "b c" STRING, d INT) COMMENT 'x' PARTITIONED BY ("b c", a) WITH ('k' = 'v')`,
  'CREATE TEMPORARY TABLE "with ""quotes""" (id INT PRIMARY KEY NOT ENFORCED, k STRING METADATA)',
  "CREATE TABLE t (a STRING, b AS CASE WHEN a = ')' THEN 'x' ELSE a END, c AS (a || 'b'))",
])('what is written is read back: %s', (sql) => {
  const table = parsed(sql)
  expect(bare(parsed(tableText(table)))).toEqual(bare(table))
})

const NAME = fc.oneof(
  fc.constantFrom('a', 'Select', 'x y', 'ü', '"', '`', 'FROM', '1a'),
  fc.string({ minLength: 1, maxLength: 5 }),
)
const PLAIN: readonly DataType[] = [
  { kind: 'boolean' },
  { kind: 'bigint' },
  { kind: 'varchar', length: undefined },
  { kind: 'varchar', length: 7 },
  { kind: 'decimal', precision: 38, scale: 4 },
  { kind: 'timestamp', precision: 3 },
  { kind: 'timestamp_ltz', precision: 6 },
  { kind: 'time', precision: 0 },
  { kind: 'interval_month' },
  { kind: 'interval_second' },
  { kind: 'json' },
]
const { type: TYPE } = fc.letrec<{ type: DataType }>((tie) => ({
  type: fc.oneof(
    { maxDepth: 3 },
    fc.constantFrom(...PLAIN),
    fc.record({ kind: fc.constant('array' as const), element: tie('type') }),
    fc.record({ kind: fc.constant('map' as const), key: tie('type'), value: tie('type') }),
    fc.record({
      kind: fc.constant('row' as const),
      fields: fc.array(fc.record({ name: NAME, type: tie('type') }), {
        minLength: 1,
        maxLength: 3,
      }),
    }),
  ),
}))

it('names and types of every kind come back', () => {
  fc.assert(
    fc.property(
      NAME,
      NAME,
      TYPE,
      fc.boolean(),
      fc.string(),
      (name, column, type, notNull, comment) => {
        const at = { offset: 0, length: 0 }
        const columns = [
          { name: { text: column, at }, type, notNull, primaryKey: false, comment, at },
        ]
        const text = tableText({ name: { text: name, at }, columns, options: [], temporary: false })
        const back = parsed(text)
        expect(back.name.text).toBe(name)
        expect(back.columns).toMatchObject([{ name: { text: column }, notNull, comment }])
        expect(JSON.stringify(back.columns[0].type)).toBe(JSON.stringify(type))
      },
    ),
    { seed: seedOf('table-text') },
  )
})
