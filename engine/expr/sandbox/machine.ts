/** The sandbox itself: a JavaScript interpreter compiled to WebAssembly, without access to anything
 *  outside its own memory. Every function has a runtime of its own, with limits. The only importer
 *  of QuickJS. */

import {
  newQuickJSWASMModuleFromVariant,
  type QuickJSContext,
  type QuickJSHandle,
  type QuickJSWASMModule,
} from 'quickjs-emscripten-core'
import { driverText } from './driver.ts'
import { PRELUDE } from './prelude.ts'
import type { Program, SandboxReply, Vector } from './protocol.ts'

/** What a function's values may take together. */
const MEMORY_BYTES_MAX = 64 * 1024 * 1024
const STACK_BYTES_MAX = 256 * 1024
/** Of one call: loop turns and calls, in ten thousands, because that is how often the interpreter
 *  asks. Steps and not time, so that a replay ends where the first run did (law 1). */
const TICKS_MAX = 2000
/** The interpreter's own texts for what went over a limit. */
const EXCEEDED = { 'out of memory': 'memory', 'stack overflow': 'stack' } as const

/** Loads the interpreter. */
export async function openMachine(): Promise<Machine> {
  return new Machine(
    await newQuickJSWASMModuleFromVariant(import('@jitl/quickjs-wasmfile-release-sync')),
  )
}

export class Machine {
  readonly #module: QuickJSWASMModule
  readonly #realms = new Map<number, Realm | SandboxReply>()

  constructor(module: QuickJSWASMModule) {
    this.#module = module
  }

  /** Makes a program ready to be called by its number, unless it is. */
  prepare(id: number, program: Program): SandboxReply {
    const known = this.#realms.get(id)
    if (known !== undefined) return known instanceof Realm ? { kind: 'checked' } : known
    const made = makeRealm(this.#module, program)
    this.#realms.set(id, made)
    return made instanceof Realm ? { kind: 'checked' } : made
  }

  call(id: number, count: number, args: readonly Vector[]): SandboxReply {
    const realm = this.#realms.get(id)
    if (realm instanceof Realm) return realm.call(count, args)
    return realm ?? { kind: 'thrown', message: `no program ${id}` }
  }
}

/** The forms a source may have, in the order in which they are tried. The line breaks keep its own
 *  comments from reaching the closing bracket. */
const FORMS = [
  (names: string, source: string) => `function (${names}) {'use strict'; return (\n${source}\n)}`,
  (names: string, source: string) => `function (${names}) {'use strict';\n${source}\n}`,
]

function makeRealm(module: QuickJSWASMModule, program: Program): Realm | SandboxReply {
  const runtime = module.newRuntime()
  runtime.setMemoryLimit(MEMORY_BYTES_MAX)
  runtime.setMaxStackSize(STACK_BYTES_MAX)
  const budget = new Budget()
  runtime.setInterruptHandler(() => budget.spent())
  const context = runtime.newContext()
  context.unwrapResult(context.evalCode(PRELUDE, 'prelude.js')).dispose()
  const made = makeFunction(context, program)
  if ('kind' in made) return made
  const maker = context.unwrapResult(context.evalCode(driverText(program), 'driver.js'))
  const progress = context.newArrayBuffer(new ArrayBuffer(8))
  const view = context.unwrapResult(context.evalCode('(b) => new Int32Array(b)'))
  const cell = context.unwrapResult(context.callFunction(view, context.undefined, progress))
  const run = context.unwrapResult(
    context.callFunction(maker, context.undefined, made.handle, cell),
  )
  budget.watch(() =>
    context
      .getArrayBuffer(progress)
      .consume(({ value }) => new Int32Array(value.slice().buffer)[0]),
  )
  return new Realm(context, run, budget)
}

/** Evaluates the source as a function. What the parser says of a body counts, as that is what most
 *  sources are. */
function makeFunction(
  context: QuickJSContext,
  { parameters, source }: Program,
): { handle: QuickJSHandle } | SandboxReply {
  const names = parameters.map(({ name }) => name).join(', ')
  const whole = context.unwrapResult(context.evalCode(IS_WHOLE))
  let refusal: SandboxReply = { kind: 'syntax', message: 'the body is empty' }
  if (source.trim() === '') return refusal
  for (const form of FORMS) {
    const text = form(names, source)
    const made = context.evalCode(`(${text})`, 'function.js')
    if (made.error !== undefined) {
      refusal = syntaxReply(context, made.error)
      continue
    }
    // A source that closes the brackets around it would leave things behind between calls.
    const expected = context.newString(text)
    const same = context.callFunction(whole, context.undefined, made.value, expected)
    if (context.dump(context.unwrapResult(same)) === true) return { handle: made.value }
    refusal = { kind: 'syntax', message: 'the brackets of the body do not match' }
  }
  return refusal
}

const IS_WHOLE = `(f, text) =>
  typeof f === 'function' && Object.isFrozen(Object.freeze(f)) &&
  Function.prototype.toString.call(f) === text`

function syntaxReply(context: QuickJSContext, error: QuickJSHandle): SandboxReply {
  const { message, stack } = context.dump(error) as { message?: unknown; stack?: unknown }
  const [, line, column] = /function\.js:(\d+):(\d+)/.exec(String(stack)) ?? []
  const known = line === undefined ? {} : { line: Number(line) - 1, column: Number(column) }
  return { kind: 'syntax', message: String(message), ...known }
}

/** Counts the steps of the call that is under way. */
class Budget {
  #ticks = 0
  #row = -1
  #exceeded = false
  #currentRow = (): number => 0

  /** `currentRow` gives the number of the row that is under way. */
  watch(currentRow: () => number): void {
    this.#currentRow = currentRow
  }

  reset(): void {
    this.#ticks = 0
    this.#row = -1
    this.#exceeded = false
  }

  get exceeded(): boolean {
    return this.#exceeded
  }

  spent(): boolean {
    const row = this.#currentRow()
    if (row !== this.#row) {
      this.#row = row
      this.#ticks = 0
    }
    if (++this.#ticks > TICKS_MAX) this.#exceeded = true
    return this.#exceeded
  }
}

/** One function, ready to be called. */
class Realm {
  readonly #context: QuickJSContext
  readonly #run: QuickJSHandle
  readonly #budget: Budget

  constructor(context: QuickJSContext, run: QuickJSHandle, budget: Budget) {
    this.#context = context
    this.#run = run
    this.#budget = budget
  }

  /** After 'exceeded' the machine is in a doubtful state: begin with a new one. */
  call(count: number, args: readonly Vector[]): SandboxReply {
    const context = this.#context
    const given = args.flatMap((arg) => this.#push(arg))
    this.#budget.reset()
    const result = context.callFunction(this.#run, context.undefined, [
      context.newNumber(count),
      ...given,
    ])
    for (const handle of given) handle.dispose()
    if (result.error !== undefined) {
      const error = context.dump(result.error) as { message?: unknown } | null
      result.error.dispose()
      return this.#failed(String(error?.message ?? error))
    }
    const reply = this.#pull(result.value)
    result.value.dispose()
    return this.#budget.exceeded ? { kind: 'exceeded', what: 'steps' } : reply
  }

  #failed(message: string): SandboxReply {
    if (this.#budget.exceeded) return { kind: 'exceeded', what: 'steps' }
    for (const [text, what] of Object.entries(EXCEEDED)) {
      if (message.includes(text)) return { kind: 'exceeded', what }
    }
    return { kind: 'thrown', message }
  }

  #push(vector: Vector): QuickJSHandle[] {
    const context = this.#context
    if (vector.kind === 'texts') {
      return [context.newString(JSON.stringify(vector.texts)), context.null, context.null]
    }
    const { values, nulls, large } = vector
    return [
      context.newArrayBuffer(values.buffer),
      nulls === null ? context.null : context.newArrayBuffer(nulls.buffer),
      large === undefined ? context.null : context.newString(JSON.stringify(large)),
    ]
  }

  #pull(result: QuickJSHandle): SandboxReply {
    const part = (index: number) => this.#context.getProp(result, index)
    const text = (index: number) => part(index).consume((h) => this.#context.getString(h))
    const kind = text(0)
    if (kind === 'texts') return { kind: 'values', values: { kind, texts: JSON.parse(text(1)) } }
    if (kind !== 'numbers') return this.#told(kind, text(1))
    const values = new Float64Array(this.#bytes(part(1)) ?? [])
    const nulls = this.#bytes(part(2))
    const large = part(3).consume((h) => this.#context.dump(h)) as string | null
    return {
      kind: 'values',
      values: {
        kind,
        values,
        nulls: nulls === undefined ? null : new Uint8Array(nulls),
        ...(large === null ? {} : { large: JSON.parse(large) }),
      },
    }
  }

  #told(kind: string, message: string): SandboxReply {
    const failed = kind === 'thrown' ? this.#failed(message) : undefined
    if (failed?.kind === 'exceeded') return failed
    return { kind: kind === 'wrong' ? 'wrong' : 'thrown', message }
  }

  /** A copy of an ArrayBuffer's bytes; undefined for null. */
  #bytes(handle: QuickJSHandle): ArrayBuffer | undefined {
    const context = this.#context
    if (context.typeof(handle) !== 'object' || context.eq(handle, context.null)) return undefined
    const memory = context.getArrayBuffer(handle)
    const copy = new Uint8Array(memory.value).buffer
    memory.dispose()
    handle.dispose()
    return copy
  }
}
