/** JSON: what counts as a document, and what paths find, against JSON.parse. */

import { expect, test } from 'vitest'
import { type Random, random } from '../../../../engine/base/random.ts'
import { JSON_TYPE, VARCHAR } from '../../../../engine/batch/types.ts'
import { interpret } from '../../../../engine/expr/interpret.ts'
import type { Value } from '../../../../engine/expr/ir.ts'
import { JsonExtractor } from '../../../../engine/expr/json/extract.ts'
import { isJson } from '../../../../engine/expr/json/parse.ts'
import { parseJsonPath } from '../../../../engine/expr/json/path.ts'
import { int, literal, text } from '../../../../engine/expr/literal.ts'
import { resolveCall, resolveCast } from '../../../../engine/expr/resolve.ts'
import { seedOf } from '../../../seed.ts'
import { batchOf, column, generatedRows, interpretRow } from '../evaluate.ts'

type Json = null | boolean | number | string | Json[] | { [key: string]: Json }

// Compared as texts: V8 13.6 reads the key `"` as `\` once it has seen an object with that one.
const KEYS = ['a', 'b', 'é', 'a b', '"', '\\', '']

function randomJson(source: Random, depth: number): Json {
  const scalars: Json[] = [null, true, false, 0, -1.5, 1e21, 12, 'x', 'é"\\\n', '']
  const choice = source.below(depth > 0 ? 14 : 10)
  if (choice < 10) return scalars[choice]
  const count = source.below(4)
  if (choice < 12) return Array.from({ length: count }, () => randomJson(source, depth - 1))
  return Object.fromEntries(
    Array.from({ length: count }, () => [
      KEYS[source.below(KEYS.length)],
      randomJson(source, depth - 1),
    ]),
  )
}

const parses = (document: string): boolean => {
  try {
    JSON.parse(document)
    return true
  } catch {
    return false
  }
}

test('a document is what JSON.parse takes, also after random damage', () => {
  const source = random(seedOf('json'))
  const signs = [
    '{',
    '}',
    '[',
    ']',
    '"',
    ',',
    ':',
    '\\',
    '0',
    '-',
    '.',
    'e',
    ' ',
    'n',
    '\u0001',
    '1',
  ]
  for (let i = 0; i < 5000; i++) {
    const json = randomJson(source, 4)
    let document = JSON.stringify(json, null, source.below(3))
    expect(isJson(document), document).toBe(true)
    for (let k = 0; k < 3; k++) {
      const at = source.below(document.length + 1)
      const sign = source.below(3) === 0 ? '' : signs[source.below(signs.length)]
      document = document.slice(0, at) + sign + document.slice(at + source.below(2))
      expect(isJson(document), document).toBe(parses(document))
    }
  }
})

test('deep nesting is no JSON, and harms nobody', () => {
  expect(isJson('['.repeat(1000) + ']'.repeat(1000))).toBe(true)
  expect(isJson('['.repeat(1_000_000) + ']'.repeat(1_000_000))).toBe(false)
})

/** The value at a path of keys and positions. */
function follow(json: Json, path: readonly (string | number)[]): Json | undefined {
  let value: Json | undefined = json
  for (const step of path) {
    if (typeof step === 'number') value = Array.isArray(value) ? value.at(step) : undefined
    else if (Array.isArray(value) || typeof value !== 'object' || value === null) return undefined
    else value = Object.hasOwn(value, step) ? value[step] : undefined
  }
  return value
}

test('paths find what walking the parsed value finds', () => {
  const source = random(seedOf('json path'))
  let found = 0
  for (let i = 0; i < 5000; i++) {
    const json = randomJson(source, 3)
    const path = Array.from({ length: source.below(4) }, () =>
      source.below(2) === 0 ? source.below(3) - 1 : KEYS[source.below(KEYS.length)],
    )
    const spelled = `$${path.map((step) => `[${JSON.stringify(step)}]`).join('')}`
    const parsed = parseJsonPath(spelled, undefined)
    const value = new JsonExtractor(parsed, 'value').text(JSON.stringify(json))
    const wanted = follow(json, path)
    expect(value, spelled).toBe(wanted === undefined ? null : JSON.stringify(wanted))
    if (wanted !== undefined) found++
    const scalar = new JsonExtractor(parsed, 'scalar').text(JSON.stringify(json))
    const isNested = typeof wanted === 'object'
    expect(scalar, spelled).toBe(isNested || wanted === undefined ? null : String(wanted))
  }
  expect(found).toBeGreaterThan(1000)
})

const DOC =
  '{"a": [{"b": 1}, {"b": [2, 3]}, {"c": {"b": 4}}], "big": 12345678901234567890, "a.b": 5}'

test.each([
  ['$.a[*].b', '[1,[2, 3]]'],
  ['$..b', '[1,[2, 3],4]'],
  ['$.a[0 to 1].b', '[1,[2, 3]]'],
  ['$.a[0, 2]', '[{"b": 1},{"c": {"b": 4}}]'],
  ['$.*.b', '[]'],
  ['strict $.a[-1].c', '{"b": 4}'],
  ["$['a'][1]['b']", '[2, 3]'],
  ['$."a.b"', '5'],
  ['$.big', '12345678901234567890'],
])('%s', (path, wanted) => {
  expect(new JsonExtractor(parseJsonPath(path, undefined), 'value').text(DOC)).toBe(wanted)
})

test.each([
  ['a.b', 'INVALID_ARGUMENT', 'character 1 '],
  ['$.a.', 'INVALID_ARGUMENT', 'character 4 '],
  ['$.a[', 'INVALID_ARGUMENT', 'character 4 '],
  ['$.a[?(@.b > 1)]', 'UNSUPPORTED', 'Filters'],
  ['$.a.size()', 'UNSUPPORTED', 'Methods'],
  [`$${'.a'.repeat(200)}`, 'INVALID_ARGUMENT', 'at most 100 steps'],
])('%s is refused', (path, code, part) => {
  const at = { offset: 3, length: 4 }
  try {
    parseJsonPath(path, at)
  } catch (error) {
    expect(error).toMatchObject({ code, at })
    expect(`${String(error)} ${(error as { hint: string }).hint}`).toContain(part)
    return
  }
  throw new Error('was not refused')
})

test("keys are the document's, in its order", () => {
  const keys = (document: string) => interpret(resolveCall('JSON_KEYS', [text(document)]), [])
  expect(keys('{"b": 1, "10": {"x": 0}, "a\\n": 2, "b": 3, "\\"": 4, "\\\\": 5}')).toEqual([
    'b',
    '10',
    'a\n',
    '"',
    '\\',
  ])
  expect(keys('[1]')).toBeNull()
  expect(keys('{"a": 1} x')).toBeNull()
})

test('functions on columns, malformed documents included', () => {
  const c = column(0, VARCHAR)
  const rows: Value[][] = [
    ['{"s": "x", "e": "\\u00e9\\n", "n": null, "o": {"k": [1]}}'],
    ['{"s": 1.50, "s": "last"}'],
    ['not json'],
    ['{"s": "x"} trailing'],
    ['  [1, {"s": true}] '],
    [null],
  ]
  const batch = batchOf([VARCHAR], rows)
  for (const way of ['s', 'e', 'n', 'o', '$.o.k[0]', '$[1].s']) {
    for (const name of ['->', '->>', 'JSON_VALUE', 'JSON_QUERY', 'JSON_EXISTS']) {
      const isPath = !name.startsWith('-') && !way.startsWith('$')
      const expr = resolveCall(name, [c, text(isPath ? `$.${way}` : way)])
      expect(generatedRows(expr, batch)).toEqual(rows.map((row) => interpretRow(expr, row)))
    }
  }
  const of = (name: string, way: string) =>
    rows.map((row) => interpret(resolveCall(name, [c, text(way)]), row))
  expect(of('->>', 's')).toEqual(['x', 'last', null, null, null, null])
  expect(of('->>', 'e')[0]).toBe('é\n')
  expect(of('JSON_EXISTS', '$.n')).toEqual([true, false, false, false, false, null])
})

test('JSON converts to SQL values with all digits', () => {
  const of = (document: string) => literal(JSON_TYPE, document)
  const cast = (document: string, type: Parameters<typeof resolveCast>[1]) =>
    interpret(resolveCast(of(document), type, true), [])
  expect(cast('9223372036854775807', { kind: 'bigint' })).toBe(9223372036854775807n)
  expect(cast('"2024-02-29"', { kind: 'date' })).toBe(19782)
  expect(
    cast('[0.12345678901234567890]', {
      kind: 'array',
      element: { kind: 'decimal', precision: 38, scale: 20 },
    }),
  ).toEqual([12345678901234567890n])
  expect(cast('{"x": 1}', { kind: 'int' })).toBeNull()
  expect(cast('null', { kind: 'int' })).toBeNull()
  const element = resolveCall('[]', [resolveCall('[]', [of('{"a": [1, 2]}'), text('a')]), int(1)])
  expect(interpret(element, [])).toBe('2')
})
