import { expect, test } from 'vitest'
import type { SqlError } from '../../../engine/base/errors.ts'
import { tokenize } from '../../../sql/parse/tokenize.ts'

const words = (sql: string): string[] =>
  tokenize(sql).tokens.map(({ kind, text }) => `${kind}:${text}`)

function errorOf(sql: string): string {
  try {
    tokenize(sql)
  } catch (error) {
    const { code, message, at } = error as SqlError
    return `${code} ${at?.offset}+${at?.length} ${message}`
  }
  return 'no error'
}

test('reads every kind of token', () => {
  expect(
    words(
      `SELECT "a ""b""", \`c\`\`d\`, 'it''s', E'\\n\\x41\\u00e9', X'0aFF', $$x'y$$, $t$ $$ $t$`,
    ),
  ).toEqual([
    'word:SELECT',
    'quoted:a "b"',
    'symbol:,',
    'quoted:c`d',
    'symbol:,',
    "string:it's",
    'symbol:,',
    'string:\nAé',
    'symbol:,',
    'bytes:0aFF',
    'symbol:,',
    "string:x'y",
    'symbol:,',
    'string: $$ ',
    'end:',
  ])
})

test('reads numbers as they are written', () => {
  expect(words('1 0.10 .5 1. 1e3 1.5E-3 12e+2')).toEqual([
    'number:1',
    'number:0.10',
    'number:.5',
    'number:1.',
    'number:1e3',
    'number:1.5E-3',
    'number:12e+2',
    'end:',
  ])
})

test('takes the longest symbol', () => {
  expect(words('a->>b #>>c<=d||e::f=>g<>h!=i')).toEqual([
    'word:a',
    'symbol:->>',
    'word:b',
    'symbol:#>>',
    'word:c',
    'symbol:<=',
    'word:d',
    'symbol:||',
    'word:e',
    'symbol:::',
    'word:f',
    'symbol:=>',
    'word:g',
    'symbol:<>',
    'word:h',
    'symbol:!=',
    'word:i',
    'end:',
  ])
})

test('!= is <> to the grammar', () => {
  expect(tokenize('a != b').tokens[1].key).toBe('<>')
})

test('names may have any letters, and a $ inside', () => {
  expect(words('größe s$late _x 名前 aü1')).toEqual([
    'word:größe',
    'word:s$late',
    'word:_x',
    'word:名前',
    'word:aü1',
    'end:',
  ])
})

test('skips blanks and comments, which nest, but not hints', () => {
  expect(words('a\u00a0-- b\n/* c /* d */ e */\tf /*+ OPTIONS() */ -- end')).toEqual([
    'word:a',
    'word:f',
    'hint: OPTIONS() ',
    'end:',
  ])
})

test('knows where each token is, and which bracket closes which', () => {
  const { tokens, partner } = tokenize('f( a[1] ,(b))')
  expect(tokens.map(({ offset, length }) => [offset, length])).toEqual([
    [0, 1],
    [1, 1],
    [3, 1],
    [4, 1],
    [5, 1],
    [6, 1],
    [8, 1],
    [9, 1],
    [10, 1],
    [11, 1],
    [12, 1],
    [13, 0],
  ])
  expect([...partner]).toEqual([-1, 10, -1, 5, -1, 3, -1, 9, -1, 7, 1, -1])
})

test.each([
  ["SELECT 'abc", 'SYNTAX 7+1 The string that starts here is not closed'],
  ['SELECT "abc', 'SYNTAX 7+1 The quoted name that starts here is not closed'],
  ['SELECT `abc', 'SYNTAX 7+1 The quoted name that starts here is not closed'],
  ["SELECT E'abc\\'", 'SYNTAX 7+2 The string that starts here is not closed'],
  ['SELECT $q$abc$$', 'SYNTAX 7+3 The text that starts here is not closed'],
  ['a /* b /* c */', 'SYNTAX 2+2 The comment that starts here is not closed'],
  ['SELECT ""', 'SYNTAX 7+2 A quoted name must not be empty'],
  ["SELECT X'0'", 'SYNTAX 7+4 A bytes literal has pairs of hex digits'],
  ["SELECT E'\\u12'", 'SYNTAX 9+2 \\u must be followed by 4 hex digits of a character'],
  ["SELECT E'\\ud800'", 'SYNTAX 9+2 \\u must be followed by 4 hex digits of a character'],
  ['SELECT 12ab', 'SYNTAX 7+4 "12ab" is not a number'],
  ['SELECT a\u0000b', 'SYNTAX 8+1 The control character U+0000 is not allowed'],
  ["SELECT 'a\u001bb'", 'SYNTAX 9+1 The control character U+001B is not allowed'],
  ['SELECT \ud800', 'SYNTAX 7+1 The text is not well-formed Unicode'],
  ['SELECT “a”', 'SYNTAX 7+1 The character “ has no meaning here'],
  ['SELECT (a', 'SYNTAX 7+1 The "(" is never closed'],
  ['SELECT (a; b)', 'SYNTAX 7+1 The "(" is never closed'],
  ['SELECT a)', 'SYNTAX 8+1 Unexpected ")"'],
  ['SELECT (a]', 'SYNTAX 9+1 Unexpected "]"'],
])('refuses %j', (sql, error) => {
  expect(errorOf(sql)).toBe(error)
})
