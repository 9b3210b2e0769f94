/** Random expressions, made of those that DuckDB and we agree on: a column of one is replaced by
 *  another that has the column's type. */

import type { Random } from '../../../engine/base/random.ts'
import { typeName } from '../../../engine/batch/types.ts'
import { columnsOf, type Expr, mapExpr } from '../../../engine/expr/ir.ts'
import { nullLiteral } from '../../../engine/expr/literal.ts'
import { CASES, COLUMNS } from './duckdb-cases.ts'
import type { Outcome } from './evaluate.ts'

type Pair = readonly [sql: string, expr: Expr]

const TEXT_MAX = 200
const POOL_MAX = 400
const NESTED_OF_10 = 7

/** Doubles are left out: not every result is one that both sides compare alike (NaN). */
const NESTED = COLUMNS.filter(([, type]) => type.kind !== 'double')

export class ExpressionPool {
  readonly #random: Random
  /** By the name of the type: what raises no error in any row. */
  readonly #pool = new Map<string, Pair[]>()
  readonly #depths = new Map<Expr, number>()
  deepest = 0

  constructor(random: Random) {
    this.#random = random
    for (const [, type, sql] of NESTED) {
      this.#pool.set(typeName(type), [[`NULL::${sql}`, nullLiteral(type)]])
    }
  }

  next(): Pair {
    const [sql, expr] = pick(this.#random, CASES)
    const inside = new Map<number, Pair>()
    for (const index of columnsOf(expr)) {
      const candidates = this.#pool.get(typeName(COLUMNS[index][1])) ?? []
      if (candidates.length > 0 && this.#random.below(10) < NESTED_OF_10) {
        inside.set(index, pick(this.#random, candidates))
      }
    }
    const made = mapExpr(expr, (part) =>
      part.kind === 'column' ? (inside.get(part.index)?.[1] ?? part) : part,
    )
    const depths = [...inside.values()].map(([, part]) => this.#depths.get(part) ?? 1)
    this.#depths.set(made, Math.max(0, ...depths) + 1)
    return [withParts(sql, inside), made]
  }

  /** Takes the expression as a part of later ones if it is fit for that. */
  keep([sql, expr]: Pair, outcomes: readonly Outcome[]): void {
    const column = NESTED.find(([, type]) => typeName(type) === typeName(expr.type))
    if (column === undefined || !outcomes.every(isPlain)) return
    const depth = this.#depths.get(expr) ?? 1
    this.deepest = Math.max(this.deepest, depth)
    const pool = this.#pool.get(typeName(expr.type))!
    const pair: Pair = [`(${sql})::${column[2]}`, expr]
    if (pool.length < POOL_MAX) pool.push(pair)
    else pool[this.#random.below(POOL_MAX)] = pair
  }
}

const isPlain = (outcome: Outcome): boolean =>
  'value' in outcome && !(typeof outcome.value === 'string' && outcome.value.length > TEXT_MAX)

const pick = <T>(random: Random, list: readonly T[]): T => list[random.below(list.length)]

/** The columns outside of texts replaced; `day FROM` is a field of EXTRACT. */
function withParts(sql: string, inside: ReadonlyMap<number, Pair>): string {
  return sql
    .split(/('(?:[^']|'')*')/)
    .map((part, i) =>
      i % 2 === 1
        ? part
        : part.replace(/(?<![\w.])([a-z]+)(?!\w|\(|\s+FROM)/g, (name) => {
            const index = COLUMNS.findIndex(([column]) => column === name)
            const found = inside.get(index)
            return found === undefined ? name : `(${found[0]})`
          }),
    )
    .join('')
}
