/** One value from several branches of generated code (CASE, COALESCE, a guarded call). The form is
 *  chosen when all branches are known: a slice if each of them has bytes, else a text; so the
 *  statements that depend on it are written late. */

import type { DataType } from '../batch/types.ts'
import type { LoopCode } from './codegen.ts'
import { type Emitted, harmless, isByteLike, type Piece } from './emitted.ts'

const NO_BYTES = new Uint8Array(0)

export class Merge {
  readonly #code: LoopCode
  readonly #type: DataType
  readonly #pieces: Piece[] = []
  readonly #value: string
  readonly #isNull: string
  readonly #start: string
  readonly #end: string
  #mayBeNull = false
  #decided: 'scalar' | 'slice' | 'text' | undefined

  /** Declares the variables in the current block. Until a branch assigns, the value is NULL. */
  constructor(code: LoopCode, type: DataType) {
    this.#code = code
    this.#type = type
    this.#value = code.name('v')
    this.#isNull = code.name('n')
    this.#start = code.name('s')
    this.#end = code.name('e')
    code.line(() => this.#declaration())
  }

  /** Appends the statements that make `emitted` the value. */
  assign(emitted: Emitted): void {
    if (emitted.isNull !== 'false') this.#mayBeNull = true
    // NULL is what the variables hold already.
    if (emitted.isNull === 'true') return
    this.#pieces.push(emitted)
    this.#code.line(() => this.#assignment(emitted))
  }

  /** The value, after all branches. `nullable` false: some branch is always taken. */
  result(nullable = true): Emitted {
    const isNull = nullable || this.#mayBeNull ? this.#isNull : 'false'
    switch (this.#form()) {
      case 'slice':
        return { form: 'slice', heap: this.#heap(), start: this.#start, end: this.#end, isNull }
      case 'text':
        return { form: 'text', value: this.#value, isNull }
      case 'scalar':
        return { form: 'scalar', value: this.#value, isNull }
    }
  }

  #form(): 'scalar' | 'slice' | 'text' {
    if (this.#decided !== undefined) return this.#decided
    if (!isByteLike(this.#type)) this.#decided = 'scalar'
    else {
      const slices = this.#pieces.every((piece) => this.#code.asSlice(piece) !== undefined)
      this.#decided = slices && this.#pieces.length > 0 ? 'slice' : 'text'
    }
    return this.#decided
  }

  /** The heap's name if every branch has the same one for all rows. */
  #sharedHeap(): string | undefined {
    const heaps = new Set(this.#pieces.map((piece) => this.#code.asSlice(piece)?.heap))
    const [heap] = heaps
    return heaps.size === 1 && heap !== undefined && this.#code.isStable(heap) ? heap : undefined
  }

  #heap(): string {
    return this.#sharedHeap() ?? this.#value
  }

  #declaration(): string {
    const isNull = `let ${this.#isNull} = true`
    switch (this.#form()) {
      case 'scalar':
        return `let ${this.#value} = ${harmless(this.#type)}; ${isNull}`
      case 'text':
        return `let ${this.#value} = ${this.#emptyText()}; ${isNull}`
      case 'slice': {
        const range = `let ${this.#start} = 0; let ${this.#end} = 0; ${isNull}`
        if (this.#sharedHeap() !== undefined) return range
        return `let ${this.#value} = ${this.#code.bind(NO_BYTES, 'noBytes')}; ${range}`
      }
    }
  }

  #emptyText(): string {
    return this.#type.kind === 'bytes' ? this.#code.bind(NO_BYTES, 'noBytes') : "''"
  }

  #assignment(emitted: Emitted): string {
    const { isNull } = emitted
    const setNull = `${this.#isNull} = ${isNull}`
    if (this.#form() === 'slice') {
      const slice = this.#code.asSlice(emitted)
      if (slice === undefined) return setNull
      const range = `${this.#start} = ${slice.start}; ${this.#end} = ${slice.end}; ${setNull}`
      return this.#sharedHeap() === undefined ? `${this.#value} = ${slice.heap}; ${range}` : range
    }
    const value =
      emitted.form === 'slice' ? this.#code.decodeExpression(emitted, this.#type) : emitted.value
    return `${this.#value} = ${value}; ${setNull}`
  }
}
