/** What stands in HTTP bodies, found in their bytes: the same as JSON.parse finds. */

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { recordsOf } from '../../connectors/http-body.ts'
import { readHeaders } from '../../connectors/http-headers.ts'
import {
  elementsOf,
  parsePath,
  partAt,
  scalarText,
  wholeJson,
} from '../../connectors/json-parts.ts'
import { SqlError } from '../../engine/base/errors.ts'
import { seedOf } from '../seed.ts'

const codeOf = (action: () => unknown): string => {
  try {
    action()
    return 'OK'
  } catch (error) {
    return error instanceof SqlError ? error.code : String(error)
  }
}

const texts = (body: string, options: Record<string, string>): string[] => {
  const bytes = Buffer.from(body)
  return recordsOf(bytes, options).map(({ start, end }) => bytes.subarray(start, end).toString())
}

describe('bodies', () => {
  test('lines, whatever ends them', () => {
    const lines = (body: string) => texts(body, { body: 'lines' })
    expect(lines('a\nb')).toEqual(['a', 'b'])
    expect(lines('a\r\n\r\n\nb\n')).toEqual(['a', 'b'])
    expect(lines('')).toEqual([])
    expect(lines('\n')).toEqual([])
    expect(lines('ü\n')).toEqual(['ü'])
  })

  test('one record: all of it, or a part', () => {
    expect(texts('any thing', { body: 'record' })).toEqual(['any thing'])
    const options = { body: 'record', 'body.path': '$.a.b' }
    expect(texts('{"a":{"b":{"c":1}}}', options)).toEqual(['{"c":1}'])
    expect(codeOf(() => texts('{"a":{}}', options))).toBe('INVALID_VALUE')
  })

  test('any JSON: the part at a path and its elements are what JSON.parse gives', () => {
    const name = fc.constantFrom('a', 'b', 'ü', 'x y', '')
    const value = fc.letrec((tie) => ({
      any: fc.oneof(
        { depthSize: 'small' },
        fc.constantFrom(null, true, 0, -1.5e300, 'a"\\\n', '\u2028'),
        fc.array(tie('any'), { maxLength: 4 }),
        fc.dictionary(name, tie('any'), { maxKeys: 4 }),
      ),
    })).any
    const spaces = fc.constantFrom(undefined, 1, '\t', '\r\n ')
    fc.assert(
      fc.property(value, spaces, fc.array(name, { maxLength: 3 }), (json, space, names) => {
        const bytes = Buffer.from(` ${JSON.stringify(json, null, space)}\n`)
        const wanted = names.reduce<unknown>(
          (found, key) =>
            typeof found === 'object' &&
            found !== null &&
            !Array.isArray(found) &&
            Object.hasOwn(found, key)
              ? (found as Record<string, unknown>)[key]
              : undefined,
          json,
        )
        const part = partAt(bytes, wholeJson(bytes), names)
        if (wanted === undefined) {
          expect(part).toBe(undefined)
          return
        }
        const parse = ({ start, end }: { start: number; end: number }) =>
          JSON.parse(bytes.subarray(start, end).toString())
        expect(parse(part!)).toEqual(wanted)
        const elements = elementsOf(bytes, part!)
        if (Array.isArray(wanted)) expect(elements?.map(parse)).toEqual(wanted)
        else expect(elements).toEqual(wanted === null ? [] : undefined)
        const text = typeof wanted === 'number' ? JSON.stringify(wanted) : wanted
        expect(scalarText(bytes, part!)).toBe(typeof text === 'string' ? text : undefined)
      }),
      { seed: seedOf('json-parts'), numRuns: 500 },
    )
  })

  test('what is no JSON is refused wherever it is cut or damaged', () => {
    const text = '{"a":[1,{"b":"x\\u00fc"},null,true,-1.5e3],"c":{}}'
    for (let end = 0; end < text.length; end++) {
      expect(codeOf(() => wholeJson(Buffer.from(text.slice(0, end))))).toBe('INVALID_VALUE')
    }
    fc.assert(
      fc.property(fc.nat(text.length - 1), fc.integer({ min: 0, max: 255 }), (at, byte) => {
        const bytes = Buffer.from(text)
        bytes[at] = byte
        let isJson = true
        try {
          JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes))
        } catch {
          isJson = false
        }
        expect(codeOf(() => wholeJson(bytes))).toBe(isJson ? 'OK' : 'INVALID_VALUE')
      }),
      { seed: seedOf('json-damage'), numRuns: 2000 },
    )
  })

  test('the last of two fields counts; deep nesting is refused, not run', () => {
    const twice = Buffer.from('{"a":1,"a":2}')
    expect(scalarText(twice, partAt(twice, wholeJson(twice), ['a'])!)).toBe('2')
    const deep = Buffer.from('['.repeat(100_000))
    expect(codeOf(() => wholeJson(deep))).toBe('INVALID_VALUE')
  })

  test('paths and headers that are none are refused', () => {
    expect(parsePath('p', '$.a.b')).toEqual(['a', 'b'])
    expect(parsePath('p', '$')).toEqual([])
    for (const path of ['a..b', '$.a[0]', '.a']) {
      expect(codeOf(() => parsePath('p', path))).toBe('INVALID_OPTION')
    }
    expect(readHeaders('h', 'A: b; C-D:  e:f \n')).toEqual({ a: 'b', 'c-d': 'e:f' })
    const cookie = 'Cookie: a=b; c=d; X: 1;\nAccept: text/html;q=0.5;'
    expect(readHeaders('h', cookie)).toEqual({
      cookie: 'a=b; c=d',
      x: '1',
      accept: 'text/html;q=0.5',
    })
    for (const text of ['nothing', ': x', 'a b: c']) {
      expect(codeOf(() => readHeaders('h', text))).toBe('INVALID_OPTION')
    }
  })
})
