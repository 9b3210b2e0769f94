import { describe, expect, it } from 'vitest'
import { schemaOf } from '../../../engine/batch/schema.ts'
import { BIGINT } from '../../../engine/batch/types.ts'
import type { Name, QueryStatement } from '../../../sql/ast.ts'
import { Catalog } from '../../../sql/catalog/catalog.ts'
import type { QueryEntry, TableEntry, ViewEntry } from '../../../sql/catalog/entry.ts'
import { DEFAULT_SESSION as session } from '../../../sql/session.ts'

const named = (text: string): Name => ({ text, at: { offset: 7, length: text.length } })
const schema = schemaOf([{ name: 'a', type: BIGINT, nullable: true }])
const statement = { text: 'SELECT a FROM t' } as QueryStatement

function table(catalog: Catalog, name: string): TableEntry {
  const id = catalog.newId('table')
  const spec = { id, name, schema, storedCount: 1, computed: [], connector: 'log', options: {} }
  const sql = `CREATE TABLE ${name} (a BIGINT)`
  const none = { columnComments: new Map(), computedTexts: new Map(), temporary: false }
  return { kind: 'table', id, name, sql, session, dependsOn: [], spec, ...none }
}

function view(catalog: Catalog, name: string, dependsOn: string[], temporary = false): ViewEntry {
  const id = catalog.newId('view')
  const definition = { statement, columns: [] }
  return { kind: 'view', id, name, sql: name, session, dependsOn, definition, schema, temporary }
}

function query(catalog: Catalog, name: string, dependsOn: string[]): QueryEntry {
  const id = catalog.newId('query')
  const definition = { statement, columns: [] }
  return { kind: 'query', id, name, sql: name, session, dependsOn, definition, schema }
}

describe('names', () => {
  it('are found exactly, then ignoring case if that leaves one', () => {
    const catalog = new Catalog()
    catalog.add(table(catalog, 'Orders'))
    expect(catalog.find('orders')?.name).toBe('Orders')
    catalog.add(table(catalog, 'ORDERS'))
    expect(catalog.find('ORDERS')?.name).toBe('ORDERS')
    expect(() => catalog.relation(named('orders'))).toThrow(
      expect.objectContaining({
        code: 'AMBIGUOUS_NAME',
        message: 'orders could mean Orders or ORDERS',
        at: { offset: 7, length: 6 },
      }),
    )
  })

  it('come with a hint when they are not known', () => {
    const catalog = new Catalog()
    catalog.add(table(catalog, 'flights'))
    catalog.add(table(catalog, 'airports'))
    expect(() => catalog.relation(named('fligths'))).toThrow(
      expect.objectContaining({
        code: 'UNKNOWN_TABLE',
        hint: 'Did you mean flights?',
        at: { offset: 7, length: 7 },
      }),
    )
    expect(() => catalog.expect('query', named('q'))).toThrow(
      expect.objectContaining({ code: 'UNKNOWN_QUERY' }),
    )
    expect(() => catalog.expect('view', named('flights'))).toThrow('flights is a table, not a view')
  })

  it('are shared by all kinds and must be free', () => {
    const catalog = new Catalog()
    catalog.add(table(catalog, 'x'))
    expect(() => catalog.add(query(catalog, 'x', []))).toThrow(
      expect.objectContaining({ code: 'DUPLICATE_NAME' }),
    )
    for (const name of ['', 'a$late', 'n'.repeat(300)]) {
      expect(() => catalog.checkFree(named(name))).toThrow(
        expect.objectContaining({ code: 'INVALID_ARGUMENT' }),
      )
    }
  })

  it('of queries are not tables', () => {
    const catalog = new Catalog()
    catalog.add(query(catalog, 'q', []))
    expect(() => catalog.relation(named('q'))).toThrow('q is a query, not a table or a view')
  })
})

describe('dependencies', () => {
  it('keep an entry from being removed, and are listed', () => {
    const catalog = new Catalog()
    const base = table(catalog, 't')
    catalog.add(base)
    const reader = view(catalog, 'v', [base.id])
    catalog.add(reader)
    catalog.add(query(catalog, 'q', [base.id]))
    expect(() => catalog.remove(base, named('t').at)).toThrow(
      expect.objectContaining({
        code: 'IN_USE',
        message: 'The table t is read by view v, query q',
        details: { dependents: ['v', 'q'] },
        at: { offset: 7, length: 1 },
      }),
    )
    expect(catalog.find('t')).toBe(base)
    catalog.remove(reader)
    catalog.remove(catalog.find('q')!)
    catalog.remove(base)
    expect(catalog.list()).toEqual([])
    expect(catalog.byId(base.id)).toBeUndefined()
  })

  it('of lasting entries on temporary views are refused', () => {
    const catalog = new Catalog()
    const passing = view(catalog, 'tmp', [], true)
    catalog.add(passing)
    catalog.add(view(catalog, 'also', [passing.id], true))
    expect(() => catalog.add(query(catalog, 'q', [passing.id]))).toThrow(
      expect.objectContaining({ code: 'UNSUPPORTED' }),
    )
  })
})

describe('toJSON', () => {
  it('keeps texts, ids and the counter, and leaves temporary views out', () => {
    const catalog = new Catalog()
    const base = table(catalog, 't')
    catalog.add(base)
    catalog.add(view(catalog, 'tmp', [base.id], true))
    catalog.add(query(catalog, 'q', [base.id]))
    expect(JSON.parse(JSON.stringify(catalog))).toEqual({
      version: 1,
      nextId: 4,
      entries: [
        { kind: 'table', id: 't1', name: 't', sql: 'CREATE TABLE t (a BIGINT)' },
        { kind: 'query', id: 'q3', name: 'q', sql: 'q' },
      ],
    })
  })

  it('never gives an id again', () => {
    const catalog = new Catalog()
    const first = table(catalog, 't')
    catalog.add(first)
    catalog.remove(first)
    expect(table(catalog, 't').id).not.toBe(first.id)
    expect(new Catalog(catalog.toJSON().nextId).newId('table')).toBe('t3')
  })
})
