/** Subqueries in and beside subqueries: plans stay small, or are refused before they grow. */

import { expect, test } from 'vitest'
import { SqlError } from '../../../engine/base/errors.ts'
import { Catalog, defineTable, Planner, parseStatements } from '../../../sql/index.ts'

const catalog = new Catalog()
for (const statement of parseStatements('CREATE TABLE o (id INT NOT NULL, k INT, v INT)')) {
  if (statement.kind === 'create-table') catalog.add(defineTable(statement, catalog)!)
}

/** How many steps the plan has, or why there is none. */
function stepsOf(sql: string): number | string {
  try {
    const [statement] = parseStatements(sql)
    if (statement.kind !== 'select') return 'no query'
    const { explain } = new Planner(catalog).planQuery(statement, 'continuous', {
      id: 'q',
      name: 'q',
    })
    return explain.physical.trim().split('\n').length
  } catch (error) {
    if (!(error instanceof SqlError)) throw error
    return error.code
  }
}

const nested = (depth: number, where: (level: number, inside: string) => string): string => {
  let inside = 'SELECT 1'
  for (let level = depth; level >= 1; level--) {
    inside = `SELECT COUNT(*) FROM o AS t${level} WHERE ${where(level, inside)}`
  }
  return inside
}

test('nested EXISTS grow by a few steps each', () => {
  const sql = nested(40, (_, inside) => `EXISTS (${inside})`)
  expect(stepsOf(sql)).toBeLessThan(300)
})

test('nested subqueries that compare by = grow by a few steps each', () => {
  const sql = nested(40, (level, inside) => {
    const outer = level === 1 ? '' : `t${level}.k = t${level - 1}.k AND `
    return `${outer}t${level}.v > (${inside})`
  })
  expect(stepsOf(sql)).toBeLessThan(400)
})

test.each([
  ['the one before', (level: number) => `t${level}.k < t${level - 1}.k`],
  ['the outermost', (level: number) => `t${level}.k < t1.k AND t${level}.v <> t${level - 1}.v`],
])('nested subqueries that compare with %s in other ways are refused', (_, outer) => {
  const query = (depth: number) =>
    nested(depth, (level, inside) => {
      const condition = level === 1 ? '' : `${outer(level)} AND `
      return `${condition}t${level}.v > (${inside})`
    })
  expect(stepsOf(query(4))).toBeLessThan(200)
  for (const depth of [12, 40]) expect(stepsOf(query(depth))).toBe('LIMIT_EXCEEDED')
})

test.each([
  ['t.v > (SELECT COUNT(*) FROM o AS x WHERE x.k < t.k)'],
  ['t.v > ALL (SELECT x.v FROM o AS x WHERE x.k < t.k)'],
  ['t.v NOT IN (SELECT x.v FROM o AS x WHERE x.k < t.k)'],
  ['(t.v, t.k) NOT IN (SELECT x.v, x.k FROM o AS x)'],
])('forty times %s do not multiply', (condition) => {
  const many = Array.from({ length: 40 }, () => condition).join(' AND ')
  expect(stepsOf(`SELECT id FROM o AS t WHERE ${many}`)).toBeLessThan(500)
})
