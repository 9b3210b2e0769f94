/** Generates the loop that reads JSON messages into a table's columns: one pass over the bytes,
 *  keys compared in the order in which the last message had them. A message with anything unusual
 *  is left alone and marked for the slow way, which decides what it means. */

import type { Schema } from '../batch/schema.ts'
import { LoopCode } from '../expr/codegen.ts'
import { compile, type Generated } from '../expr/compile.ts'
import { encodeText } from '../expr/utf8.ts'
import {
  skipNumber,
  skipSpace,
  skipString,
  skipValue,
  type Utf8State,
} from '../format/json-scan.ts'
import { JsonKeyTable } from './json-key-table.ts'
import { emitJsonValue, emitStringScan, jsonColumnWay } from './json-value-code.ts'

/** Where one column's values go; an array for every message. */
export interface JsonTarget {
  readonly values: Uint8Array | Int8Array | Int16Array | Int32Array | Float32Array | Float64Array
  readonly lanes: Int32Array
  readonly starts: Int32Array
  readonly ends: Int32Array
  /** 1: the value is NULL. */
  readonly nulls: Uint8Array
}

/** Texts that had escapes, written out behind the message bytes. */
export interface ExtraText {
  /** The text of the string token bytes[start, end) goes behind the others; where it begins,
   *  counted from the start of the messages. -1 if it is no well-formed text. */
  unescape(start: number, end: number): number
  /** Where the last text ends. */
  readonly end: number
}

export interface JsonLoopInput {
  readonly bytes: Uint8Array
  /** The same bytes. */
  readonly view: DataView
  readonly text: Buffer
  readonly starts: Int32Array
  readonly ends: Int32Array
  readonly targets: readonly JsonTarget[]
  readonly utf8: Utf8State
  readonly extra: ExtraText
  /** 1: message i is left to the slow way. */
  readonly slow: Uint8Array
}

/** Returns how many NULLs it wrote. */
export type JsonLoop = Generated<(input: JsonLoopInput) => number>

export interface JsonLoopPolicy {
  readonly unknownFields: 'ignore' | 'fail'
  readonly missingFields: 'null' | 'fail'
}

const MASK_BITS = 30
const INPUT = ['bytes', 'view', 'text', 'starts', 'ends', 'targets', 'utf8', 'extra', 'slow']

/** The loop for a table's columns. */
export function jsonLoop(schema: Schema, policy: JsonLoopPolicy): JsonLoop {
  const code = new LoopCode(schema)
  const count = schema.fields.length
  const lookup = code.bind(new JsonKeyTable(schema.fields.map(({ name }) => name)), 'keys')
  // What followed each key the last time; the place after the last column is an unknown key.
  const follow = Uint16Array.from({ length: count + 1 }, (_, k) => Math.min(k + 1, count))
  if (count > 0) follow[count - 1] = 0
  const next = code.bind(follow, 'next')
  for (const f of [skipNumber, skipSpace, skipString, skipValue]) code.bind(f, f.name)
  code.line(`const { ${INPUT.join(', ')} } = input`)
  code.line('const limit = bytes.length')
  for (const f of [skipNumber, skipSpace, skipString, skipValue]) {
    code.line(`const ${f.name} = ${code.bind(f)}`)
  }
  for (const [k, { type, nullable }] of schema.fields.entries()) {
    const fixed = jsonColumnWay(type) === 'fixed'
    const parts = fixed ? ['values', 'lanes'] : ['starts', 'ends']
    for (const part of nullable ? [...parts, 'nulls'] : parts) {
      code.line(`const ${part}${k} = targets[${k}].${part}`)
    }
  }
  code.line('let lastYear = 0, lastRest = 0, lastDay = 0, lastDays = 0, nullCount = 0')
  code.block('for (let i = 0; i < starts.length; i++)', () => {
    code.line('const end = ends[i]')
    code.line('let p = starts[i]')
    code.block('message:', () => emitMessage(code, schema, policy, { lookup, next }))
    code.line('slow[i] = 1')
  })
  code.line('return nullCount')
  return compile(code, ['input'], code.text(), 'decodeJson')
}

interface Names {
  readonly lookup: string
  readonly next: string
}

const SLOW = 'break message'

function emitMessage(code: LoopCode, schema: Schema, policy: JsonLoopPolicy, names: Names): void {
  const masks = Math.ceil(schema.fields.length / MASK_BITS)
  for (let m = 0; m < masks; m++) code.line(`let seen${m} = 0`)
  code.line('let c = bytes[p]')
  code.line('if (c <= 32) { p = skipSpace(bytes, p); c = bytes[p] }')
  code.line(`if (c !== 123) ${SLOW}`)
  afterMark(code)
  code.block('if (c !== 125)', () => emitFields(code, schema, policy, names))
  code.line('if (++p !== end) p = skipSpace(bytes, p)')
  code.line(`if (p !== end) ${SLOW}`)
  emitMissing(code, schema, policy)
  code.line('continue')
}

/** Past the mark at `p` and white space. */
function afterMark(code: LoopCode): void {
  code.line('c = bytes[++p]')
  code.line('if (c <= 32) { p = skipSpace(bytes, p); c = bytes[p] }')
}

function emitFields(
  code: LoopCode,
  { fields }: Schema,
  policy: JsonLoopPolicy,
  { lookup, next }: Names,
): void {
  const unknown = fields.length
  code.line(`let last = ${unknown}`)
  code.line(`let k = ${fields.length === 0 ? unknown : 0}`)
  code.line('let known = false')
  code.block('fields: for (;;)', () => {
    code.line(`if (c !== 34) ${SLOW}`)
    code.block('key: switch (k)', () => {
      for (const [column, field] of fields.entries()) {
        code.block(`case ${column}:`, () => {
          const length = emitKeyTest(code, field.name)
          const m = Math.floor(column / MASK_BITS)
          const bit = 1 << (column % MASK_BITS)
          code.line(`if ((seen${m} & ${bit}) !== 0) ${SLOW}`)
          code.line(`seen${m} |= ${bit}`)
          emitColon(code, length)
          emitJsonValue({ code, field, column, exit: SLOW })
          code.line('break key')
        })
      }
      code.block('default:', () => {
        code.line(`k = ${lookup}.find(bytes, p)`)
        code.line(`if (k === -2) ${SLOW}`)
        code.block('if (k >= 0)', () => {
          code.line(`${next}[last] = k`)
          code.line('known = true')
          code.line('continue fields')
        })
        if (policy.unknownFields === 'fail') code.line(SLOW)
        code.line(`k = ${unknown}`)
        code.line(`${next}[last] = k`)
        code.line(`p = ${lookup}.end`)
        emitColon(code, 0)
        emitSkip(code)
      })
    })
    code.line('c = bytes[p]')
    code.line('if (c <= 32) { p = skipSpace(bytes, p); c = bytes[p] }')
    code.line('if (c === 125) break')
    code.line(`if (c !== 44) ${SLOW}`)
    afterMark(code)
    code.line('last = k')
    code.line(`k = ${next}[k]`)
    code.line('known = false')
  })
}

/** Steps over the value of an unknown key: mostly a text. */
function emitSkip(code: LoopCode): void {
  const onEscape = () => {
    code.line('p = skipString(bytes, first, utf8)')
    code.line(`if (p < 0) ${SLOW}`)
    code.line('p--')
    code.line('break')
  }
  code.branch(
    'c === 34',
    () => {
      code.line('const first = p++')
      emitStringScan(code, onEscape, SLOW)
      code.line('p++')
    },
    () => {
      code.line('p = skipValue(bytes, p, utf8)')
      code.line(`if (p < 0) ${SLOW}`)
    },
  )
}

/** Leaves the case unless the bytes at `p` are the key in quotes; returns the key's length. */
function emitKeyTest(code: LoopCode, name: string): number {
  const key = encodeText(JSON.stringify(name))
  const view = new DataView(key.buffer, key.byteOffset, key.byteLength)
  const tests: string[] = []
  let at = 0
  for (; at + 4 <= key.length; at += 4) tests.push(wordTest(view, at))
  if (at < key.length) {
    if (key.length >= 4) tests.push(wordTest(view, key.length - 4))
    else for (; at < key.length; at++) tests.push(`bytes[p + ${at}] === ${key[at]}`)
  }
  // A key that was looked up is this one; `known` also keeps a name with escapes from looping.
  const whole = `p + ${key.length} < limit && ${tests.join(' && ')}`
  const miss = `k = ${code.schema.fields.length}; continue fields`
  code.line(`if (!(${whole})) { if (known) ${SLOW}; ${miss} }`)
  return key.length
}

const wordTest = (view: DataView, at: number): string =>
  `view.getInt32(p + ${at}, true) === ${view.getInt32(at, true)}`

/** From the key's start (`length`: its bytes) to the value's first byte. */
function emitColon(code: LoopCode, length: number): void {
  if (length > 0) code.line(`p += ${length}`)
  code.line('c = bytes[p]')
  code.line('if (c <= 32) { p = skipSpace(bytes, p); c = bytes[p] }')
  code.line(`if (c !== 58) ${SLOW}`)
  afterMark(code)
}

/** NULL for the columns that the message did not have. */
function emitMissing(code: LoopCode, { fields }: Schema, policy: JsonLoopPolicy): void {
  for (let from = 0; from < fields.length; from += MASK_BITS) {
    const part = fields.slice(from, from + MASK_BITS)
    const m = from / MASK_BITS
    const all = part.reduce((mask, _, i) => mask | (1 << i), 0)
    code.block(`if (seen${m} !== ${all})`, () => {
      if (policy.missingFields === 'fail') code.line(SLOW)
      for (const [i, { nullable, type }] of part.entries()) {
        const k = from + i
        code.block(`if ((seen${m} & ${1 << i}) === 0)`, () => {
          if (!nullable) {
            code.line(SLOW)
            return
          }
          code.line(`nulls${k}[i] = 1`)
          code.line('nullCount++')
          if (jsonColumnWay(type) !== 'fixed') code.line(`starts${k}[i] = ends${k}[i] = 0`)
        })
      }
    })
  }
}
