/** JavaScript that runs first in every realm of the sandbox. It takes away what could tell two runs
 *  apart (time, chance, the collector), code from text, and every place where one call could leave
 *  something for the next: the whole global world is frozen (law 1). */

/** What stays of the global names. Everything else is removed, also names that a later version of
 *  the interpreter may add. */
const KEPT = [
  ...['Object', 'Function', 'Array', 'String', 'Number', 'Boolean', 'BigInt', 'Symbol', 'Math'],
  ...['JSON', 'RegExp', 'Map', 'Set', 'WeakMap', 'WeakSet', 'Date', 'Reflect', 'Proxy', 'Iterator'],
  ...['Error', 'EvalError', 'RangeError', 'ReferenceError', 'SyntaxError', 'TypeError', 'URIError'],
  ...['AggregateError', 'ArrayBuffer', 'DataView', 'Int8Array', 'Uint8Array', 'Uint8ClampedArray'],
  ...['Int16Array', 'Uint16Array', 'Int32Array', 'Uint32Array', 'BigInt64Array', 'BigUint64Array'],
  ...[
    'Float16Array',
    'Float32Array',
    'Float64Array',
    'parseInt',
    'parseFloat',
    'isNaN',
    'isFinite',
  ],
  ...['decodeURI', 'decodeURIComponent', 'encodeURI', 'encodeURIComponent', 'escape', 'unescape'],
  ...['Infinity', 'NaN', 'undefined', 'globalThis'],
]

export const PRELUDE = `(() => {
  'use strict'
  const { defineProperty, freeze, getPrototypeOf, getOwnPropertyDescriptor } = Object
  const { ownKeys, construct } = Reflect

  const kept = new Set(${JSON.stringify(KEPT)})
  for (const name of ownKeys(globalThis)) if (!kept.has(name)) delete globalThis[name]

  const refusal = (name, hint) => {
    const refuse = function () { throw new TypeError(name + ' is not available here: ' + hint) }
    return defineProperty(refuse, 'name', { value: name })
  }
  const hide = (object, key, value) =>
    defineProperty(object, key, { value, writable: true, configurable: true })

  // Chance and time.
  hide(Math, 'random', refusal('Math.random', 'pass a random number as an argument'))
  const RealDate = Date
  const now = refusal('The current time', 'pass CURRENT_TIMESTAMP as an argument')
  function FixedDate(...args) {
    if (new.target === undefined || args.length === 0) now()
    return construct(RealDate, args, new.target)
  }
  defineProperty(FixedDate, 'name', { value: 'Date' })
  FixedDate.prototype = RealDate.prototype
  hide(FixedDate, 'UTC', RealDate.UTC)
  hide(FixedDate, 'parse', RealDate.parse)
  hide(FixedDate, 'now', now)
  hide(RealDate.prototype, 'constructor', FixedDate)
  hide(globalThis, 'Date', FixedDate)

  // Code from text.
  const noCode = refusal('Function', 'functions cannot be made from text')
  const kinds = [function () {}, function* () {}, async function () {}, async function* () {}]
  for (const kind of kinds) defineProperty(getPrototypeOf(kind), 'constructor', { value: noCode })
  defineProperty(noCode, 'prototype', { value: getPrototypeOf(refusal) })
  hide(globalThis, 'Function', noCode)

  // A frozen prototype would refuse error.name = '…' and the like: an accessor lets the object have
  // a property of its own.
  const errors = [Error, EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError]
  const shadowed = [Object, AggregateError, ...errors].map((maker) => maker.prototype)
  for (const prototype of shadowed) {
    for (const key of ['constructor', 'toString', 'valueOf', 'toLocaleString', 'name', 'message']) {
      const own = getOwnPropertyDescriptor(prototype, key)
      if (own === undefined) continue
      const { value } = own
      defineProperty(prototype, key, {
        get: () => value,
        set(own) {
          if (this === prototype) throw new TypeError('The object is frozen')
          defineProperty(this, key,
            { value: own, writable: true, enumerable: true, configurable: true })
        },
        configurable: true,
      })
    }
  }

  // Everything that can be reached, by name or by syntax.
  const seen = new Set()
  const waiting = [globalThis, ...kinds, kinds[1](), kinds[3](), /a/g[Symbol.matchAll]('a')]
  waiting.push([].values(), ''[Symbol.iterator](), new Map().entries(), new Set().values())
  waiting.push([].values().map((x) => x), new Int8Array(0), (function () { return arguments })())
  if (typeof Iterator === 'function') waiting.push(Iterator.from({ next() {} }))
  while (waiting.length > 0) {
    const value = waiting.pop()
    if (value === null || (typeof value !== 'object' && typeof value !== 'function')) continue
    if (seen.has(value)) continue
    seen.add(value)
    waiting.push(getPrototypeOf(value))
    for (const key of ownKeys(value)) {
      const own = getOwnPropertyDescriptor(value, key)
      waiting.push(own.value, own.get, own.set)
    }
  }
  for (const value of seen) if (!ArrayBuffer.isView(value)) freeze(value)
})()`
