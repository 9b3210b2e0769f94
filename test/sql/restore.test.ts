import { describe, expect, it } from 'vitest'
import { EMBEDDED_CONNECTORS } from '../../sql/catalog/options.ts'
import {
  Catalog,
  defineQuery,
  defineTable,
  defineView,
  Planner,
  parseStatements,
  restoreCatalog,
  type SavedCatalog,
  type Statement,
  showCreate,
} from '../../sql/index.ts'

const at = { offset: 0, length: 1 }

/** Runs CREATE statements; a SELECT becomes the query `q1`, `q2`, … */
function create(catalog: Catalog, sql: string): void {
  let queries = 0
  for (const statement of parseStatements(sql)) {
    if (statement.kind === 'create-table') {
      const entry = defineTable(statement, catalog)
      if (entry !== undefined) catalog.add(entry)
    } else if (statement.kind === 'create-view') {
      const defined = defineView(statement, catalog)
      if (defined?.replaces) catalog.remove(defined.replaces)
      if (defined !== undefined) catalog.add(defined.entry)
    } else if (statement.kind === 'select') {
      const name = { text: `q${++queries}`, at }
      catalog.add(defineQuery(name, statement, catalog).entry)
    }
  }
}

const SCRIPT = `
  CREATE TABLE t (a INT, ts TIMESTAMP(3), b AS a + 1, WATERMARK FOR ts AS ts - INTERVAL '1' SECOND)
    WITH ('retention.ms' = '1 d');
  CREATE VIEW v (x, y) AS SELECT a, b FROM t; -- renamed
  CREATE MATERIALIZED VIEW m AS SELECT x, COUNT(*) AS n FROM v GROUP BY x;
  SELECT COUNT(*) AS n FROM t GROUP BY TUMBLE(ts, INTERVAL '1' MINUTE) EMIT CHANGES;
  CREATE TEMPORARY VIEW passing AS SELECT a FROM t;
  DROP VIEW nothing`

describe('restoreCatalog', () => {
  it('gives back every entry as it was, and what runs', () => {
    const before = new Catalog()
    create(before, SCRIPT)
    const saved = JSON.parse(JSON.stringify(before)) as SavedCatalog
    const { catalog, running } = restoreCatalog(saved)
    const lasting = before.list().filter((entry) => entry.name !== 'passing')
    expect(
      catalog.list().map(({ id, name, sql, dependsOn }) => [id, name, sql, dependsOn]),
    ).toEqual(lasting.map(({ id, name, sql, dependsOn }) => [id, name, sql, dependsOn]))
    expect(catalog.list('table')).toEqual(before.list('table'))
    expect(running.map(({ entry, planned }) => [entry.name, planned.plan.id])).toEqual([
      ['m', before.find('m')?.id],
      ['q1', before.find('q1')?.id],
    ])
    expect(catalog.toJSON()).toEqual(before.toJSON())
  })

  it('plans the same again', () => {
    const before = new Catalog()
    create(before, SCRIPT)
    const { running } = restoreCatalog(before.toJSON())
    const [statement] = parseStatements(before.find('q1')!.sql)
    const { plan } = defineQuery({ text: 'q9', at }, statement as never, before, {
      id: 'q',
    }).planned
    const again = running[1].planned.plan
    expect({ ...again, id: 'q', name: 'q9' }).toEqual(plan)
  })

  it('refuses what it cannot read, by name', () => {
    const entry = { kind: 'view', id: 'v1', name: 'v', sql: 'CREATE VIEW v AS SELECT a FROM gone' }
    const saved = { version: 1, nextId: 2, entries: [entry] } as SavedCatalog
    expect(() => restoreCatalog(saved)).toThrow('Cannot restore the view v: There is no table')
    expect(() => restoreCatalog({ ...saved, version: 2 as 1 })).toThrow(
      expect.objectContaining({ code: 'DATA_VERSION' }),
    )
    const wrong = { ...saved, entries: [{ ...entry, sql: 'SHOW TABLES' }] } as SavedCatalog
    expect(() => restoreCatalog(wrong)).toThrow(expect.objectContaining({ code: 'DATA_DAMAGED' }))
  })
})

describe('defining', () => {
  it('leaves what exists with IF NOT EXISTS, and takes no id for it', () => {
    const catalog = new Catalog()
    create(catalog, 'CREATE TABLE t (a INT); CREATE TABLE IF NOT EXISTS t (b INT)')
    expect(catalog.list('table')[0].spec.schema.fields[0].name).toBe('a')
    expect(catalog.toJSON().nextId).toBe(2)
  })

  it('takes no id for what is refused', () => {
    const catalog = new Catalog()
    expect(() => create(catalog, 'CREATE VIEW v AS SELECT a FROM nowhere')).toThrow()
    expect(() => create(catalog, "CREATE TABLE t (a INT) WITH ('nonsense' = '1')")).toThrow()
    expect(catalog.toJSON()).toEqual({ version: 1, nextId: 1, entries: [] })
  })

  it('replaces a view that nothing reads, under a new id', () => {
    const catalog = new Catalog()
    create(catalog, 'CREATE TABLE t (a INT, b INT); CREATE VIEW v AS SELECT a FROM t')
    create(catalog, 'CREATE OR REPLACE VIEW v AS SELECT b FROM t')
    expect(catalog.list('view')).toMatchObject([{ id: 'v3', schema: { fields: [{ name: 'b' }] } }])
    create(catalog, 'CREATE VIEW w AS SELECT b FROM v')
    expect(() => create(catalog, 'CREATE OR REPLACE VIEW v AS SELECT a FROM t')).toThrow(
      expect.objectContaining({ code: 'IN_USE' }),
    )
    expect(() => create(catalog, 'CREATE OR REPLACE VIEW w AS SELECT b FROM w')).toThrow(
      'The new w reads the old one',
    )
    expect(() => create(catalog, 'CREATE OR REPLACE VIEW t AS SELECT b FROM w')).toThrow(
      expect.objectContaining({ code: 'DUPLICATE_NAME' }),
    )
  })

  it('puts computed columns behind the stored ones and in terms of them', () => {
    const catalog = new Catalog()
    create(catalog, 'CREATE TABLE t (c AS a * 2, a INT NOT NULL, d AS c + b, b INT)')
    const { spec } = catalog.list('table')[0]
    expect(spec.schema.fields.map((f) => [f.name, f.nullable])).toEqual([
      ['a', false],
      ['b', true],
      ['c', false],
      ['d', true],
    ])
    expect(spec.storedCount).toBe(2)
    expect(spec.computed[1]).toMatchObject({
      name: '+',
      args: [{ name: '*', args: [{ index: 0 }, {}] }, { index: 1 }],
    })
  })
})

describe('showCreate', () => {
  it('hides secrets and nothing else', () => {
    const connectors = new Map([
      ...EMBEDDED_CONNECTORS,
      [
        'amqp',
        {
          name: 'amqp',
          doc: 'A queue.',
          options: {
            url: { kind: 'string', doc: 'Where.' },
            password: { kind: 'string', secret: true, doc: 'What.' },
          },
        } as const,
      ],
    ])
    const catalog = new Catalog()
    const sql = `CREATE TABLE t (a INT) -- mine
      WITH ('connector' = 'amqp', 'password' = 'it''s' , 'url' = 'u')`
    const [statement] = parseStatements(sql) as Extract<Statement, { kind: 'create-table' }>[]
    const entry = defineTable(statement, catalog, connectors)!
    expect(entry.spec.options.password).toBe("it's")
    expect(showCreate(entry, connectors)).toBe(sql.replace("'it''s'", "'****'"))
  })
})

it('a plan is data: it survives being sent to a thread', () => {
  const catalog = new Catalog()
  create(catalog, SCRIPT)
  const [statement] = parseStatements(
    "SELECT a FROM t WHERE b > 1 AND ts > TIMESTAMP '2024-01-01 00:00:00'",
  )
  if (statement.kind !== 'select') throw new Error('not a query')
  const { plan } = new Planner(catalog).planQuery(statement, 'continuous', { id: 'q', name: 'q' })
  expect(structuredClone(plan)).toEqual(plan)
})
