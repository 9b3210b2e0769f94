/** DEFINE as generated code: a test per variable, which reads the rows that the path names, and the
 *  adding of a row to the running aggregates that the tests read. */

import type { EpochClock } from '../../base/clock.ts'
import type { Batch } from '../../batch/batch.ts'
import type { Schema } from '../../batch/schema.ts'
import { LoopCode } from '../../expr/codegen.ts'
import { compile } from '../../expr/compile.ts'
import { emitLoad, nullTest } from '../../expr/emit-column.ts'
import { type Emitted, scalar, text } from '../../expr/emitted.ts'
import { type ColumnExpr, columnsOf } from '../../expr/ir.ts'
import { AggregateSlots } from '../group/aggregate-slots.ts'
import type { MatchNode, MatchPlace, MatchReference } from '../nodes.ts'

/** Per reference, the arrays of its accumulators, each by group. */
type Accumulators = readonly (readonly unknown[][])[]

type Test = (
  batch: Batch,
  read: readonly number[],
  accumulators: Accumulators,
  number: number,
  clock: EpochClock,
) => boolean

/** Makes group `g` what group `g - 1` is, and adds row `i` to it. */
type Add = (
  batch: Batch,
  i: number,
  own: readonly unknown[][],
  g: number,
  clock: EpochClock,
) => void

interface Running {
  readonly reference: number
  /** Position in `sets`; undefined: all rows. */
  readonly set: number | undefined
  readonly add: Add
  /** Its accumulators are numbers, so equal ones can be told. */
  readonly plain: boolean
}

/** How many members of a set, from either end, conditions can read. */
interface Remembered {
  readonly set: number | undefined
  first: number
  last: number
  labels: boolean
}

/** What a reference is, as the path needs it. */
interface Wanted {
  readonly kind: MatchReference['kind']
  readonly place: MatchPlace
  readonly set: number | undefined
}

const NOWHERE: MatchPlace = { end: 'last', offset: 0, shift: 0, final: false }

export interface ConditionRows {
  readonly view: Batch
}

export class MatchConditions {
  /** Per variable; undefined: TRUE. */
  readonly tests: readonly (Test | undefined)[]
  /** Per variable: the references of its test that have to be found. */
  readonly reads: readonly (readonly number[])[]
  /** Sets of variables; per variable whether it is in. */
  readonly sets: boolean[][] = []
  readonly aggregates: readonly Running[]
  readonly remembered: Remembered[] = []
  /** By reference. */
  readonly wanted: readonly Wanted[]
  readonly #slots = new Map<number, AggregateSlots>()
  readonly #node: MatchNode
  readonly #rows: ConditionRows
  readonly #clock: EpochClock

  /** `rows`: where the rows are that slots name. */
  constructor(node: MatchNode, input: Schema, rows: ConditionRows, clock: EpochClock) {
    this.#node = node
    this.#rows = rows
    this.#clock = clock
    const used = node.variables.map(({ condition }) =>
      condition === undefined ? [] : [...columnsOf(condition)],
    )
    const all = new Set(used.flat())
    this.wanted = node.references.map((reference, i) => this.#want(reference, all.has(i)))
    this.aggregates = [...all].flatMap((i) => this.#running(i, input))
    this.reads = used.map((list) => list.filter((i) => node.references[i].kind !== 'number'))
    this.tests = node.variables.map(({ condition }) => condition && this.#compile(condition, input))
  }

  #want(reference: MatchReference, isUsed: boolean): Wanted {
    if (!isUsed || reference.kind === 'number') {
      return { kind: reference.kind, place: NOWHERE, set: undefined }
    }
    const isAggregate = reference.kind === 'aggregate'
    const { variables } = isAggregate ? reference : reference.place
    const set = variables && this.#setOf(variables)
    if (isAggregate) return { kind: 'aggregate', place: NOWHERE, set }
    const { kind, place } = reference
    this.#remember(set, place, kind === 'classifier')
    return { kind, place, set }
  }

  #setOf(variables: readonly number[]): number {
    const has = this.#node.variables.map((_, v) => variables.includes(v))
    const known = this.sets.findIndex((set) => set.every((is, v) => is === has[v]))
    return known >= 0 ? known : this.sets.push(has) - 1
  }

  #remember(set: number | undefined, { end, offset }: MatchPlace, labels: boolean): void {
    // Where the rows of a match are is known by their number; of which variable they are is not.
    if (set === undefined && !labels) return
    let found = this.remembered.find((one) => one.set === set)
    if (found === undefined) {
      found = { set, first: 0, last: 0, labels: false }
      this.remembered.push(found)
    }
    found[end] = Math.max(found[end], offset + 1)
    found.labels ||= labels
  }

  #running(index: number, input: Schema): Running[] {
    const reference = this.#node.references[index]
    if (reference.kind !== 'aggregate') return []
    const slots = new AggregateSlots({ calls: [reference.call], first: 0, appendOnly: true })
    this.#slots.set(index, slots)
    const add = compileAdd(slots, input)
    const plain = slots.arrays.every(({ kind }) => kind !== 'js')
    return [{ reference: index, set: this.wanted[index].set, add, plain }]
  }

  #compile(
    condition: NonNullable<MatchNode['variables'][number]['condition']>,
    input: Schema,
  ): Test {
    const code = new LoopCode(input, { readColumn: (column) => this.#read(column, code) })
    code.whenTrue(condition, () => code.line('return true'))
    code.line('return false')
    const params = ['batch', 'read', 'accumulators', 'number', 'clock']
    return compile<Test>(code, params, undefined, 'condition')
  }

  /** Emits the value of a reference. */
  #read({ index, type }: ColumnExpr, code: LoopCode): Emitted {
    const reference = this.#node.references[index]
    switch (reference.kind) {
      case 'number':
        return { ...scalar('number'), isNull: 'false' }
      case 'aggregate': {
        const own = code.constant('own', `accumulators[${index}]`)
        return this.#slots.get(index)!.emitValue(code, 0, (i) => `${own}[${i}][read[${index}]]`)
      }
      case 'classifier': {
        const names = code.bind(
          this.#node.variables.map(({ name }) => name),
          'names',
        )
        const found = code.constant('found', `read[${index}]`)
        return { ...text(`${names}[${found} < 0 ? 0 : ${found}]`), isNull: `${found} < 0` }
      }
      case 'column': {
        const path = [reference.column] as const
        const found = code.constant('found', `read[${index}]`)
        // Where there is no row, that of slot 0 stands in.
        const row = code.constant('row', `${found} < 0 ? 0 : ${found}`)
        const isNull = code.constant('n', `${found} < 0 || ${nullTest(path, row, code)}`)
        return { ...emitLoad(path, type, row, code), isNull }
      }
    }
  }

  /** Whether the test is TRUE. Raises what the condition raises. */
  run(test: Test, read: readonly number[], accumulators: Accumulators, number: number): boolean {
    return test(this.#rows.view, read, accumulators, number, this.#clock)
  }

  add(add: Add, slot: number, own: readonly unknown[][], group: number): void {
    add(this.#rows.view, slot, own, group, this.#clock)
  }

  /** Accumulators over no rows, in group 0. */
  freshAccumulators(): unknown[][][] {
    const all: unknown[][][] = []
    for (const [index, { arrays }] of this.#slots) {
      all[index] = arrays.map(({ kind, initial }) => [kind === 'js' ? undefined : initial])
    }
    return all
  }
}

function compileAdd(slots: AggregateSlots, input: Schema): Add {
  const code = new LoopCode(input)
  const element = (group: string) => (i: number) => `own[${i}][${group}]`
  slots.arrays.forEach(({ kind, initial }, i) => {
    code.line(`${element('g')(i)} = ${kind === 'js' ? 'undefined' : initial}`)
  })
  slots.emitMerge(code, element('g'), element('g - 1'))
  slots.emitAdd(code, '1', element('g'))
  return compile<Add>(code, ['batch', 'i', 'own', 'g', 'clock'], undefined, 'accumulate')
}
