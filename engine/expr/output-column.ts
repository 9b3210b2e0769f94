/** Generated code that writes computed values into a new column: one `OutputColumn` per column. */

import { columnOf } from '../batch/builder.ts'
import { allocate, allValid, Column } from '../batch/column.ts'
import { type DataType, storageOf } from '../batch/types.ts'
import type { Value } from '../batch/value.ts'
import type { LoopCode } from './codegen.ts'
import type { Emitted } from './emitted.ts'
import { storeInt128 } from './int64.ts'
import { Heap } from './utf8.ts'

/** Bytes reserved per row for text, before the heap has to grow. */
const HEAP_BYTES_PER_ROW = 16

/** Use: `setup` before the loop, `write` once per row in the loop, `finish` after it. */
export class OutputColumn {
  readonly #code: LoopCode
  readonly #type: DataType
  readonly #name: string
  #validity = false
  /** The heap that all values lie in already; then nothing is copied. */
  #sharedHeap: string | undefined

  /** Appends the declarations to the current block. `count` is JavaScript: the number of rows. */
  constructor(code: LoopCode, type: DataType, count: string) {
    this.#code = code
    this.#type = type
    this.#name = code.name('o')
    code.line(() => this.#declarations(count).join('; '))
  }

  /** Appends statements that store `emitted` as row `row` (JavaScript, by default the loop's).
   *  Once per column: where all values lie in one heap is known only then. */
  write(emitted: Emitted, row: string = this.#code.row): void {
    const { isNull } = emitted
    const code = this.#code
    const name = this.#name
    if (emitted.form === 'slice' && code.isStable(emitted.heap)) this.#sharedHeap = emitted.heap
    if (isNull === 'false' || this.#isNested()) {
      this.#store(emitted, row)
      return
    }
    this.#validity = true
    const clear = `${name}n[${row} >> 3] &= ~(1 << (${row} & 7)); ${name}c++`
    if (isNull === 'true') {
      code.line(clear)
      this.#storeEmpty(row)
      return
    }
    code.branch(
      isNull,
      () => {
        code.line(clear)
        this.#storeEmpty(row)
      },
      () => this.#store(emitted, row),
    )
  }

  #isBytes(): boolean {
    return storageOf(this.#type) === 'bytes'
  }

  #isNested(): boolean {
    const storage = storageOf(this.#type)
    return storage === 'list' || storage === 'struct'
  }

  #storeEmpty(row: string): void {
    if (!this.#isBytes() || this.#sharedHeap !== undefined) return
    this.#code.line(`${this.#name}s[${row}] = ${this.#name}e[${row}] = ${this.#name}h.length`)
  }

  #store(emitted: Emitted, row: string): void {
    const code = this.#code
    const name = this.#name
    if (emitted.form === 'slice') {
      const { heap, start, end } = emitted
      if (this.#sharedHeap !== undefined) {
        code.line(`${name}s[${row}] = ${start}; ${name}e[${row}] = ${end}`)
        return
      }
      code.line(
        `${name}s[${row}] = ${name}h.length; ${name}e[${row}] = ${name}h.slice(${heap}, ${start}, ${end})`,
      )
      return
    }
    const { value } = emitted
    if (this.#isNested()) {
      // The builder takes NULLs as they are.
      const { isNull } = emitted
      code.line(`${name}v[${row}] = ${isNull === 'false' ? value : `${isNull} ? null : ${value}`}`)
      return
    }
    switch (storageOf(this.#type)) {
      case 'bytes': {
        const append =
          this.#type.kind === 'bytes' ? `slice(${value}, 0, ${value}.length)` : `text(${value})`
        code.line(`${name}s[${row}] = ${name}h.length; ${name}e[${row}] = ${name}h.${append}`)
        return
      }
      case 'i64':
        this.#storeInt64(value, row)
        return
      case 'i128':
        this.#storeInt128(value, row)
        return
      case 'bool':
        code.line(`${name}v[${row}] = ${value} ? 1 : 0`)
        return
      default:
        code.line(`${name}v[${row}] = ${value}`)
    }
  }

  /** A number goes into the two lanes: storing into an Int32Array keeps the low 32 bits. */
  #storeInt64(value: string, row: string): void {
    const code = this.#code
    const name = this.#name
    code.branch(
      `typeof ${value} === 'number'`,
      () => {
        code.line(`${name}l[2 * ${row}] = ${value}`)
        code.line(`${name}l[2 * ${row} + 1] = Math.floor(${value} / 4294967296)`)
      },
      () => code.line(`${name}v[${row}] = ${value}`),
    )
  }

  #storeInt128(value: string, row: string): void {
    const code = this.#code
    const lane = (index: number) => `${this.#name}l[4 * ${row} + ${index}]`
    code.branch(
      `typeof ${value} === 'number'`,
      () => {
        code.line(`${lane(0)} = ${value}; ${lane(1)} = Math.floor(${value} / 4294967296)`)
        code.line(`${lane(2)} = ${lane(3)} = ${value} < 0 ? -1 : 0`)
      },
      () => {
        const store = code.bind(storeInt128, 'storeInt128')
        code.line(`${store}(${this.#name}v, ${row}, ${value})`)
      },
    )
  }

  #declarations(count: string): string[] {
    const code = this.#code
    const name = this.#name
    const lines: string[] = []
    if (this.#isNested()) return [`const ${name}v = new Array(${count}).fill(null)`]
    if (this.#isBytes()) {
      lines.push(`const ${name}s = new Int32Array(${count}), ${name}e = new Int32Array(${count})`)
      if (this.#sharedHeap === undefined) {
        lines.push(`const ${name}h = ${code.bind(makeHeap, 'makeHeap')}(${count})`)
      }
    } else {
      const make = code.bind((rows: number) => allocate(this.#type, rows), 'allocate')
      lines.push(`const ${name}v = ${make}(${count})`)
      if (storageOf(this.#type) === 'i64' || storageOf(this.#type) === 'i128') {
        lines.push(`const ${name}l = new Int32Array(${name}v.buffer)`)
      }
    }
    if (this.#validity) {
      lines.push(`const ${name}n = ${code.bind(allValid, 'allValid')}(${count}); let ${name}c = 0`)
    }
    return lines
  }

  /** JavaScript for the finished column. */
  finish(count: string): string {
    const name = this.#name
    const type = this.#type
    if (this.#isNested()) {
      const build = (length: number, values: Value[]) => columnOf(type, values.slice(0, length))
      return `${this.#code.bind(build, 'column')}(${count}, ${name}v)`
    }
    const validity = this.#validity ? `${name}c > 0 ? ${name}n : null` : 'null'
    if (this.#isBytes()) {
      const make = (
        length: number,
        values: Uint8Array,
        starts: Int32Array,
        ends: Int32Array,
        bits: Uint8Array | null,
      ) => new Column({ type, length, values, starts, ends, validity: bits })
      const heap = this.#sharedHeap ?? `${name}h.bytes.subarray(0, ${name}h.length)`
      return `${this.#code.bind(make, 'column')}(${count}, ${heap}, ${name}s, ${name}e, ${validity})`
    }
    const make = (length: number, values: Uint8Array, bits: Uint8Array | null) =>
      new Column({ type, length, values, validity: bits })
    return `${this.#code.bind(make, 'column')}(${count}, ${name}v, ${validity})`
  }
}

const makeHeap = (rows: number): Heap => new Heap(rows * HEAP_BYTES_PER_ROW)
