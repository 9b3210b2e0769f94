/** Decides which operator binds what. The grammar gives chains of operands and operators in the
 *  order of the text; this climbs them by the levels of `rewrite/level.ts`, exactly as PostgreSQL
 *  reads them. */

import { assert } from '../../engine/base/assert.ts'
import { fail, type Span } from '../../engine/base/errors.ts'
import type { Expression } from '../ast.ts'
import type { ParseLimits } from './limits.ts'
import { LEVEL } from './rewrite/level.ts'
import type {
  CaseSlot,
  InfixSlot,
  OperandSlot,
  PostfixSlot,
  PrefixSlot,
  SeparatorSlot,
} from './rewrite/slot.ts'
import { spanOver } from './token.ts'

/** An element of a chain. A postfix operator brings its arguments in brackets. */
export type Element =
  | OperandSlot
  | PrefixSlot
  | InfixSlot
  | SeparatorSlot
  | CaseSlot
  | { readonly is: 'postfix'; readonly slot: PostfixSlot; readonly args: readonly Expression[] }

type Postfix = Extract<Element, { is: 'postfix' }>

/** Chains of AND and OR up to this length stay as they are written; longer ones are balanced. */
const WRITTEN_MAX = 16

/** The expression of a chain. SYNTAX where operators do not fit, LIMIT_EXCEEDED for a chain whose
 *  tree would be too deep. */
export function normalise(elements: readonly Element[], limits: ParseLimits): Expression {
  const [only] = elements
  if (elements.length === 1 && only.is === 'operand') return only.value
  const climb = new Climb(elements, limits)
  const value = climb.expression(0)
  climb.finish()
  return value
}

class Climb {
  readonly #elements: readonly Element[]
  readonly #limits: ParseLimits
  #index = 0
  #depth = 0

  constructor(elements: readonly Element[], limits: ParseLimits) {
    this.#elements = elements
    this.#limits = limits
  }

  /** An expression whose operators are all of `level` or tighter. */
  expression(level: number): Expression {
    let left = this.#primary()
    // The level of the last operator, if it cannot stand beside one of the same level.
    let unchained = 0
    for (let links = 0; ; links++) {
      const next = this.#elements[this.#index]
      if (next?.is !== 'infix' && next?.is !== 'postfix') return left
      const operator = next.is === 'infix' ? next : next.slot
      if (operator.level < level) return left
      if (operator.level === unchained) this.#cannotChain(operator.at)
      if (links > this.#limits.chainMax) this.#tooLong(operator.at)
      this.#index++
      if (next.is === 'postfix') {
        left = applied(next, left)
        unchained = 0
      } else if (next.level === LEVEL.AND || next.level === LEVEL.OR) {
        left = this.#terms(next, left)
        unchained = 0
      } else {
        left = this.#infix(next, left)
        unchained = next.chains ? 0 : next.level
      }
    }
  }

  /** SYNTAX if something is left over. */
  finish(): void {
    const rest = this.#elements[this.#index]
    if (rest === undefined) return
    assert(rest.is === 'separator', `${rest.is} is left over`)
    fail('SYNTAX', 'Unexpected "ESCAPE"', {
      at: rest.at,
      hint: 'ESCAPE stands behind the pattern of LIKE, ILIKE or SIMILAR TO',
    })
  }

  #primary(): Expression {
    const element = this.#elements[this.#index++]
    if (element.is === 'operand') return element.value
    assert(element.is === 'prefix', `${element.is} is no operand`)
    if (++this.#depth > this.#limits.nestingMax) this.#tooLong(element.at)
    const arg = this.expression(element.level)
    this.#depth--
    return element.apply(arg, spanOver(element.at, arg.at))
  }

  #infix(operator: InfixSlot, left: Expression): Expression {
    const args = [left, this.expression(operator.level + 1)]
    const third = this.#elements[this.#index]
    if (operator.third === 'AND') {
      if (third?.is !== 'infix' || third.operator !== 'AND') this.#noAnd(operator, third)
      this.#index++
      args.push(this.expression(operator.level + 1))
    } else if (operator.third === 'ESCAPE' && third?.is === 'separator') {
      this.#index++
      args.push(this.expression(operator.level + 1))
    }
    return operator.apply(args, spanOver(left.at, args[args.length - 1].at))
  }

  /** All terms of an AND or OR chain. A long chain becomes a balanced tree, which means the same
   *  and is not deep; the order of the terms stays. */
  #terms(first: InfixSlot, left: Expression): Expression {
    const terms = [left, this.expression(first.level + 1)]
    const operators = [first]
    for (;;) {
      const next = this.#elements[this.#index]
      if (next?.is !== 'infix' || next.level !== first.level) break
      this.#index++
      operators.push(next)
      terms.push(this.expression(first.level + 1))
    }
    return terms.length <= WRITTEN_MAX
      ? terms.reduce((tree, term, i) => joined(operators[i - 1], tree, term))
      : balanced(terms, operators, 0, terms.length)
  }

  #noAnd(operator: InfixSlot, found: Element | undefined): never {
    const at = found === undefined ? operator.at : placeOf(found)
    fail('SYNTAX', 'BETWEEN needs AND and an upper bound', {
      at,
      hint: 'Write x BETWEEN low AND high, with brackets around a bound that compares',
    })
  }

  #cannotChain(at: Span): never {
    fail('SYNTAX', 'Comparisons cannot be chained', {
      at,
      hint: 'Put brackets around the first one, or write a < b AND b < c',
    })
  }

  #tooLong(at: Span): never {
    fail('LIMIT_EXCEEDED', 'The expression has too many operators inside one another', {
      at,
      hint: 'Split it with brackets or a view',
    })
  }
}

const applied = ({ slot, args }: Postfix, left: Expression): Expression =>
  slot.apply(left, args, spanOver(left.at, slot.at))

const joined = (operator: InfixSlot, left: Expression, right: Expression): Expression =>
  operator.apply([left, right], spanOver(left.at, right.at))

function balanced(
  terms: readonly Expression[],
  operators: readonly InfixSlot[],
  from: number,
  to: number,
): Expression {
  if (to - from === 1) return terms[from]
  const middle = (from + to) >> 1
  return joined(
    operators[middle - 1],
    balanced(terms, operators, from, middle),
    balanced(terms, operators, middle, to),
  )
}

function placeOf(element: Element): Span {
  if (element.is === 'operand') return element.value.at
  return element.is === 'postfix' ? element.slot.at : element.at
}
