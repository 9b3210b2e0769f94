/** The pattern variables of a MATCH_RECOGNIZE: those of PATTERN, their unions by SUBSET, and which
 *  conditions DEFINE gives them. */

import { fail } from '../../engine/base/errors.ts'
import { didYouMean } from '../../engine/base/nearest.ts'
import type { Expr } from '../../engine/expr/ir.ts'
import type { MatchTerm } from '../../engine/operator/nodes.ts'
import type { Expression, Name } from '../ast.ts'
import { findName } from '../catalog/find-name.ts'
import type { MatchClause, MatchPattern } from '../match-ast.ts'

interface Named {
  readonly name: string
  /** Positions in `list`, ascending. */
  readonly variables: readonly number[]
}

const VARIABLES_MAX = 200

export class MatchVariables {
  /** The variables of PATTERN, in order of appearance. */
  readonly list: string[] = []
  readonly #subsets: Named[] = []

  /** DUPLICATE_NAME for two subsets or a subset named like a variable; INVALID_ARGUMENT for members
   *  that are not in PATTERN. */
  constructor({ pattern, subsets }: Pick<MatchClause, 'pattern' | 'subsets'>) {
    this.#collect(pattern)
    for (const { name, members } of subsets) {
      if (this.find(name) !== undefined) {
        fail('DUPLICATE_NAME', `There are two pattern variables ${name.text}`, { at: name.at })
      }
      const variables = new Set(members.flatMap((member) => this.expect(member)))
      this.#subsets.push({ name: name.text, variables: [...variables].toSorted((a, b) => a - b) })
    }
  }

  #collect(pattern: MatchPattern): void {
    if (pattern.kind === 'variable') {
      if (this.#position(pattern.name) < 0) this.#add(pattern.name)
    } else if (pattern.kind === 'repeat') this.#collect(pattern.part)
    else for (const part of pattern.parts) this.#collect(part)
  }

  #add({ text, at }: Name): void {
    if (this.list.push(text) <= VARIABLES_MAX) return
    fail('LIMIT_EXCEEDED', `PATTERN has at most ${VARIABLES_MAX} variables`, { at })
  }

  #position({ text }: Name): number {
    const [found] = findName(text, this.list, (name) => name)
    return found === undefined ? -1 : this.list.indexOf(found)
  }

  /** The variables that the name stands for; undefined if there is none of the name. */
  find(name: Name): readonly number[] | undefined {
    const position = this.#position(name)
    if (position >= 0) return [position]
    return findName(name.text, this.#subsets, (subset) => subset.name)[0]?.variables
  }

  /** As `find`, but INVALID_ARGUMENT if there is none. */
  expect(name: Name): readonly number[] {
    const found = this.find(name)
    if (found !== undefined) return found
    const known = [...this.list, ...this.#subsets.map((subset) => subset.name)]
    return fail('INVALID_ARGUMENT', `There is no pattern variable ${name.text} in PATTERN`, {
      at: name.at,
      hint: didYouMean(name.text, known) ?? `It has ${known.join(', ')}.`,
    })
  }

  /** What the variables are called together. */
  nameOf(variables: readonly number[]): string {
    const same = (other: readonly number[]) => other.join() === variables.join()
    const subset = this.#subsets.find((one) => variables.length > 1 && same(one.variables))
    return subset?.name ?? variables.map((variable) => this.list[variable]).join('|')
  }

  bindPattern(pattern: MatchPattern): MatchTerm {
    const all = (parts: readonly MatchPattern[]) => parts.map((part) => this.bindPattern(part))
    switch (pattern.kind) {
      case 'variable':
        return { kind: 'variable', variable: this.#position(pattern.name) }
      case 'sequence':
        return { kind: 'sequence', terms: all(pattern.parts) }
      case 'choice':
        return { kind: 'choice', terms: all(pattern.parts) }
      case 'repeat': {
        const { from, to, reluctant } = pattern
        return { kind: 'repeat', term: this.bindPattern(pattern.part), from, to, reluctant }
      }
    }
  }

  /** The conditions by variable. INVALID_ARGUMENT for a subset, or for a variable that PATTERN does
   *  not have; DUPLICATE_NAME for two conditions of one variable. */
  bindDefines(
    defines: MatchClause['defines'],
    bind: (condition: Expression, variable: number) => Expr,
  ): (Expr | undefined)[] {
    const conditions = new Array<Expr | undefined>(this.list.length).fill(undefined)
    for (const { name, condition } of defines) {
      const [variable] = this.expect(name)
      if (this.#position(name) < 0) {
        fail('INVALID_ARGUMENT', `${name.text} is a SUBSET; DEFINE its variables`, { at: name.at })
      }
      if (conditions[variable] !== undefined) {
        fail('DUPLICATE_NAME', `${name.text} is defined twice`, { at: name.at })
      }
      conditions[variable] = bind(condition, variable)
    }
    return conditions
  }
}
