/** Generates the loop that reads JSON messages into a table's columns: one pass over the bytes,
 *  keys compared in the order in which the last message had them. A message with anything unusual
 *  is left alone and marked for the slow way, which decides what it means. */

import type { Schema } from '../batch/schema.ts'
import { LoopCode } from '../expr/codegen.ts'
import { compile, type Generated } from '../expr/compile.ts'
import { encodeText } from '../expr/utf8.ts'
import type { DecodeOptions } from '../format/format.ts'
import {
  skipNumber,
  skipSpace,
  skipString,
  skipValue,
  type Utf8State,
} from '../format/json-scan.ts'
import { JsonKeyTable } from './json-key-table.ts'
import { columnsIn, type JsonPart, jsonShape } from './json-shape.ts'
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

const MASK_BITS = 30
const INPUT = ['bytes', 'view', 'text', 'starts', 'ends', 'targets', 'utf8', 'extra', 'slow']
const SLOW = 'break message'

/** The loop for a table's columns. */
export function jsonLoop(schema: Schema, policy: DecodeOptions): JsonLoop {
  const code = new LoopCode(schema)
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
    code.block('message:', () =>
      new MessageCode(code, policy).emit(jsonShape(schema, policy.paths)),
    )
    code.line('slow[i] = 1')
  })
  code.line('return nullCount')
  return compile(code, ['input'], code.text(), 'decodeJson')
}

/** Writes the code for one message. On entry of every value `c` is the byte at `p`, its first; on
 *  exit `p` is after it. */
class MessageCode {
  readonly #code: LoopCode
  readonly #policy: DecodeOptions
  /** Objects and arrays so far: what tells their variables apart. */
  #count = 0

  constructor(code: LoopCode, policy: DecodeOptions) {
    this.#code = code
    this.#policy = policy
  }

  emit(record: JsonPart): void {
    const code = this.#code
    code.line('let c = bytes[p]')
    code.line('if (c <= 32) { p = skipSpace(bytes, p); c = bytes[p] }')
    code.line(`if (c !== 123) ${SLOW}`)
    this.#object(record, this.#policy.unknownFields)
    code.line('if (p !== end) p = skipSpace(bytes, p)')
    code.line(`if (p !== end) ${SLOW}`)
    code.line('continue')
  }

  /** What is read of one value: by each column that has it, and inside. */
  #part(part: JsonPart): void {
    const code = this.#code
    const readers = part.columns.map((column) => () => {
      const { epoch } = this.#policy
      emitJsonValue({ code, field: code.schema.fields[column], column, exit: SLOW, epoch })
    })
    if (part.members.size > 0 || part.elements.size > 0) readers.push(() => this.#inside(part))
    if (readers.length === 1) {
      readers[0]()
      return
    }
    const at = `at${this.#count++}`
    code.line(`const ${at} = p`)
    for (const reader of readers) {
      code.line(`p = ${at}`)
      code.line('c = bytes[p]')
      code.block('', reader)
    }
  }

  /** Members or elements; of any other value there are none. */
  #inside(part: JsonPart): void {
    const code = this.#code
    const { members, elements } = part
    const other = () => {
      emitSkip(code)
      this.#absent(columnsIn(members, elements))
    }
    const inArray = () => {
      this.#array(part)
      this.#absent(columnsIn(members))
    }
    const inObject = () => {
      this.#object(part, 'ignore')
      this.#absent(columnsIn(elements))
    }
    const notObject = elements.size === 0 ? other : () => code.branch('c === 91', inArray, other)
    if (members.size === 0) notObject()
    else code.branch('c === 123', inObject, notObject)
  }

  #array({ elements }: JsonPart): void {
    const code = this.#code
    const n = `n${this.#count++}`
    code.line(`let ${n} = 0`)
    afterMark(code)
    code.block('if (c !== 93)', () => {
      code.block('for (;;)', () => {
        code.block(`switch (${n})`, () => {
          for (const [index, part] of elements) {
            code.block(`case ${index}:`, () => {
              this.#part(part)
              code.line('break')
            })
          }
          code.block('default:', () => emitSkip(code))
        })
        code.line(`${n}++`)
        code.line('c = bytes[p]')
        code.line('if (c <= 32) { p = skipSpace(bytes, p); c = bytes[p] }')
        code.line('if (c === 93) break')
        code.line(`if (c !== 44) ${SLOW}`)
        afterMark(code)
      })
    })
    code.line('p++')
    for (const [index, part] of elements) {
      code.block(`if (${n} <= ${index})`, () => this.#absent(columnsIn(new Map([[index, part]]))))
    }
  }

  #object({ members }: JsonPart, unknownFields: DecodeOptions['unknownFields']): void {
    const code = this.#code
    const id = this.#count++
    const parts = [...members.values()]
    for (let m = 0; m * MASK_BITS < parts.length; m++) code.line(`let seen${id}_${m} = 0`)
    afterMark(code)
    code.block('if (c !== 125)', () => this.#members(id, members, unknownFields))
    code.line('p++')
    for (let m = 0; m * MASK_BITS < parts.length; m++) {
      const some = parts.slice(m * MASK_BITS, (m + 1) * MASK_BITS)
      const all = some.reduce((mask, _, i) => mask | (1 << i), 0)
      code.block(`if (seen${id}_${m} !== ${all})`, () => {
        for (const [i, part] of some.entries()) {
          const columns = columnsIn(new Map([['', part]]))
          code.block(`if ((seen${id}_${m} & ${1 << i}) === 0)`, () => this.#absent(columns))
        }
      })
    }
  }

  #members(
    id: number,
    members: JsonPart['members'],
    unknownFields: DecodeOptions['unknownFields'],
  ): void {
    const code = this.#code
    const unknown = members.size
    const lookup = code.bind(new JsonKeyTable([...members.keys()]), 'keys')
    // What followed each key the last time; the place after the last one is an unknown key.
    const follow = Uint16Array.from({ length: unknown + 1 }, (_, k) => Math.min(k + 1, unknown))
    if (unknown > 0) follow[unknown - 1] = 0
    const next = code.bind(follow, 'next')
    const [k, last, known, fields, key] = ['k', 'last', 'known', 'fields', 'key'].map((n) => n + id)
    code.line(`let ${last} = ${unknown}`)
    code.line(`let ${k} = ${unknown === 0 ? unknown : 0}`)
    code.line(`let ${known} = false`)
    code.block(`${fields}: for (;;)`, () => {
      code.line(`if (c !== 34) ${SLOW}`)
      code.block(`${key}: switch (${k})`, () => {
        for (const [i, [name, part]] of [...members].entries()) {
          code.block(`case ${i}:`, () => {
            // A key that was looked up is this one; `known` also keeps a name with escapes from
            // looping.
            const miss = `{ if (${known}) ${SLOW}; ${k} = ${unknown}; continue ${fields} }`
            const length = emitKeyTest(code, name, miss)
            const seen = `seen${id}_${Math.floor(i / MASK_BITS)}`
            const bit = 1 << (i % MASK_BITS)
            code.line(`if ((${seen} & ${bit}) !== 0) ${SLOW}`)
            code.line(`${seen} |= ${bit}`)
            emitColon(code, length)
            this.#part(part)
            code.line(`break ${key}`)
          })
        }
        code.block('default:', () => {
          code.line(`${k} = ${lookup}.find(bytes, p)`)
          code.line(`if (${k} === -2) ${SLOW}`)
          code.block(`if (${k} >= 0)`, () => {
            code.line(`${next}[${last}] = ${k}`)
            code.line(`${known} = true`)
            code.line(`continue ${fields}`)
          })
          if (unknownFields === 'fail') code.line(SLOW)
          code.line(`${k} = ${unknown}`)
          code.line(`${next}[${last}] = ${k}`)
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
      code.line(`${last} = ${k}`)
      code.line(`${k} = ${next}[${k}]`)
      code.line(`${known} = false`)
    })
  }

  /** NULL for columns that the message does not have. */
  #absent(columns: readonly number[]): void {
    const code = this.#code
    if (columns.length > 0 && this.#policy.missingFields === 'fail') code.line(SLOW)
    for (const k of columns) {
      const { nullable, type } = code.schema.fields[k]
      if (!nullable) {
        code.line(SLOW)
        continue
      }
      code.line(`nulls${k}[i] = 1`)
      code.line('nullCount++')
      if (jsonColumnWay(type) !== 'fixed') code.line(`starts${k}[i] = ends${k}[i] = 0`)
    }
  }
}

/** Past the mark at `p` and white space. */
function afterMark(code: LoopCode): void {
  code.line('c = bytes[++p]')
  code.line('if (c <= 32) { p = skipSpace(bytes, p); c = bytes[p] }')
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

/** `miss` unless the bytes at `p` are the key in quotes; returns the key's length. */
function emitKeyTest(code: LoopCode, name: string, miss: string): number {
  const key = encodeText(JSON.stringify(name))
  const view = new DataView(key.buffer, key.byteOffset, key.byteLength)
  const tests: string[] = []
  let at = 0
  for (; at + 4 <= key.length; at += 4) tests.push(wordTest(view, at))
  if (at < key.length) {
    if (key.length >= 4) tests.push(wordTest(view, key.length - 4))
    else for (; at < key.length; at++) tests.push(`bytes[p + ${at}] === ${key[at]}`)
  }
  const whole = `p + ${key.length} < limit && ${tests.join(' && ')}`
  code.line(`if (!(${whole})) ${miss}`)
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
