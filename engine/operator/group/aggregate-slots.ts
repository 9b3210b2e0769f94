/** The aggregates of an operator as slots in arrays: where each slot lies, and the code that adds a
 *  row to all of them, merges two groups and reads a result. FILTER, DISTINCT and NULL arguments
 *  are dealt with here. DISTINCT calls of one argument and filter share the table of its values. */

import { fail } from '../../base/errors.ts'
import type { DataType } from '../../batch/types.ts'
import type { LoopCode } from '../../expr/codegen.ts'
import { anyNull, type Emitted, harmless, isByteLike } from '../../expr/emitted.ts'
import { ExprKeys } from '../../expr/expr-keys.ts'
import type { Expr } from '../../expr/ir.ts'
import type { ArrayKind } from '../../state/group-table.ts'
import type { AggregateForm, AggregateFunction } from '../aggregate/aggregate.ts'
import { emitCounting, entriesOf } from '../aggregate/distinct-values.ts'
import { findAggregate } from '../aggregate/index.ts'
import type { AggregateCall } from '../nodes.ts'

interface Placed {
  readonly call: AggregateCall
  readonly entry: AggregateFunction
  readonly form: AggregateForm
  readonly args: readonly DataType[]
  /** Position of each slot's array. */
  readonly slots: ReadonlyMap<string, number>
}

/** DISTINCT calls that see the same values. */
interface DistinctSet {
  readonly arg: Expr
  readonly filter: Expr | undefined
  /** Position of the array of tables, and of the one of counts of NULL. */
  readonly values: number
  readonly nulls: number
  readonly members: Placed[]
}

/** JavaScript for an element of the array at a position. */
export type Element = (index: number) => string

export interface SlotsOptions {
  readonly calls: readonly AggregateCall[]
  /** Position of the first array. */
  readonly first: number
  /** No row will be taken out again. */
  readonly appendOnly: boolean
}

export class AggregateSlots {
  readonly arrays: { readonly kind: ArrayKind; readonly initial: number }[] = []
  readonly #first: number
  readonly #appendOnly: boolean
  readonly #placed: Placed[] = []
  readonly #plain: Placed[] = []
  readonly #sets = new Map<string, DistinctSet>()
  readonly #keys = new ExprKeys()

  constructor({ calls, first, appendOnly }: SlotsOptions) {
    this.#first = first
    this.#appendOnly = appendOnly
    for (const call of calls) {
      const placed = this.#place(call)
      this.#placed.push(placed)
      if (call.distinct && placed.entry.ignoresDistinct !== true)
        this.#setOf(call).members.push(placed)
      else this.#plain.push(placed)
    }
  }

  #place(call: AggregateCall): Placed {
    const entry = findAggregate(call.name) ?? fail('INTERNAL', `no aggregate ${call.name}`)
    const form = this.#appendOnly ? entry : (entry.overChanges ?? entry)
    const args = call.args.map((arg) => arg.type)
    const slots = new Map<string, number>()
    for (const { name, kind, initial } of form.slots(args))
      slots.set(name, this.#array(kind, initial))
    return { call, entry, form, args, slots }
  }

  #array(kind: ArrayKind, initial: number): number {
    this.arrays.push({ kind, initial })
    return this.#first + this.arrays.length - 1
  }

  #setOf({ args: [arg], filter }: AggregateCall): DistinctSet {
    const key = `${this.#keys.of(arg)} ${filter === undefined ? '' : this.#keys.of(filter)}`
    const known = this.#sets.get(key)
    if (known !== undefined) return known
    const [values, nulls] = [this.#array('js', 0), this.#array('f64', 0)]
    const set: DistinctSet = { arg, filter, values, nulls, members: [] }
    this.#sets.set(key, set)
    return set
  }

  /** Emits the adding of the current row; `weight` is JavaScript, '1' for rows without weights. */
  emitAdd(code: LoopCode, weight: string, element: Element): void {
    for (const placed of this.#plain) {
      filtered(code, placed.call.filter, () => {
        const values = placed.call.args.map((arg) => code.emit(arg))
        this.#emitMember(code, placed, values, weight, element)
      })
    }
    for (const set of this.#sets.values()) {
      filtered(code, set.filter, () => this.#emitSet(code, set, weight, element))
    }
  }

  #emitMember(
    code: LoopCode,
    { call, entry, form, args, slots }: Placed,
    values: readonly Emitted[],
    weight: string,
    element: Element,
  ): void {
    const slot = (name: string) => element(slots.get(name)!)
    const isNull = entry.takesNulls === true ? 'false' : anyNull(values)
    const add = () => {
      const order = (call.orderBy ?? []).map((key) => code.emit(key.expr))
      form.add({ code, call, args, slot, values, order, weight })
    }
    if (isNull === 'false') add()
    else if (isNull !== 'true') code.block(`if (!(${isNull}))`, add)
  }

  #emitSet(code: LoopCode, set: DistinctSet, weight: string, element: Element): void {
    const value = code.emit(set.arg)
    const count = () => {
      const counted = this.#appendOnly ? '0' : weight
      const delta = emitCounting(code, set.arg.type, value, element(set.values), counted)
      const known = { ...value, isNull: 'false' }
      code.block(`if (${delta} !== 0)`, () =>
        this.#emitDelta(code, set.members, known, delta, element),
      )
    }
    const takers = set.members.filter(({ entry }) => entry.takesNulls === true)
    if (value.isNull === 'false') count()
    else if (takers.length === 0) code.block(`if (!(${value.isNull}))`, count)
    else {
      const ofNull = () => this.#emitNull(code, set, takers, weight, element)
      code.branch(value.isNull, ofNull, count)
    }
  }

  /** NULL is one value more, for the members that take it. */
  #emitNull(
    code: LoopCode,
    set: DistinctSet,
    takers: readonly Placed[],
    weight: string,
    element: Element,
  ): void {
    const nulls = element(set.nulls)
    const before = code.constant('before', `+(${nulls} > 0)`)
    code.line(`${nulls} += ${weight}`)
    const delta = code.constant('delta', `(${nulls} > 0) - ${before}`)
    code.block(`if (${delta} !== 0)`, () =>
      this.#emitDelta(code, takers, nullOf(set.arg.type), delta, element),
    )
  }

  #emitDelta(
    code: LoopCode,
    members: readonly Placed[],
    value: Emitted,
    delta: string,
    element: Element,
  ): void {
    for (const member of members) {
      code.block('', () => {
        const constants = member.call.args.slice(1).map((arg) => code.emit(arg))
        const weight = this.#appendOnly ? '1' : delta
        this.#emitMember(code, member, [value, ...constants], weight, element)
      })
    }
  }

  /** Emits the adding of another group, whose elements `other` names. */
  emitMerge(code: LoopCode, element: Element, other: Element): void {
    for (const { call, form, args, slots } of this.#plain) {
      const [slot, from] = [element, other].map((name) => (s: string) => name(slots.get(s)!))
      code.block('', () => form.merge({ code, call, args, slot, other: from }))
    }
    for (const set of this.#sets.values()) {
      code.block('', () => this.#emitMergeSet(code, set, element, other))
    }
  }

  #emitMergeSet(code: LoopCode, set: DistinctSet, element: Element, other: Element): void {
    const { type } = set.arg
    const [value, count] = [code.name('value'), code.name('count')]
    const entries = `${code.bind(entriesOf(type), 'entries')}(${other(set.values)})`
    code.block(`if (${other(set.values)} !== undefined)`, () =>
      code.block(`for (const [${value}, ${count}] of ${entries})`, () => {
        const known: Emitted = {
          form: isByteLike(type) ? 'text' : 'scalar',
          value,
          isNull: 'false',
        }
        const counted = this.#appendOnly ? '0' : count
        const delta = emitCounting(code, type, known, element(set.values), counted)
        code.block(`if (${delta} !== 0)`, () =>
          this.#emitDelta(code, set.members, known, delta, element),
        )
      }),
    )
    const takers = set.members.filter(({ entry }) => entry.takesNulls === true)
    if (takers.length > 0) this.#emitNull(code, set, takers, other(set.nulls), element)
  }

  /** Emits the result of call number `i`. */
  emitValue(code: LoopCode, i: number, element: Element): Emitted {
    const { call, form, args, slots } = this.#placed[i]
    return form.value({ code, call, args, slot: (name) => element(slots.get(name)!) })
  }
}

/** The body where the filter is TRUE, in a block of its own. */
function filtered(code: LoopCode, filter: Expr | undefined, body: () => void): void {
  if (filter === undefined) code.block('', body)
  else code.whenTrue(filter, body)
}

const nullOf = (type: DataType): Emitted => ({
  form: isByteLike(type) ? 'text' : 'scalar',
  value: harmless(type),
  isNull: 'true',
})
