import { expect, it } from 'vitest'
import type { SqlError } from '../../../engine/base/errors.ts'
import { schemaText } from '../../../engine/batch/schema.ts'
import {
  Catalog,
  defineTable,
  parseStatements,
  restoreCatalog,
  showCreate,
} from '../../../sql/index.ts'

const BASE = `CREATE TABLE "base 1" (
  id BIGINT NOT NULL, name STRING COMMENT 'it''s a name', ts TIMESTAMP(3),
  hour_of_day AS HOUR(ts), WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) COMMENT 'all of it' WITH ('splits' = '4', 'retention.ms' = '1 h')`

function define(catalog: Catalog, text: string) {
  for (const statement of parseStatements(text)) {
    if (statement.kind !== 'create-table') throw new Error('not a table')
    catalog.add(defineTable(statement, catalog)!)
  }
  return catalog.list('table').at(-1)!
}

it('takes over columns, watermark and options, and adds to them', () => {
  const catalog = new Catalog()
  const table = define(
    catalog,
    `${BASE}; CREATE TABLE t (v INT, twice AS id * 2) WITH ('splits' = '8') LIKE "base 1"`,
  )
  expect(schemaText(table.spec.schema)).toBe(
    '(id BIGINT NOT NULL, name STRING, ts TIMESTAMP(3), v INT, hour_of_day BIGINT, twice BIGINT NOT NULL)',
  )
  expect(table.spec).toMatchObject({
    watermark: { column: 2 },
    options: { splits: '8', 'retention.ms': '3600000' },
  })
  expect(table.comment).toBe('all of it')
  expect(table.columnComments.get('name')).toBe("it's a name")
  expect(table.dependsOn).toEqual([])
})

it('needs the other table no more', () => {
  const catalog = new Catalog()
  const text = define(catalog, `${BASE}; CREATE TABLE t LIKE "base 1"`)
  catalog.remove(catalog.find('base 1')!)
  const back = restoreCatalog(JSON.parse(JSON.stringify(catalog))).catalog.find('t')!
  expect(showCreate(back)).toBe(text.sql)
  expect(back).toMatchObject({ spec: { schema: text.spec.schema, options: text.spec.options } })
})

it('refuses what does not go together, at the name', () => {
  const catalog = new Catalog()
  define(catalog, BASE)
  const sql = 'CREATE TABLE t (id INT) LIKE "base 1"'
  const refusal = (text: string): SqlError => {
    try {
      define(catalog, text)
    } catch (error) {
      return error as SqlError
    }
    throw new Error('expected a refusal')
  }
  expect(refusal(sql)).toMatchObject({ code: 'DUPLICATE_NAME', at: { offset: sql.indexOf('"') } })
  expect(refusal('CREATE TABLE t LIKE other')).toMatchObject({ code: 'UNKNOWN_TABLE' })
})
