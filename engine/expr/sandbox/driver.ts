/** The loop that calls a function for every row, as JavaScript for the sandbox: one crossing of the
 *  border takes a whole batch. It is made of fixed pieces and holds nothing of the function. */

import type { Program, Shape } from './protocol.ts'

/** `(f, progress) => (count, a0, n0, l0, a1, …)`. Numbers come as an ArrayBuffer of values, one of
 *  nulls (or null) and the JSON of the large ones (or null); texts as the JSON of an array and two
 *  nulls. Returns ['numbers', values, nulls, largeJson], ['texts', json], ['thrown', message] or
 *  ['wrong', message]. */
export function driverText({ parameters, result, resultName, strict }: Program): string {
  const ids = parameters.map((_, i) => i)
  const inputs = ids.map((i) => `a${i}, n${i}, l${i}`).join(', ')
  const args = ids.map((i) => `x${i}`).join(', ')
  const anyNull = ids.map((i) => `x${i} === null`).join(' || ')
  const skip = strict && ids.length > 0 ? `if (${anyNull}) { ${setNull(result)}; continue }` : ''
  const declarations = parameters.map(({ shape }, i) => declaration(shape, i)).join('\n')
  const loads = parameters.map(({ shape }, i) => `const x${i} = ${load(shape, i)}`).join('\n')
  return `(() => { 'use strict'
    ${SHOW}
    const NAME = ${JSON.stringify(resultName)}
    return (f, progress) => (${['count', inputs].filter((part) => part !== '').join(', ')}) => {
      try {
        ${declarations}
        ${isTexts(result) ? 'const out = []' : NUMBERS_OUT}
        for (let i = 0; i < count; i++) {
          progress[0] = i
          ${loads}
          ${skip}
          let r = f(${args})
          if (typeof r === 'function') r = r(${args})
          if (r === null) { ${setNull(result)}; continue }
          ${store(result)}
        }
        return ${isTexts(result) ? `['texts', JSON.stringify(out)]` : NUMBERS_DONE}
      } catch (error) {
        return ['thrown', showError(error)]
      }
    }
  })()`
}

const NUMBERS_OUT =
  'const out = new Float64Array(count), nulls = new Uint8Array(count), large = []; let anyNull = false'
const NUMBERS_DONE = `['numbers', out.buffer, anyNull ? nulls.buffer : null,
  large.length > 0 ? JSON.stringify(large) : null]`

/** Whether values of the shape travel as texts. */
export const isTexts = ({ kind }: Shape): boolean =>
  kind === 'decimal' || kind === 'text' || kind === 'json' || kind === 'bytes'

const setNull = (shape: Shape): string =>
  isTexts(shape) ? 'out.push(null)' : 'nulls[i] = 1; anyNull = true'

function declaration(shape: Shape, i: number): string {
  if (isTexts(shape)) return `const v${i} = JSON.parse(a${i})`
  const large = `const b${i} = l${i} === null ? null : new Map(JSON.parse(l${i}))`
  return `const v${i} = new Float64Array(a${i}), z${i} = n${i} === null ? null : new Uint8Array(n${i}); ${large}`
}

function load(shape: Shape, i: number): string {
  const isNull = isTexts(shape) ? `v${i}[i] === null` : `z${i} !== null && z${i}[i] === 1`
  return `${isNull} ? null : ${present(shape, i)}`
}

function present({ kind }: Shape, i: number): string {
  switch (kind) {
    case 'boolean':
      return `v${i}[i] === 1`
    case 'integer':
    case 'instant':
      return `b${i} !== null && b${i}.has(i) ? BigInt(b${i}.get(i)) : v${i}[i]`
    case 'json':
      return `JSON.parse(v${i}[i])`
    case 'bytes':
      return `Uint8Array.from(v${i}[i], (c) => c.charCodeAt(0))`
    default:
      return `v${i}[i]`
  }
}

/** Checks `r` and keeps it. */
function store(shape: Shape): string {
  switch (shape.kind) {
    case 'boolean':
      return `if (typeof r !== 'boolean') return wrong(r, NAME); out[i] = r ? 1 : 0`
    case 'number':
      return `if (typeof r !== 'number') return wrong(r, NAME); out[i] = r`
    case 'small':
      return storeSmall(shape.min, shape.max)
    case 'date':
      return `if (r instanceof Date) r = Math.floor(r.getTime() / 86400000); ${storeSmall(-2147483648, 2147483647)}`
    case 'instant':
      return `if (r instanceof Date) r = r.getTime() * 1000; ${STORE_INTEGER}`
    case 'integer':
      return STORE_INTEGER
    case 'decimal':
      return `if (typeof r !== 'string' && typeof r !== 'bigint' && !Number.isFinite(r)) return wrong(r, NAME)
        out.push(String(r))`
    case 'text':
      return `if (typeof r !== 'string') return wrong(r, NAME); out.push(r)`
    case 'json':
      return 'const text = JSON.stringify(r); if (text === undefined) return wrong(r, NAME); out.push(text)'
    case 'bytes':
      return `if (!(r instanceof Uint8Array)) return wrong(r, NAME)
        let text = ''
        for (let k = 0; k < r.length; k++) text += String.fromCharCode(r[k])
        out.push(text)`
  }
}

const storeSmall = (min: number, max: number): string =>
  `if (typeof r === 'bigint') r = Number(r)
   if (!Number.isInteger(r) || r < ${min} || r > ${max}) return wrong(r, NAME); out[i] = r`

const STORE_INTEGER = `if (Number.isSafeInteger(r)) out[i] = r
  else if (typeof r === 'bigint' && r === BigInt.asIntN(64, r)) {
    if (r >= -9007199254740991n && r <= 9007199254740991n) out[i] = Number(r)
    else large.push([i, String(r)])
  } else return wrong(r, NAME)`

/** How values and errors are told to people. What it reads may be the function's own code. */
const SHOW = `
  const clip = (text) => text.length > 200 ? text.slice(0, 200) + '…' : text
  const show = (r) => {
    if (r === undefined) return 'nothing (undefined)'
    if (typeof r === 'string') return 'the text ' + JSON.stringify(clip(r))
    if (typeof r === 'bigint') return clip(String(r)) + 'n'
    if (typeof r === 'number' || typeof r === 'boolean') return String(r)
    if (typeof r === 'object') return Array.isArray(r) ? 'an array' : 'an object'
    return 'a ' + typeof r
  }
  const wrong = (r, name) => ['wrong', show(r) + (name === '' ? '' : ', not ' + name)]
  const showError = (error) => {
    if (typeof error !== 'object' || error === null) return clip(String(error))
    const { name, message } = error
    return clip((name === undefined ? '' : String(name) + ': ') + String(message))
  }`
