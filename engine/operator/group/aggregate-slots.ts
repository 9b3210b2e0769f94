/** The aggregates of an operator as slots in arrays: where each slot lies, and the code that adds a
 *  row to all of them, merges two groups and reads a result. FILTER, DISTINCT and NULL arguments
 *  are dealt with here. DISTINCT calls of one argument and filter share the table of its values;
 *  where no row is taken out again, so do those of other filters: the table has a bit for each. */

import { fail } from '../../base/errors.ts'
import type { DataType } from '../../batch/types.ts'
import type { LoopCode } from '../../expr/codegen.ts'
import { anyNull, type Emitted, harmless, isByteLike } from '../../expr/emitted.ts'
import { ExprKeys } from '../../expr/expr-keys.ts'
import type { Expr } from '../../expr/ir.ts'
import type { ArrayKind } from '../../state/group-table.ts'
import type { AggregateForm, AggregateFunction } from '../aggregate/aggregate.ts'
import { emitCounting, emitMarking, entriesOf } from '../aggregate/distinct-values.ts'
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
  readonly filter: Expr | undefined
  /** Position of the array of counts of NULL. */
  readonly nulls: number
  /** Its bit in the marks of a value. */
  readonly bit: number
  readonly members: Placed[]
}

/** DISTINCT sets that share a table of values: those of one argument, or one where values are
 *  counted. */
interface DistinctTable {
  readonly arg: Expr
  /** Position of the array of tables. */
  readonly values: number
  readonly sets: Map<string, DistinctSet>
}

/** Bits of a number that stays a small integer. */
const SETS_MAX = 30

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
  readonly #tables = new Map<string, DistinctTable>()
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
    const key = filter === undefined ? '' : String(this.#keys.of(filter))
    const { sets } = this.#tableOf(arg, key)
    const known = sets.get(key)
    if (known !== undefined) return known
    const set = { filter, nulls: this.#array('f64', 0), bit: 1 << sets.size, members: [] }
    sets.set(key, set)
    return set
  }

  /** A table that has the set, or room for it. */
  #tableOf(arg: Expr, set: string): DistinctTable {
    const setsMax = this.#appendOnly ? SETS_MAX : 1
    for (let n = 0; ; n++) {
      const key = `${n} ${this.#keys.of(arg)}`
      const table = this.#tables.get(key) ?? this.#newTable(arg, key)
      if (table.sets.has(set) || table.sets.size < setsMax) return table
    }
  }

  #newTable(arg: Expr, key: string): DistinctTable {
    const table = { arg, values: this.#array('js', 0), sets: new Map() }
    this.#tables.set(key, table)
    return table
  }

  /** Emits the adding of the current row; `weight` is JavaScript, '1' for rows without weights. */
  emitAdd(code: LoopCode, weight: string, element: Element): void {
    for (const placed of this.#plain) {
      filtered(code, placed.call.filter, () => {
        const values = placed.call.args.map((arg) => code.emit(arg))
        this.#emitMember(code, placed, values, weight, element)
      })
    }
    for (const table of this.#tables.values()) this.#emitTable(code, table, weight, element)
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

  #emitTable(code: LoopCode, table: DistinctTable, weight: string, element: Element): void {
    const sets = [...table.sets.values()]
    if (sets.length === 1) {
      const add = () => this.#emitSets(code, table, String(sets[0].bit), weight, element)
      filtered(code, sets[0].filter, add)
      return
    }
    code.block('', () => {
      const bits = code.name('bits')
      code.line(`let ${bits} = 0`)
      for (const { filter, bit } of sets) {
        filtered(code, filter, () => code.line(`${bits} |= ${bit}`))
      }
      const add = () => this.#emitSets(code, table, bits, weight, element)
      code.block(`if (${bits} !== 0)`, add)
    })
  }

  /** Adds the row to the sets of the bits. */
  #emitSets(
    code: LoopCode,
    table: DistinctTable,
    bits: string,
    weight: string,
    element: Element,
  ): void {
    const { arg, sets } = table
    const value = code.emit(arg)
    const count = () => this.#emitValue(code, table, value, { bits, weight }, element)
    const takers = [...sets.values()].filter(({ members }) => takersOf(members).length > 0)
    const ofNull = () => {
      for (const set of takers) {
        const add = () => this.#emitNull(code, arg, set, weight, element)
        if (sets.size === 1) add()
        else code.block(`if ((${bits} & ${set.bit}) !== 0)`, add)
      }
    }
    if (value.isNull === 'false') count()
    else if (takers.length === 0) code.block(`if (!(${value.isNull}))`, count)
    else code.branch(value.isNull, ofNull, count)
  }

  /** Adds a value that is not NULL: marks it, or counts it where it can be taken out again. */
  #emitValue(
    code: LoopCode,
    { arg, values, sets }: DistinctTable,
    value: Emitted,
    { bits, weight }: { bits: string; weight: string },
    element: Element,
  ): void {
    const counted = { type: arg.type, value, element: element(values) }
    const delta = this.#appendOnly
      ? emitMarking(code, counted, bits)
      : emitCounting(code, counted, weight)
    const known = { ...value, isNull: 'false' }
    for (const { bit, members } of sets.values()) {
      const isChanged = sets.size === 1 ? delta : `(${delta} & ${bit})`
      code.block(`if (${isChanged} !== 0)`, () =>
        this.#emitDelta(code, members, known, delta, element),
      )
    }
  }

  /** NULL is one value more, for the members that take it. */
  #emitNull(code: LoopCode, arg: Expr, set: DistinctSet, weight: string, element: Element): void {
    const nulls = element(set.nulls)
    const before = code.constant('before', `+(${nulls} > 0)`)
    code.line(`${nulls} += ${weight}`)
    const delta = code.constant('delta', `(${nulls} > 0) - ${before}`)
    code.block(`if (${delta} !== 0)`, () =>
      this.#emitDelta(code, takersOf(set.members), nullOf(arg.type), delta, element),
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
    for (const table of this.#tables.values()) {
      code.block('', () => this.#emitMergeTable(code, table, element, other))
    }
  }

  #emitMergeTable(code: LoopCode, table: DistinctTable, element: Element, other: Element): void {
    const { arg, values, sets } = table
    const [value, count] = [code.name('value'), code.name('count')]
    const entries = `${code.bind(entriesOf(arg.type), 'entries')}(${other(values)})`
    const form = isByteLike(arg.type) ? 'text' : 'scalar'
    const known: Emitted = { form, value, isNull: 'false' }
    code.block(`if (${other(values)} !== undefined)`, () =>
      code.block(`for (const [${value}, ${count}] of ${entries})`, () =>
        this.#emitValue(code, table, known, { bits: count, weight: count }, element),
      ),
    )
    for (const set of sets.values()) {
      if (takersOf(set.members).length === 0) continue
      code.block('', () => this.#emitNull(code, arg, set, other(set.nulls), element))
    }
  }

  /** Emits the result of call number `i`. */
  emitValue(code: LoopCode, i: number, element: Element): Emitted {
    const { call, form, args, slots } = this.#placed[i]
    return form.value({ code, call, args, slot: (name) => element(slots.get(name)!) })
  }
}

/** Those that see NULL as one value more. */
const takersOf = (members: readonly Placed[]): Placed[] =>
  members.filter(({ entry }) => entry.takesNulls === true)

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
