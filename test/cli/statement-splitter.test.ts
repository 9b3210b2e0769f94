/** Where statements end: never inside a string, a quoted name, a comment or a $$ body. */

import fc from 'fast-check'
import { expect, test } from 'vitest'
import { allStatements, splitStatements } from '../../server/cli/statement-splitter.ts'

test('splits at semicolons outside of quotes and comments', () => {
  const text = `-- first; not here
SELECT ';' AS "a;b", 'it''s;' /* ; */ FROM t; ;
  CREATE FUNCTION f() AS $$ return 1; $$;
SELECT 2`
  const { statements, rest } = splitStatements(text)
  expect(statements).toEqual([
    {
      text: `SELECT ';' AS "a;b", 'it''s;' /* ; */ FROM t`,
      lineOffset: 1,
      columnOffset: 0,
    },
    { text: 'CREATE FUNCTION f() AS $$ return 1; $$', lineOffset: 2, columnOffset: 2 },
  ])
  expect(rest).toBe('SELECT 2')
  expect(allStatements(text).at(-1)).toEqual({ text: 'SELECT 2', lineOffset: 3, columnOffset: 0 })
})

test.each(["SELECT 'open;", 'SELECT "open;', 'SELECT /* open;', 'SELECT $x$ ; $$ ;', '`a;'])(
  'an open piece goes on: %s',
  (text) => {
    expect(splitStatements(text)).toEqual({ statements: [], rest: text })
  },
)

test('comments and white space are no statement', () => {
  expect(splitStatements(' ; -- x;\n /* y; */ ;\n')).toEqual({ statements: [], rest: '' })
})

test('statements stand where they say, in order, for any text', () => {
  const piece = fc.constantFrom("'", '"', '`', ';', '--', '\n', '/*', '*/', '$$', '$a$', ' ', 'x')
  fc.assert(
    fc.property(
      fc.array(piece, { maxLength: 30 }).map((p) => p.join('')),
      (text) => {
        const lines = text.split('\n')
        let from = 0
        for (const { text: part, lineOffset, columnOffset } of allStatements(text)) {
          const before = lines.slice(0, lineOffset).map((line) => line.length + 1)
          const at = before.reduce((sum, length) => sum + length, columnOffset)
          expect(text.slice(at, at + part.length)).toBe(part)
          expect(at).toBeGreaterThanOrEqual(from)
          expect(part.trim()).toBe(part)
          expect(part).not.toBe('')
          from = at + part.length
        }
      },
    ),
    { numRuns: 2000 },
  )
})
