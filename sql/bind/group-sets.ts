/** The keys of GROUP BY and the sets of them: one, or those of GROUPING SETS, ROLLUP and CUBE. */

import { fail, type Span } from '../../engine/base/errors.ts'
import type { Field } from '../../engine/batch/schema.ts'
import { BIGINT } from '../../engine/batch/types.ts'
import type { Expr } from '../../engine/expr/ir.ts'
import { bigint } from '../../engine/expr/literal.ts'
import { resolveCall, resolveCase } from '../../engine/expr/resolve.ts'
import { makeExpand } from '../logical/make-rows.ts'
import { fieldsOf, type LogicalNode } from '../logical/node.ts'
import { sameExpr } from '../logical/same-expr.ts'
import { keyField } from './correlation.ts'
import { placeholder } from './placeholder.ts'
import { columnExpr } from './scope.ts'

/** More sets than this are surely a mistake. */
const SETS_MAX = 1024

/** Rows once per set, and what to group them by. */
export interface Expanded {
  readonly node: LogicalNode
  /** What stands for each key in the node. */
  readonly keys: readonly Expr[]
  /** The column of the set's number, which is one more key. */
  readonly setColumn: Expr | undefined
}

export class GroupSets {
  readonly keys: Expr[] = []
  /** Positions in `keys`. */
  #sets: (readonly number[])[] = [[]]

  /** Adds a key to all sets. */
  add(key: Expr): void {
    const place = this.#place(key)
    this.#sets = this.#sets.map((set) => (set.includes(place) ? set : [...set, place]))
  }

  /** Adds one item of GROUP BY with several sets: every set there is goes with every new one. */
  addSets(sets: readonly (readonly Expr[])[], at: Span): void {
    const added = sets.map((set) => set.map((key) => this.#place(key)))
    if (this.#sets.length * added.length > SETS_MAX) {
      fail('LIMIT_EXCEEDED', `More than ${SETS_MAX} grouping sets`, { at })
    }
    const all = this.#sets.flatMap((set) => added.map((more) => [...new Set([...set, ...more])]))
    // Those without keys come last, where `expand` leaves them out.
    this.#sets = [...all.filter((set) => set.length > 0), ...all.filter((set) => set.length === 0)]
  }

  #place(key: Expr): number {
    const known = this.keys.findIndex((other) => sameExpr(other, key))
    return known >= 0 ? known : this.keys.push(key) - 1
  }

  /** Whether every set has the key. */
  isEverywhere(place: number): boolean {
    return this.#sets.every((set) => set.includes(place))
  }

  /** The numbers of the sets without keys, whose group is there even if it has no rows; none if
   *  there is but one set. */
  get emptySets(): readonly number[] {
    if (this.#sets.length === 1) return []
    return this.#sets.flatMap((set, number) => (set.length === 0 ? [number] : []))
  }

  /** GROUPING(a, b): one bit per key, the last one lowest; 1 where the row's set does not have it.
   *  Without keys: of all keys (GROUPING_ID). INVALID_AGGREGATE if one is no key. */
  grouping(args: readonly Expr[], name: string, at: Span): Expr {
    const places = args.map((arg) => {
      const place = this.keys.findIndex((key) => sameExpr(key, arg))
      if (place >= 0) return place
      return fail('INVALID_AGGREGATE', `${name} takes the keys of GROUP BY`, { at: arg.at ?? at })
    })
    const masks = this.#sets.map((set) =>
      places.reduce((mask, place) => mask * 2 + (set.includes(place) ? 0 : 1), 0),
    )
    if (masks.every((mask) => mask === masks[0])) return { ...bigint(masks[0]), at }
    const set = placeholder('set-number', 0, { name: '$set', type: BIGINT, nullable: false, at })
    const branches = masks.slice(1).map((mask, i) => ({
      when: resolveCall('=', [set, bigint(i + 1)], at),
      then: bigint(mask),
    }))
    return resolveCase(branches, bigint(masks[0]), at)
  }

  /** The rows of the input once per set that has keys. With one set they are the input's. */
  expand(input: LogicalNode): Expanded {
    if (this.#sets.length === 1) return { node: input, keys: this.keys, setColumn: undefined }
    const partial = this.keys.map((_, i) => i).filter((i) => !this.isEverywhere(i))
    const withKeys = this.#sets.slice(0, this.#sets.length - this.emptySets.length)
    const sets = withKeys.map((set) =>
      partial.flatMap((place, i) => (set.includes(place) ? [i] : [])),
    )
    const added: Field[] = [
      ...partial.map((place) => ({ ...keyField(this.keys[place]), nullable: true })),
      { name: '$set', type: BIGINT, nullable: false },
    ]
    const node = makeExpand(input, { keys: partial.map((place) => this.keys[place]), sets }, added)
    const width = fieldsOf(input).length
    const keys = this.keys.map((key, i) =>
      partial.includes(i) ? columnExpr(node.schema, width + partial.indexOf(i)) : key,
    )
    return { node, keys, setColumn: columnExpr(node.schema, width + partial.length) }
  }
}
