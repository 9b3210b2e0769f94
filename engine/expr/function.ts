/** The contract of a scalar function. Adding one is one entry in `functions/<family>.ts` and one
 *  test; the documentation, SHOW FUNCTIONS, the interpreter and the compiler follow from it.
 *  Operators (`+`, `=`, `AND`, `LIKE`) are functions too. */

import type { DataType } from '../batch/types.ts'
import type { LoopCode } from './codegen.ts'
import type { Emitted, Piece } from './emitted.ts'
import type { CallExpr, Expr, LiteralExpr, Value } from './ir.ts'

export type Family =
  | 'comparison'
  | 'logic'
  | 'arithmetic'
  | 'math'
  | 'string'
  | 'pattern'
  | 'conditional'
  | 'temporal'
  | 'collection'
  | 'json'
  | 'hashing'
  | 'conversion'

/** The argument types a call is converted to, and its result. */
export interface Signature {
  readonly args: readonly DataType[]
  readonly type: DataType
}

/** A call for the documentation, run by the tests: `result` is the value as CAST(… AS STRING)
 *  prints it, or 'NULL'. */
export interface Example {
  readonly args: readonly LiteralExpr[]
  readonly result: string
}

/** The function over values; which arguments it takes follows from the signature. */
export type Apply = (...args: never[]) => Value

/** A part of a lazy call: evaluates one argument. */
export type Thunk = () => Value

interface FunctionBase {
  readonly name: string
  readonly aliases?: readonly string[]
  readonly family: Family
  /** One or two sentences. */
  readonly doc: string
  /** The forms it is called in, for the documentation and for errors: `LPAD(text, length)`. */
  readonly syntax: readonly string[]
  readonly examples: readonly Example[]
  /** Examples in forms that are no plain calls, as SQL. */
  readonly forms?: readonly { readonly sql: string; readonly result: string }[]
  /** Made by the binder: not in the documentation. */
  readonly internal?: true
}

interface TypedFunction extends FunctionBase {
  /** The signature for these arguments, or undefined if it takes no such. May raise a better error
   *  itself. Implicit conversion to the signature's types is the caller's. */
  resolve(args: readonly Expr[]): Signature | undefined
}

/** A function of its arguments' values. */
export interface PlainFunction extends TypedFunction {
  /** 'strict': NULL if an argument is; `evaluate` and `emit` never see one. 'custom': they do. */
  readonly nulls: 'strict' | 'custom'
  /** Whether it can be NULL: 'args' (the default) if an argument can be. */
  readonly nullable?: 'args' | 'always' | 'never'
  /** It reads the epoch's clock: `evaluate`'s function takes it as its first argument. */
  readonly clock?: true
  /** Every call of a statement has chance of its own: the resolver adds an INT argument that tells
   *  the calls apart, their place in the text. */
  readonly volatile?: true
  /** The meaning: the function for a call with these types, made once per call in the query.
   *  Errors it raises carry `call.at`. */
  evaluate(call: CallExpr): Apply
  /** Inline JavaScript; undefined: the generated code calls what `evaluate` gives. */
  readonly emit?: Emit
  /** Generated code for the call and its arguments together, for what need not make an argument's
   *  whole value; undefined: not for this call. */
  emitWhole?(call: CallExpr, code: LoopCode): Emitted | undefined
}

/** Appends statements to `code` if it needs any and returns the value. `args` are never NULL
 *  ('strict') or carry their NULL test ('custom'). */
export interface Emit {
  /** The value is harmless on arbitrary non-NULL input (it raises nothing), so it needs no guard
   *  against NULL rows. */
  readonly total: boolean
  /** undefined: not for this call; use `evaluate`. */
  piece(args: readonly Emitted[], code: LoopCode, call: CallExpr): Piece | Emitted | undefined
}

/** A function that does not evaluate all its arguments: AND, OR, COALESCE. */
export interface LazyFunction extends TypedFunction {
  readonly nulls: 'lazy'
  /** Whether it can be NULL, given whether each argument can. */
  nullable(args: readonly boolean[]): boolean
  lazy(call: CallExpr): (args: readonly Thunk[]) => Value
  emitLazy(call: CallExpr, code: LoopCode): Emitted
}

/** A function that stands for another expression: BETWEEN, IF, NULLIF. It is replaced when it is
 *  resolved, so plans never hold it. */
export interface MacroFunction extends FunctionBase {
  readonly nulls: 'macro'
  /** Fewest and most arguments. */
  readonly arity: readonly [number, number]
  expand(args: readonly Expr[], make: Maker): Expr
}

/** What a macro expands with: the resolver, at the place of the macro's call. */
export interface Maker {
  call(name: string, ...args: readonly Expr[]): Expr
  /** CASE WHEN when THEN then ELSE otherwise END. */
  choose(when: Expr, then: Expr, otherwise: Expr | undefined): Expr
}

export type ScalarFunction = PlainFunction | LazyFunction | MacroFunction

/** Marks an emit as needing no guard against NULL rows. */
export const total = (piece: Emit['piece']): Emit => ({ total: true, piece })

/** Marks an emit as only valid where no argument is NULL. */
export const guarded = (piece: Emit['piece']): Emit => ({ total: false, piece })
