/** CREATE FUNCTION and calls of user functions, from text to plan. */

import { afterAll, describe, expect, test } from 'vitest'
import { SqlError } from '../../../engine/base/errors.ts'
import { endSandbox } from '../../../engine/expr/sandbox/sandbox.ts'
import {
  Catalog,
  defineFunction,
  defineTable,
  defineView,
  Planner,
  parseStatements,
  restoreCatalog,
} from '../../../sql/index.ts'

afterAll(endSandbox)

/** Runs CREATE and DROP-free statements. */
function create(catalog: Catalog, sql: string): void {
  for (const statement of parseStatements(sql)) {
    if (statement.kind === 'create-function') {
      const defined = defineFunction(statement, catalog)
      if (defined?.replaces) catalog.remove(defined.replaces)
      if (defined !== undefined) catalog.add(defined.entry, statement.name.at)
    } else if (statement.kind === 'create-view') {
      const defined = defineView(statement, catalog)
      if (defined !== undefined) catalog.add(defined.entry)
    } else if (statement.kind === 'create-table') {
      const entry = defineTable(statement, catalog)
      if (entry !== undefined) catalog.add(entry)
    }
  }
}

function fresh(sql = ''): Catalog {
  const catalog = new Catalog()
  create(catalog, `CREATE TABLE t (a INT, b DOUBLE, s STRING); ${sql}`)
  return catalog
}

/** The logical plan of a query. */
function planned(catalog: Catalog, sql: string) {
  const [statement] = parseStatements(sql)
  if (statement.kind !== 'select') throw new Error('not a query')
  return new Planner(catalog).planQuery(statement, 'bounded', { id: 'q', name: '' })
}

const logical = (catalog: Catalog, sql: string): string => planned(catalog, sql).explain.logical

/** What the text at the error's place is, with its code and message. */
function refusal(sql: string, run: () => unknown) {
  try {
    run()
  } catch (error) {
    if (!(error instanceof SqlError)) throw error
    const { code, message, hint, at } = error
    const culprit = at && sql.slice(at.offset, at.offset + at.length)
    return { code, message, hint, culprit }
  }
  throw new Error('it was not refused')
}

const refused = (catalog: Catalog, sql: string) => refusal(sql, () => create(catalog, sql))

const TWICE = 'CREATE FUNCTION twice(x DOUBLE) RETURNS DOUBLE AS $$ x * 2 $$;'
const SHOUT =
  'CREATE FUNCTION shout(x STRING) RETURNS STRING LANGUAGE JAVASCRIPT AS $$ x.toUpperCase() + "!" $$;'

describe('SQL functions', () => {
  test('a call is the body with the arguments in it', () => {
    const catalog = fresh(TWICE)
    expect(logical(catalog, 'SELECT TWICE(b + 1) AS r FROM t')).toContain('((b + 1) * 2) AS r')
    // The argument is converted to the parameter's type, the result to what RETURNS says.
    expect(logical(catalog, 'SELECT twice(a) AS r FROM t')).toContain('(CAST(a AS DOUBLE) * 2)')
  })

  test('functions of functions, and names of parameters with the function before the dot', () => {
    const catalog = fresh(
      `${TWICE} CREATE FUNCTION plus(x DOUBLE, y DOUBLE) RETURNS DOUBLE RETURN twice(plus.y) + x;`,
    )
    expect(logical(catalog, 'SELECT plus(1, b) AS r FROM t')).toContain('((b * 2) + 1)')
    const [twice, plus] = catalog.list('function')
    expect(plus.dependsOn).toEqual([twice.id])
    expect(refusal('', () => catalog.remove(twice))).toMatchObject({
      code: 'IN_USE',
      message: 'The function twice is called by function plus',
    })
  })

  test('the column of a query and a parameter of the same name are different things', () => {
    const catalog = fresh('CREATE FUNCTION f(a INT, b INT) RETURNS INT AS $$ a - b $$;')
    expect(logical(catalog, 'SELECT f(1, a) AS r FROM t')).toContain('(1 - a) AS r')
  })

  test('RETURNS NULL ON NULL INPUT', () => {
    const catalog = fresh('CREATE FUNCTION f(x INT) RETURNS INT STRICT AS $$ COALESCE(x, 1) $$;')
    const plan = logical(catalog, 'SELECT f(a) AS r FROM t')
    expect(plan).toContain('CASE WHEN (a IS NULL) THEN NULL ELSE COALESCE(a, 1) END')
  })

  test('what is said of NULL and the language, in any order, each once', () => {
    const strictOf = (words: string) => {
      const [made] = parseStatements(`CREATE FUNCTION f(x INT) RETURNS INT ${words} AS $$ x $$`)
      return made.kind === 'create-function' ? `${made.language} ${made.strict}` : ''
    }
    expect(strictOf('')).toBe('sql false')
    expect(strictOf('LANGUAGE JAVASCRIPT STRICT')).toBe('javascript true')
    expect(strictOf('RETURNS NULL ON NULL INPUT LANGUAGE SQL')).toBe('sql true')
    expect(strictOf('CALLED ON NULL INPUT LANGUAGE JAVASCRIPT')).toBe('javascript false')
    for (const words of [
      'STRICT STRICT',
      'LANGUAGE SQL LANGUAGE SQL',
      'STRICT CALLED ON NULL INPUT',
    ]) {
      expect(refusal('', () => strictOf(words)).code).toBe('SYNTAX')
    }
    expect(refusal('', () => strictOf('IMMUTABLE')).code).toBe('SYNTAX')
  })

  test('aggregates and groups around calls', () => {
    const catalog = fresh(TWICE)
    const plan = logical(
      catalog,
      'SELECT twice(b) AS k, SUM(twice(a)) AS n FROM t GROUP BY twice(b)',
    )
    expect(plan).toContain('Aggregate')
  })

  test('errors of the body are at their place', () => {
    const catalog = fresh()
    const head = 'CREATE FUNCTION f(x INT) RETURNS INT AS $$'
    expect(refused(catalog, `${head} x + y $$`)).toMatchObject({
      code: 'UNKNOWN_COLUMN',
      culprit: 'y',
    })
    expect(refused(catalog, `${head} CONCAT('a', 'b') $$`)).toMatchObject({
      code: 'TYPE_MISMATCH',
      message: 'f returns INT, not STRING',
      culprit: "CONCAT('a', 'b')",
    })
    expect(refused(catalog, `${head} SUM(x) $$`)).toMatchObject({ code: 'INVALID_AGGREGATE' })
    expect(refused(catalog, `${head} (SELECT 1) $$`)).toMatchObject({ code: 'UNSUPPORTED' })
    expect(refused(catalog, `${head} f(x) $$`)).toMatchObject({ code: 'UNKNOWN_FUNCTION' })
  })
})

describe('JavaScript functions', () => {
  test('a plan carries the function', () => {
    const catalog = fresh(SHOUT)
    const { plan, dependsOn, explain } = planned(catalog, 'SELECT shout(s) AS r FROM t')
    expect(explain.logical).toContain('shout(s) AS r')
    expect(JSON.stringify(plan.root)).toContain('toUpperCase')
    expect([...dependsOn].sort()).toEqual(['f2', 't1'])
  })

  test('planning calls nothing', () => {
    const catalog = fresh(
      `${SHOUT} CREATE FUNCTION bad(x INT) RETURNS INT LANGUAGE JAVASCRIPT AS $$ throw 1 $$;`,
    )
    expect(logical(catalog, "SELECT shout('a') AS r FROM t")).toContain("shout('a') AS r")
    expect(logical(catalog, 'SELECT bad(1) AS r FROM t')).toContain('bad(1) AS r')
  })

  test('a syntax error is at its place in the statement', () => {
    const catalog = fresh()
    const head = 'CREATE FUNCTION f(x INT) RETURNS INT LANGUAGE JAVASCRIPT AS'
    expect(refused(catalog, `${head} $$\n  const y = 1\n  return x ++ * @ y\n$$`)).toMatchObject({
      code: 'SYNTAX',
      culprit: '@',
    })
    const quoted = refused(catalog, `${head} 'return ''a'' @'`)
    expect(quoted).toMatchObject({ code: 'SYNTAX', culprit: `'return ''a'' @'` })
    expect(refused(catalog, `${head} $$  $$`)).toMatchObject({ code: 'SYNTAX' })
  })

  test('types and names that JavaScript does not see', () => {
    const catalog = fresh()
    const body = 'LANGUAGE JAVASCRIPT AS $$ 1 $$'
    expect(refused(catalog, `CREATE FUNCTION f(x ARRAY<INT>) RETURNS INT ${body}`)).toMatchObject({
      code: 'UNSUPPORTED',
      culprit: 'x',
      hint: 'Use JSON: the function sees it as an array or an object.',
    })
    expect(refused(catalog, `CREATE FUNCTION f() RETURNS ROW<a INT> ${body}`)).toMatchObject({
      code: 'UNSUPPORTED',
    })
    for (const name of ['"a b"', '"class"', 'eval', '"x, y"', '"x = f()"']) {
      const sql = `CREATE FUNCTION f(${name} INT) RETURNS INT ${body}`
      expect(refused(catalog, sql)).toMatchObject({ code: 'INVALID_ARGUMENT', culprit: name })
    }
  })
})

describe('names', () => {
  test('of built-in functions are taken', () => {
    const catalog = fresh()
    for (const name of ['UPPER', 'upper', 'SUM', 'TUMBLE', 'HOP_END', 'ROW_NUMBER', 'RANK']) {
      const sql = `CREATE FUNCTION ${name}(x INT) RETURNS INT AS $$ x $$`
      expect(refused(catalog, sql)).toMatchObject({ code: 'DUPLICATE_NAME', culprit: name })
    }
  })

  test('of another function: IF NOT EXISTS, OR REPLACE', () => {
    const catalog = fresh(TWICE)
    expect(refused(catalog, TWICE)).toMatchObject({
      code: 'DUPLICATE_NAME',
      message: 'There is already a function twice',
    })
    create(catalog, 'CREATE FUNCTION IF NOT EXISTS twice(x INT) RETURNS INT AS $$ x $$')
    expect(catalog.findFunction('TWICE')?.definition.returns.kind).toBe('double')
    create(catalog, 'CREATE OR REPLACE FUNCTION twice(x INT) RETURNS INT AS $$ x + x $$')
    expect(catalog.findFunction('twice')?.definition.returns.kind).toBe('int')
    create(catalog, 'CREATE VIEW v AS SELECT twice(a) AS r FROM t')
    const again = 'CREATE OR REPLACE FUNCTION twice(x INT) RETURNS INT AS $$ 0 $$'
    expect(refused(catalog, again)).toMatchObject({ code: 'IN_USE' })
  })

  test('a function and a table can have the same', () => {
    const catalog = fresh('CREATE FUNCTION t(x INT) RETURNS INT AS $$ x $$;')
    expect(logical(catalog, 'SELECT t(t.a) AS r FROM t')).toContain('a')
    expect(catalog.find('t')?.kind).toBe('table')
  })

  test('twin parameters', () => {
    const sql = 'CREATE FUNCTION f(x INT, x INT) RETURNS INT AS $$ x $$'
    expect(refused(fresh(), sql)).toMatchObject({ code: 'DUPLICATE_NAME', culprit: 'x' })
  })

  test('unknown ones: the user function that was meant', () => {
    const catalog = fresh(SHOUT)
    const sql = 'SELECT UPPER(shuot(s)) AS r FROM t'
    expect(refusal(sql, () => logical(catalog, sql))).toMatchObject({
      code: 'UNKNOWN_FUNCTION',
      hint: 'Did you mean shout?',
    })
  })
})

describe('a call that does not fit', () => {
  const catalog = fresh(TWICE + SHOUT)
  for (const [call, code, culprit] of [
    ['twice()', 'TYPE_MISMATCH', 'twice()'],
    ['twice(1, 2)', 'TYPE_MISMATCH', 'twice(1, 2)'],
    ['twice(s)', 'TYPE_MISMATCH', 's'],
    ['shout(a)', 'TYPE_MISMATCH', 'a'],
    ['twice(DISTINCT a)', 'INVALID_AGGREGATE', 'twice(DISTINCT a)'],
  ]) {
    test(call, () => {
      const sql = `SELECT ${call} FROM t`
      expect(refusal(sql, () => logical(catalog, sql))).toMatchObject({ code, culprit })
    })
  }
})

describe('what depends on a function', () => {
  test('views, computed columns, temporary ones', () => {
    const catalog = fresh(`${SHOUT}
      CREATE TABLE loud (s STRING, l AS shout(s));
      CREATE VIEW v AS SELECT shout(s) AS r FROM t;
      CREATE TEMPORARY FUNCTION tmp(x INT) RETURNS INT AS $$ x $$;`)
    const [shout] = catalog.list('function')
    expect(catalog.dependentsOf(shout.id).map(({ name }) => name)).toEqual(['loud', 'v'])
    const sql = 'CREATE VIEW w AS SELECT tmp(a) AS r FROM t'
    expect(refused(catalog, sql)).toMatchObject({
      code: 'UNSUPPORTED',
      message: 'The view w cannot use the temporary function tmp',
    })
    create(catalog, 'CREATE TEMPORARY VIEW w AS SELECT tmp(a) AS r FROM t')
  })

  test('a view keeps its function when it is read by another query', () => {
    const catalog = fresh(`${SHOUT} CREATE VIEW v AS SELECT shout(s) AS r FROM t;`)
    const { explain, dependsOn } = planned(catalog, 'SELECT r FROM v')
    expect(explain.logical).toContain('shout(s)')
    expect(dependsOn).toEqual([catalog.find('v')?.id])
  })

  test('the catalog comes back', () => {
    const before = fresh(`${TWICE}${SHOUT}
      CREATE TEMPORARY FUNCTION tmp(x INT) RETURNS INT AS $$ x $$;
      CREATE VIEW v AS SELECT shout(s) AS r, twice(b) AS b FROM t;`)
    const { catalog } = restoreCatalog(JSON.parse(JSON.stringify(before)))
    expect(catalog.list('function')).toEqual(
      before.list('function').filter(({ name }) => name !== 'tmp'),
    )
    expect(catalog.toJSON()).toEqual(before.toJSON())
    expect(catalog.newId('function')).toBe(before.newId('function'))
  })
})
