/** Numbers for expressions such that equal expressions get equal numbers: how generated code finds
 *  out that something is already computed. Positions in the statement do not count. */

import { typeName } from '../batch/types.ts'
import type { Expr, Value } from './ir.ts'

export class ExprKeys {
  readonly #ids = new Map<string, number>()
  readonly #seen = new Map<Expr, number>()
  #unique = 0

  of(expr: Expr): number {
    const seen = this.#seen.get(expr)
    if (seen !== undefined) return seen
    const id = this.#idOf(expr)
    this.#seen.set(expr, id)
    return id
  }

  #idOf(expr: Expr): number {
    const text = this.#describe(expr)
    const known = this.#ids.get(text)
    if (known !== undefined) return known
    const id = this.#ids.size
    this.#ids.set(text, id)
    return id
  }

  #describe(expr: Expr): string {
    switch (expr.kind) {
      case 'column':
        return `column ${expr.index} ${expr.nullable}`
      case 'literal':
        return `literal ${typeName(expr.type)} ${this.#value(expr.value)}`
      case 'call':
        return `call ${expr.name} ${typeName(expr.type)} ${this.#all(expr.args)}`
      case 'cast':
        return `cast ${typeName(expr.type)} ${expr.safe} ${this.of(expr.arg)}`
      case 'case': {
        const branches = expr.branches.flatMap((branch) => [branch.when, branch.then])
        return `case ${typeName(expr.type)} ${this.#all([...branches, expr.otherwise])}`
      }
    }
  }

  #all(exprs: readonly Expr[]): string {
    return exprs.map((expr) => this.of(expr)).join(' ')
  }

  #value(value: Value): string {
    if (typeof value === 'object' && value !== null) return `unique ${this.#unique++}`
    return `${typeof value} ${Object.is(value, -0) ? '-0' : String(value)}`
  }
}
