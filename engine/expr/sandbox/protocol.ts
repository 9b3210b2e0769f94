/** What the sandbox and those who use it say to each other. Plain data: it crosses a thread. */

/** How the values of a type travel and what JavaScript sees.
 *  number: Float64Array. boolean: likewise, 0 or 1. integer: a number, or a BigInt beyond 2^53.
 *  decimal, text: a string. json: any value. bytes: Uint8Array. date, instant: days, microseconds
 *  as numbers; a result may also be a Date. */
export type Shape =
  | { readonly kind: 'boolean' }
  | { readonly kind: 'number' }
  /** Whole numbers from `min` to `max`. */
  | { readonly kind: 'small'; readonly min: number; readonly max: number }
  | { readonly kind: 'integer' }
  | { readonly kind: 'date' }
  | { readonly kind: 'instant' }
  | { readonly kind: 'decimal' }
  | { readonly kind: 'text' }
  | { readonly kind: 'json' }
  | { readonly kind: 'bytes' }

export interface Parameter {
  readonly name: string
  readonly shape: Shape
}

/** A function to run. */
export interface Program {
  readonly parameters: readonly Parameter[]
  readonly result: Shape
  /** What the result is called in messages: `INT`. */
  readonly resultName: string
  /** NULL if an argument is, without a call. */
  readonly strict: boolean
  /** JavaScript: an expression, the body of a function, or a function. */
  readonly source: string
}

/** The values of one argument or of the result, one a row. */
export type Vector =
  /** `nulls`: 1 where the row is NULL; null: nowhere. `large`: [row, digits] of the integers that a
   *  number does not hold. */
  | {
      readonly kind: 'numbers'
      readonly values: Float64Array<ArrayBuffer>
      readonly nulls: Uint8Array<ArrayBuffer> | null
      readonly large?: readonly (readonly [row: number, digits: string])[]
    }
  /** Text, JSON text, digits, or bytes as one character each; null is NULL. */
  | { readonly kind: 'texts'; readonly texts: readonly (string | null)[] }

export interface SandboxRequest {
  /** The same for equal programs. */
  readonly program: number
  /** Sent with the first request about the program. */
  readonly definition?: Program
  /** Absent: only check that the program is JavaScript. */
  readonly call?: { readonly count: number; readonly args: readonly Vector[] }
}

export type SandboxReply =
  | { readonly kind: 'checked' }
  | { readonly kind: 'values'; readonly values: Vector }
  /** It is no JavaScript; place in the source, both from 1. */
  | {
      readonly kind: 'syntax'
      readonly message: string
      readonly line?: number
      readonly column?: number
    }
  /** It threw, or gave something that is not of the result's type. */
  | { readonly kind: 'thrown' | 'wrong'; readonly message: string }
  /** It ran out of steps, memory or stack. */
  | { readonly kind: 'exceeded'; readonly what: 'steps' | 'memory' | 'stack' }
