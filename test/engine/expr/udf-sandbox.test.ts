/** Hostile functions: nothing of the process is in reach, nothing lasts from call to call, and every
 *  limit ends the function and not the process. */

import { afterAll, describe, expect, test } from 'vitest'
import type { Program, Vector } from '../../../engine/expr/sandbox/protocol.ts'
import {
  callProgram,
  checkProgram,
  endSandbox,
  type Outcome,
} from '../../../engine/expr/sandbox/sandbox.ts'

afterAll(endSandbox)

const program = (source: string, parameters = ['x']): Program => ({
  parameters: parameters.map((name) => ({ name, shape: { kind: 'number' } })),
  result: { kind: 'json' },
  resultName: 'JSON',
  strict: false,
  source,
})

const numbers = (...values: number[]): Vector => ({
  kind: 'numbers',
  values: Float64Array.from(values),
  nulls: null,
})

const run = (source: string, ...values: number[]): Outcome =>
  callProgram(program(source), Math.max(values.length, 1), [
    numbers(...(values.length > 0 ? values : [1])),
  ])

/** The results as JSON texts. */
const texts = (source: string, ...values: number[]): readonly (string | null)[] => {
  const outcome = run(source, ...values)
  if (outcome.kind !== 'values' || outcome.values.kind !== 'texts') {
    throw new Error(JSON.stringify(outcome))
  }
  return outcome.values.texts
}

describe('nothing outside is in reach', () => {
  const NAMES = [
    ...['process', 'require', 'module', 'global', 'Buffer', 'console', 'fetch', 'setTimeout'],
    ...['performance', 'crypto', 'WebAssembly', 'Worker', 'SharedArrayBuffer', 'Atomics', 'eval'],
    ...['WeakRef', 'FinalizationRegistry', 'Promise', 'queueMicrotask', 'navigator', 'os', 'std'],
    'scriptArgs',
  ]
  test('by name', () => {
    const list = `[${NAMES.map((name) => `typeof ${name}`).join(', ')}]`
    expect(new Set(JSON.parse(texts(list)[0]!))).toEqual(new Set(['undefined']))
  })

  test('the global names are the language and nothing else', () => {
    const [names] = texts('Object.getOwnPropertyNames(globalThis).sort()')
    expect(JSON.parse(names!)).toMatchSnapshot()
  })

  for (const source of [
    'Function("return 1")()',
    'new Function("return 1")()',
    '(function () {}).constructor("return 1")()',
    '(async function () {}).constructor("return 1")()',
    '(function* () {}).constructor("return 1")()',
    '(async function* () {}).constructor("return 1")()',
    'x.constructor.constructor("return 1")()',
    'globalThis.constructor.constructor("return this")()',
    'Reflect.construct(Function, ["return 1"])()',
    'new (class extends Function {})("return 1")()',
  ]) {
    test(source, () => {
      expect(run(source)).toMatchObject({ kind: 'thrown' })
      expect(JSON.stringify(run(source))).toContain('cannot be made from text')
    })
  }

  test('this is nothing, and a module never loads', () => {
    expect(texts('this === undefined')).toEqual(['true'])
    expect(texts('import("node:fs")')).toEqual(['{}'])
  })
})

describe('the same arguments give the same result', () => {
  for (const source of ['Math.random()', 'Date.now()', 'new Date()', 'Date()']) {
    test(`${source} is refused`, () => {
      expect(run(source)).toMatchObject({ kind: 'thrown' })
      expect(JSON.stringify(run(source))).toContain('as an argument')
    })
  }

  test('dates are in UTC', () => {
    expect(
      texts(`[new Date(2020, 6, 1).getTime(), new Date('2020-07-01T00:00').getTime(),
        new Date(0).getHours(), new Date(0).getTimezoneOffset(), Date.UTC(2020, 6, 1)]`),
    ).toEqual(['[1593561600000,1593561600000,0,0,1593561600000]'])
  })

  for (const source of [
    'globalThis.n = (globalThis.n ?? 0) + 1',
    'Object.prototype.n = 1',
    'Array.prototype.push = null',
    '[].__proto__.n = 1',
    'Math.n = 1',
    '(function () {}).__proto__.n = 1',
    '(function* () {})().__proto__.__proto__.n = 1',
    '[].values().__proto__.n = 1',
    '[].values().map((v) => v).__proto__.n = 1',
    '"".matchAll(/a/g).__proto__.n = 1',
    'new Map().entries().__proto__.n = 1',
    'Object.getPrototypeOf(Int8Array).n = 1',
    'Object.getPrototypeOf(async function () {}).n = 1',
    'Object.defineProperty(Object.prototype, "toString", { value: 1 })',
    'Object.prototype.toString = 1',
    'Error.prototype.name = 1',
    'Object.setPrototypeOf(Array.prototype, {})',
    'Object.setPrototypeOf(Object.prototype, {})',
    'delete Math.abs',
    'Date.prototype.n = 1',
    'Symbol.prototype.n = 1',
    'arguments.callee.n = 1',
    'Reflect.n = 1',
  ]) {
    test(`no trace: ${source}`, () => {
      expect(run(source, 1, 2)).toMatchObject({ kind: 'thrown' })
    })
  }

  test('a source that closes the brackets around it is refused', () => {
    for (const source of [
      '}(0), function g(x) { g.n = (g.n ?? 0) + 1; return g.n',
      '0)}, (function g(x) { return (g.n = (g.n ?? 0) + 1',
      '}, function (x) { return 1',
      '1 }) ; (function () { return 1',
    ]) {
      expect(checkProgram(program(source))).toMatchObject({ kind: 'syntax' })
    }
  })

  test('ordinary programs do not notice the frozen world', () => {
    expect(
      texts(`
        class Point { constructor(x) { this.x = x; this.constructor = 1; this.name = 'p' }
          toString() { return 'P' + this.x } }
        const o = {}; o.toString = () => 'own'; o.valueOf = () => 5
        const error = new TypeError('bad'); error.name = 'Mine'; error.message += '!'
        const counts = {}; for (const c of 'banana') counts[c] = (counts[c] ?? 0) + 1
        return [String(new Point(x)), String(o), o + 1, String(error), counts,
          [3, 1, 2].sort(), [...new Set([1, 1])], 'a-b'.replace(/-/g, '+'), Math.max(1, 2)]`),
    ).toEqual(['["P1","own",6,"Mine: bad!",{"b":1,"a":3,"n":2},[1,2,3],[1],"a+b",2]'])
  })
})

describe('limits', () => {
  const STEPS = { kind: 'exceeded', what: 'steps' }
  for (const source of [
    'for (;;) {}',
    'try { for (;;) {} } catch { return 1 }',
    'try { for (;;) {} } finally { return 1 }',
    '[2, 1].sort(() => { for (;;); })',
    'throw { get message() { for (;;); } }',
    '({ toJSON() { for (;;); } })',
    'new Proxy({}, { get() { for (;;); } }).a',
  ]) {
    test(`steps: ${source}`, () => {
      expect(run(source)).toEqual(STEPS)
    })
  }

  for (const source of [
    '"x".repeat(2 ** 29)',
    'const list = []; for (;;) list.push(new Array(100000).fill(list.length))',
    'new Uint8Array(1e9)',
    'let s = "x"; for (;;) s += s',
    'try { new Uint8Array(1e9) } finally { return new Uint8Array(1e9) }',
  ]) {
    test(`memory: ${source}`, () => {
      expect(run(source).kind).not.toBe('values')
    }, 30_000)
  }

  for (const source of [
    '(function f() { return f() + 1 })()',
    'JSON.parse("[".repeat(1e6))',
    'let o = {}; for (let i = 0; i < 1e5; i++) o = { o }; return o',
    'new RegExp("(?:".repeat(1e5) + ")".repeat(1e5))',
    '[1].flatMap(function f() { return [1].flatMap(f) })',
  ]) {
    test(`stack: ${source}`, () => {
      expect(run(source).kind).not.toBe('values')
    })
  }

  for (const source of [
    '/(a+)+$/.test("a".repeat(40) + "b")',
    'while (true) { try { throw 1 } catch {} }',
  ]) {
    test(`steps, or time on a slow machine: ${source}`, () => {
      expect(run(source).kind).toBe('exceeded')
    })
  }

  test('time: the steps of built-in functions are not counted', () => {
    expect(run('Array.prototype.indexOf.call({ length: 2 ** 53 - 1 }, 1)')).toEqual({
      kind: 'exceeded',
      what: 'time',
    })
  })

  test('the budget is per call, and the next call has a whole one', () => {
    const source = 'let sum = 0; for (let i = 0; i < 1e6; i++) sum += i; return sum % 7 + x'
    const count = 15
    const outcome = run(source, ...Array.from({ length: count }, (_, i) => i))
    expect(outcome.kind).toBe('values')
  })

  test('after all that it works as before', () => {
    expect(texts('x + 1', 1, 2)).toEqual(['2', '3'])
  })
})

describe('what is thrown', () => {
  const told: readonly [string, string][] = [
    ['throw new RangeError("no")', 'RangeError: no'],
    ['throw "text"', 'text'],
    ['throw null', 'null'],
    ['throw undefined', 'undefined'],
    ['null.x', "TypeError: cannot read property 'x' of null"],
    ['nothing', "ReferenceError: 'nothing' is not defined"],
  ]
  for (const [source, message] of told) {
    test(source, () => {
      expect(run(source)).toEqual({ kind: 'thrown', message })
    })
  }

  test('is cut', () => {
    const outcome = run('throw new Error("x".repeat(1e6))')
    expect(JSON.stringify(outcome).length).toBeLessThan(300)
  })

  test('whatever its getters do', () => {
    for (const source of [
      'throw { get name() { throw 1 }, get message() { throw 2 } }',
      'throw new Proxy({}, { get() { throw 1 } })',
      'throw Symbol("s")',
    ]) {
      expect(run(source).kind).toBe('thrown')
    }
  })
})

test('a syntax error has its place', () => {
  expect(checkProgram(program('const a = 1\n  return a +* 2'))).toMatchObject({
    kind: 'syntax',
    line: 2,
    column: 13,
  })
  expect(checkProgram(program('x +'))?.kind).toBe('syntax')
  expect(checkProgram(program(''))).toMatchObject({ message: 'the body is empty' })
  expect(checkProgram(program('x // }'))).toBeUndefined()
})

test('more programs than one thread keeps', () => {
  for (let i = 0; i < 210; i++) expect(texts(`x + ${i}`)).toEqual([String(i + 1)])
})
