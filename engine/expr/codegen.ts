/** The generator of row loops: operators write their own loop into a `LoopCode` and let it emit the
 *  expressions inside. Values never enter the source text, except numbers: constants, functions and
 *  tables are bound as parameters of the generated function, so SQL cannot inject code (law 7). */

import type { Schema } from '../batch/schema.ts'
import type { DataType } from '../batch/types.ts'
import { emitCall } from './emit-call.ts'
import { emitCase } from './emit-case.ts'
import { emitCast } from './emit-cast.ts'
import { emitColumn } from './emit-column.ts'
import { emitLiteral } from './emit-literal.ts'
import { type Emitted, isTrue, type Piece, type Slice } from './emitted.ts'
import { ExprKeys } from './expr-keys.ts'
import { type CallExpr, type ColumnExpr, type Expr, flattened } from './ir.ts'
import { Merge } from './merge.ts'
import { UserCalls } from './udf-batch.ts'
import { decodeText, encodeText } from './utf8.ts'

export interface LoopOptions {
  /** The JavaScript name of the batch the columns are in. */
  readonly batch?: string
  /** The name of the row index. */
  readonly row?: string
  /** The name of the epoch's clock. */
  readonly clock?: string
  /** Put before every generated name; lets two `LoopCode`s share one function. */
  readonly prefix?: string
  /** Reads the columns of expressions, where they are not those of the batch in the current row. */
  readonly readColumn?: (column: ColumnExpr, code: LoopCode) => Emitted
}

/** What is known inside a block: emitted expressions by key, and decoded texts by slice. */
interface Scope {
  readonly emitted: Map<number, Emitted>
  readonly texts: Map<string, string>
}

type Line = string | (() => string)

/** The parts of a column that generated code can name. */
export type ColumnPart = 'values' | 'lanes' | 'validity' | 'starts' | 'ends' | 'self'

/** A column of the batch, or one of its children: positions from the batch down. */
export type ColumnPath = readonly [number, ...number[]]

const PART_SUFFIX: Record<ColumnPart, string> = {
  values: 'v',
  lanes: 'l',
  validity: 'n',
  starts: 's',
  ends: 'e',
  self: 'k',
}

const freshScope = (): Scope => ({ emitted: new Map(), texts: new Map() })

/** One generated function over the rows of one batch. Not for reuse after `text()`. */
export class LoopCode {
  readonly schema: Schema
  readonly batch: string
  readonly row: string
  readonly clock: string
  readonly readColumn: LoopOptions['readColumn']
  readonly #prefix: string
  #lines: Line[] = []
  #indent = 1
  #names = 0
  readonly #scopes: Scope[] = [freshScope()]
  readonly #bound = new Map<unknown, string>()
  readonly #boundNames = new Set<string>()
  readonly #columns = new Map<string, { from: string; parts: Set<ColumnPart> }>()
  readonly #keys = new ExprKeys()
  readonly #userCalls: UserCalls
  /** What is TRUE where `emit` is called from outside. */
  readonly #conditions: Expr[] = []
  #depth = 0

  constructor(schema: Schema, options: LoopOptions = {}) {
    this.schema = schema
    this.batch = options.batch ?? 'batch'
    this.row = options.row ?? 'i'
    this.clock = options.clock ?? 'clock'
    this.readColumn = options.readColumn
    this.#prefix = options.prefix ?? ''
    this.#userCalls = new UserCalls(() => new LoopCode(schema, options))
  }

  /** Appends the statements that compute `expr` to the current block, unless they are already
   *  there; the result is valid to the end of the block. */
  emit(expr: Expr): Emitted {
    const key = this.#keys.of(expr)
    for (let i = this.#scopes.length - 1; i >= 0; i--) {
      const known = this.#scopes[i].emitted.get(key)
      if (known !== undefined) return known
    }
    if (this.#depth === 0) this.#userCalls.announce(expr, this.#conditions)
    this.#depth++
    const emitted = this.#generate(expr)
    this.#depth--
    this.#scope().emitted.set(key, emitted)
    return emitted
  }

  #generate(expr: Expr): Emitted {
    switch (expr.kind) {
      case 'column':
        return this.readColumn?.(expr, this) ?? emitColumn(expr, this)
      case 'literal':
        return emitLiteral(expr, this)
      case 'call':
        return emitCall(expr, this)
      case 'cast':
        return emitCast(expr, this)
      case 'case':
        return emitCase(expr, this)
    }
  }

  /** Runs `body` only for rows where the condition is TRUE. Of an AND, what stands right runs only
   *  for rows that passed the left. */
  whenTrue(condition: Expr, body: () => void): void {
    const parts = flattened(condition, 'AND')
    if (parts.length === 1) {
      this.block(`if (${isTrue(this.emit(condition))})`, () => this.#under([condition], body))
      return
    }
    this.labelled('all', (exit) => {
      for (const [i, part] of parts.entries()) {
        this.#under(parts.slice(0, i), () =>
          this.line(`if (!(${isTrue(this.emit(part))})) ${exit}`),
        )
      }
      this.#under(parts, body)
    })
  }

  #under(conditions: readonly Expr[], body: () => void): void {
    this.#conditions.push(...conditions)
    body()
    this.#conditions.length -= conditions.length
  }

  /** Appends a statement as it is. A function is called when all is emitted. */
  line(text: Line): void {
    const indent = '  '.repeat(this.#indent)
    if (typeof text === 'string') this.#lines.push(indent + text)
    else {
      this.#lines.push(() => {
        const late = text()
        return late === '' ? '' : indent + late
      })
    }
  }

  /** `header { body }`. What is emitted inside is known only inside. */
  block(header: string, body: () => void): void {
    this.line(`${header} {`)
    this.#nested(body)
    this.line('}')
  }

  /** `if (test) { yes } else { no }`. */
  branch(test: string, yes: () => void, no: () => void): void {
    this.line(`if (${test}) {`)
    this.#nested(yes)
    this.line('} else {')
    this.#nested(no)
    this.line('}')
  }

  /** `label: { body }`; `exit` is the statement that leaves it. Long chains of conditions are flat
   *  this way, where nested ifs would be as deep as they are many. */
  labelled(prefix: string, body: (exit: string) => void): void {
    const label = this.name(prefix)
    this.block(`${label}:`, () => body(`break ${label}`))
  }

  #nested(body: () => void): void {
    this.#indent++
    this.#scopes.push(freshScope())
    body()
    this.#scopes.pop()
    this.#indent--
  }

  /** A fresh variable name. */
  name(prefix: string): string {
    return `${this.#prefix}${prefix}${this.#names++}`
  }

  /** `const name = value`, unless the value is a name or a literal already; returns the name. */
  constant(prefix: string, value: string): string {
    if (/^(?:[A-Za-z_]\w*|\d+)$/.test(value)) return value
    const name = this.name(prefix)
    this.line(`const ${name} = ${value}`)
    return name
  }

  /** `let name = value`. */
  variable(prefix: string, value: string): string {
    const name = this.name(prefix)
    this.line(`let ${name} = ${value}`)
    return name
  }

  /** Makes `value` a parameter of the generated function; returns its name. `hint` is for readers
   *  of the source and must be an identifier. */
  bind(value: unknown, hint = 'k'): string {
    const known = this.#bound.get(value)
    if (known !== undefined) return known
    const name = this.name(/^[A-Za-z]\w*$/.test(hint) ? `${hint}_` : 'k')
    this.#bound.set(value, name)
    this.#boundNames.add(name)
    return name
  }

  /** The bound values by name, for `compile`. */
  get bound(): ReadonlyMap<unknown, string> {
    return this.#bound
  }

  /** The name of a part of an input column (or of one inside it); `columnSetup` will define it. */
  column(path: number | ColumnPath, part: ColumnPart): string {
    const [index, ...inner] = typeof path === 'number' ? [path] : path
    const id = [index, ...inner].join('_')
    const children = inner.map((child) => `.children[${child}]`).join('')
    const from = `${this.#columnSource(index)}${children}`
    const known = this.#columns.get(id) ?? { from, parts: new Set() }
    known.parts.add(part)
    this.#columns.set(id, known)
    return this.#partName(id, part)
  }

  /** The column of a user function's results: `columnSetup` has them made. */
  userColumn(call: CallExpr): number {
    return this.schema.fields.length + this.#userCalls.plan(call)
  }

  #columnSource(index: number): string {
    const { length } = this.schema.fields
    return index < length
      ? `${this.batch}.columns[${index}]`
      : `${this.#prefix}made[${index - length}]`
  }

  #partName = (id: string, part: ColumnPart): string => `${this.#prefix}c${id}${PART_SUFFIX[part]}`

  /** Statements that name the parts of the input columns that were used. To stand before the loop;
   *  call it after everything is emitted. */
  columnSetup(): string {
    const lines: string[] = []
    if (!this.#userCalls.isEmpty) {
      const prepare = this.bind(this.#userCalls.prepare(), 'callFunctions')
      lines.push(`  const ${this.#prefix}made = ${prepare}(${this.batch}, ${this.clock})`)
    }
    const byPlace = [...this.#columns].sort(
      ([a], [b]) => Number.parseInt(a, 10) - Number.parseInt(b, 10),
    )
    for (const [id, { from, parts }] of byPlace) {
      for (const part of parts) {
        const value = part === 'self' ? from : `${from}.${part}`
        lines.push(`  const ${this.#partName(id, part)} = ${value}`)
      }
    }
    return lines.join('\n')
  }

  /** All statements appended so far. */
  text(): string {
    return this.#lines
      .map((line) => (typeof line === 'string' ? line : line()))
      .filter((line) => line !== '')
      .join('\n')
  }

  /** Whether the heap's name stands for the same bytes in every row. */
  isStable(heap: string): boolean {
    return this.#boundNames.has(heap) || /^\w*c\d+(?:_\d+)*v$/.test(heap)
  }

  /** Evaluates `make` only where `isNull` is not true, and keeps its value for after that; where it
   *  is true the value is harmless. */
  unlessNull(type: DataType, isNull: string, make: () => Piece | Emitted): Emitted {
    if (isNull === 'false') {
      const made = make()
      return 'isNull' in made ? made : { ...made, isNull }
    }
    const merge = new Merge(this, type)
    if (isNull !== 'true') {
      this.block(`if (!(${isNull}))`, () => {
        const made = make()
        merge.assign('isNull' in made ? made : { ...made, isNull: 'false' })
      })
    }
    return merge.result()
  }

  /** A value of several branches; see `Merge`. */
  merge(type: DataType): Merge {
    return new Merge(this, type)
  }

  /** The value as JavaScript that a bound function takes: number, boolean, string, Uint8Array. */
  asValue(emitted: Piece, type: DataType): string {
    return emitted.form === 'slice' ? this.#decoded(emitted, type) : emitted.value
  }

  #decoded(slice: Slice, type: DataType): string {
    const expression = this.decodeExpression(slice, type)
    for (let i = this.#scopes.length - 1; i >= 0; i--) {
      const known = this.#scopes[i].texts.get(expression)
      if (known !== undefined) return known
    }
    const name = this.constant('t', expression)
    this.#scope().texts.set(expression, name)
    return name
  }

  /** JavaScript that makes the JS value of a slice. */
  decodeExpression({ heap, start, end }: Slice, type: DataType): string {
    if (type.kind === 'bytes') return `${heap}.slice(${start}, ${end})`
    return `${this.bind(decodeText, 'decodeText')}(${heap}, ${start}, ${end})`
  }

  /** The value as a slice; undefined if it is a text that is not known before the run. */
  asSlice(piece: Piece): Slice | undefined {
    if (piece.form === 'slice') return piece
    if (piece.form !== 'text' || piece.constant === undefined) return undefined
    return this.bytesConstant(piece.constant)
  }

  /** A constant as a slice of its own bound heap. */
  bytesConstant(value: string | Uint8Array): Slice {
    const bytes = typeof value === 'string' ? this.#bytesOf(value) : value
    return { form: 'slice', heap: this.bind(bytes, 'bytes'), start: '0', end: `${bytes.length}` }
  }

  readonly #encoded = new Map<string, Uint8Array>()
  #bytesOf(value: string): Uint8Array {
    const bytes = this.#encoded.get(value) ?? encodeText(value)
    this.#encoded.set(value, bytes)
    return bytes
  }

  #scope(): Scope {
    return this.#scopes[this.#scopes.length - 1]
  }
}
