/** The only place that turns text into code. The text comes from `LoopCode`, which puts no value
 *  of a statement into it; bound values arrive as parameters. */

import type { LoopCode } from './codegen.ts'

/** A generated function and its source, for EXPLAIN CODE. */
export type Generated<F> = F & { readonly source: string }

let serial = 0
let collected: string[] | undefined

/** The sources of everything that is compiled while `action` runs, in order. */
export function sourcesOf(action: () => void): string[] {
  const outer = collected
  const own: string[] = []
  collected = own
  try {
    action()
  } finally {
    collected = outer
  }
  return own
}

/** A function of `params` whose body is `body`, by default the column setup and then everything
 *  that was appended to `code`. `name` is for profiles and must be an identifier. */
export function compile<F extends (...args: never[]) => unknown>(
  code: LoopCode,
  params: readonly string[],
  body?: string,
  name = 'loop',
): Generated<F> {
  const statements = body ?? [code.text(), code.columnSetup()].reverse().join('\n')
  const source = `function ${name}(${params.join(', ')}) {\n${statements}\n}`
  collected?.push(source)
  const bound = [...code.bound]
  // A text of its own for each function: V8 shares the type feedback of functions with equal text,
  // and one query's values must not slow another's.
  const text = `'use strict'\nreturn ${source}\n//# sourceURL=millrace/${name}-${serial++}.js`
  const make = new Function(...bound.map(([, id]) => id), text)
  const generated = make(...bound.map(([value]) => value)) as F
  return Object.assign(generated, { source })
}
