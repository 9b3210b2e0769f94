/** The generated code of a GROUP BY: three loops over a batch's rows and a `GroupTable`. `find`
 *  gives every row its group, `add` brings the rows into the aggregates' slots, `read` makes output
 *  columns from groups. Three small loops are each simple enough for V8 to keep in registers. */

import type { EpochClock } from '../../base/clock.ts'
import type { Batch } from '../../batch/batch.ts'
import type { Column } from '../../batch/column.ts'
import { type Schema, schemaOf } from '../../batch/schema.ts'
import { LoopCode } from '../../expr/codegen.ts'
import { compile } from '../../expr/compile.ts'
import { isByteLike } from '../../expr/emitted.ts'
import type { Expr } from '../../expr/ir.ts'
import { OutputColumn } from '../../expr/output-column.ts'
import type { ArrayKind, GroupLayout, GroupTable } from '../../state/group-table.ts'
import type { AggregateCall } from '../nodes.ts'
import { AggregateSlots } from './aggregate-slots.ts'
import {
  emitKey,
  emitKeyStore,
  heldKey,
  isTextKey,
  type KeyLocals,
  keyArrays,
  keyEquals,
  storedKey,
} from './group-keys.ts'

/** The hash of no keys at all. */
export const KEYS_SEED = 0x2545f491

export interface Grouping {
  readonly keys: readonly Expr[]
  readonly aggregates: readonly AggregateCall[]
  readonly input: Schema
  /** No row will be taken out of a group again. */
  readonly appendOnly?: boolean
}

/** Row j of `rows[0..n)` is in group `groups[j]`; new groups are made. */
type Find = (
  batch: Batch,
  table: GroupTable,
  rows: Int32Array,
  n: number,
  groups: Int32Array,
  clock: EpochClock,
) => void
type Add = Find
/** Adds every group of `from` to the same group of `table`, which is made if there is none. */
type MergeTables = (table: GroupTable, from: GroupTable) => void
/** Adds group `source` of the table to group `target` of the same table. */
type MergeGroups = (table: GroupTable, target: number, source: number) => void
/** Columns of the keys and the aggregates, for the groups `groups[0..n)`. Own their arrays. */
type Read = (table: GroupTable, groups: Int32Array, n: number) => Column[]

interface PlacedKey {
  readonly expr: Expr
  /** Position of its first array in the table. */
  readonly first: number
  readonly count: number
}

export class GroupProgram {
  readonly layout: GroupLayout
  readonly find: Find
  readonly read: Read
  /** Positions of the (start, end) arrays of string keys. */
  readonly texts: readonly number[]
  /** Position of the first array that is not a key's. */
  readonly firstSlot: number
  readonly #grouping: Grouping
  readonly #keys: PlacedKey[] = []
  readonly #aggregates: AggregateSlots
  #addPlain: Add | undefined
  #addWeighted: Add | undefined
  #mergeTables: MergeTables | undefined
  #mergeGroups: MergeGroups | undefined

  constructor(grouping: Grouping) {
    this.#grouping = grouping
    const arrays: { kind: ArrayKind; initial: number }[] = []
    for (const expr of grouping.keys) {
      const kinds = keyArrays(expr.type)
      this.#keys.push({ expr, first: arrays.length, count: kinds.length })
      for (const kind of kinds) arrays.push({ kind, initial: 0 })
    }
    this.firstSlot = arrays.length
    this.#aggregates = new AggregateSlots({
      calls: grouping.aggregates,
      first: arrays.length,
      appendOnly: grouping.appendOnly ?? false,
    })
    arrays.push(...this.#aggregates.arrays)
    this.layout = { arrays }
    this.texts = this.#keys.filter(({ expr }) => isTextKey(expr.type)).map(({ first }) => first)
    this.find = this.#compileFind()
    this.read = this.#compileRead()
  }

  /** The loop for batches without weights, or the one for those with. */
  add(batch: Batch): Add {
    if (batch.weights === null) return (this.#addPlain ??= this.#compileAdd('1'))
    return (this.#addWeighted ??= this.#compileAdd('weights[i]'))
  }

  get mergeTables(): MergeTables {
    return (this.#mergeTables ??= this.#compileMergeTables())
  }

  get mergeGroups(): MergeGroups {
    return (this.#mergeGroups ??= this.#compileMergeGroups())
  }

  #array = (index: number): string => `a${index}`

  #keyArrays(key: PlacedKey): string[] {
    return Array.from({ length: key.count }, (_, i) => this.#array(key.first + i))
  }

  /** Statements that (re)load the table's arrays into locals. */
  #load(indexes: Iterable<number>): string {
    const arrays = [...indexes].map((i) => `${this.#array(i)} = table.arrays[${i}]`)
    return `${[
      'slots = table.slots',
      'mask = table.mask',
      'hashes = table.hashes',
      'nulls = table.nulls',
      'heap = table.heap',
      ...arrays,
    ].join('; ')};`
  }

  #declare(indexes: Iterable<number>): string {
    const names = ['slots', 'mask', 'hashes', 'nulls', 'heap', ...[...indexes].map(this.#array)]
    return `let ${names.join(', ')}; ${this.#load(indexes)}`
  }

  #keyIndexes(): number[] {
    return this.#keys.flatMap(({ first, count }) =>
      Array.from({ length: count }, (_, i) => first + i),
    )
  }

  #compileFind(): Find {
    const code = new LoopCode(this.#grouping.input)
    const indexes = this.#keyIndexes()
    const cached = this.#dictionaryKey()
    if (cached !== undefined) emitDictionaryHit(code)
    code.line(`let hash = ${KEYS_SEED}`)
    const keys = this.#keys.map((key) => ({ key, locals: emitKey(code, key.expr, 'hash') }))
    const bits = keys.map(({ locals }, bit) =>
      locals.isNull === 'false' ? '0' : `((${locals.isNull}) ? ${1 << bit} : 0)`,
    )
    code.line(`const nullBits = ${bits.length === 0 ? '0' : bits.join(' | ')}`)
    this.#emitProbe(code, keys, indexes)
    code.line('groups[j] = g')
    if (cached !== undefined) code.line('if (known !== null) known[codes[i]] = g')
    const before = [
      `let count = table.count; ${this.#declare(indexes)}`,
      ...(cached === undefined ? [] : [dictionarySetup(code, cached)]),
    ].join('\n')
    return this.#loop('findGroups', code, before, 'table.count = count')
  }

  /** The column whose dictionary can stand for the key: the only key, and not computed. */
  #dictionaryKey(): number | undefined {
    const [key, ...more] = this.#grouping.keys
    if (key?.kind !== 'column' || more.length > 0 || !isByteLike(key.type)) return undefined
    return key.index
  }

  /** Emits the search for the group `g` of the key that `hash`, `nullBits` and `keys` are; makes it
   *  if there is none. */
  #emitProbe(
    code: LoopCode,
    keys: readonly { key: PlacedKey; locals: KeyLocals }[],
    indexes: readonly number[],
  ): void {
    code.line('let s = hash & mask, g')
    code.block('for (;;)', () => {
      code.line('g = slots[s] - 1')
      code.block('if (g < 0)', () => {
        code.block('if (count === hashes.length)', () => {
          code.line(`table.count = count; table.grow(); ${this.#load(indexes)}`)
          code.line('s = hash & mask; while (slots[s] !== 0) s = (s + 1) & mask')
        })
        code.line('g = count++; slots[s] = g + 1; hashes[g] = hash; nulls[g] = nullBits')
        for (const { key, locals } of keys) {
          emitKeyStore(code, locals, this.#keyArrays(key), 'table', 'heap')
        }
        code.line('break')
      })
      const same = keys.map(({ key, locals }) =>
        keyEquals(code, locals, this.#keyArrays(key), 'heap'),
      )
      const tests = ['hashes[g] === hash', 'nulls[g] === nullBits', ...same]
      code.line(`if (${tests.join(' && ')}) break`)
      code.line('s = (s + 1) & mask')
    })
  }

  #compileAdd(weight: string): Add {
    const code = new LoopCode(this.#grouping.input)
    code.line('const g = groups[j]')
    const used = new Set<number>()
    this.#aggregates.emitAdd(code, weight, this.#element(used))
    const before = `const weights = batch.weights; ${this.#declare(used)}`
    return this.#loop('addRows', code, before, '')
  }

  #loop(name: string, code: LoopCode, before: string, after: string): Find {
    const source = `
      ${before}
      ${code.columnSetup()}
      for (let j = 0; j < n; j++) {
        const i = rows[j]
        ${code.text()}
      }
      ${after}`
    return compile<Find>(code, ['batch', 'table', 'rows', 'n', 'groups', 'clock'], source, name)
  }

  #compileMergeTables(): MergeTables {
    const code = new LoopCode(schemaOf([]))
    const all = this.layout.arrays.map((_, i) => i)
    const others = all.map((i) => `b${i} = from.arrays[${i}]`)
    code.line(`let count = table.count; ${this.#declare(all)}`)
    code.line(`const ${['fromHeap = from.heap', ...others].join(', ')}`)
    code.block('for (let f = 0; f < from.count; f++)', () => {
      code.line('const hash = from.hashes[f], nullBits = from.nulls[f]')
      const keys = this.#keys.map((key) => ({ key, locals: heldKey(key.expr.type, key.first) }))
      this.#emitProbe(code, keys, all)
      this.#aggregates.emitMerge(code, this.#element(new Set()), (index) => `b${index}[f]`)
    })
    code.line('table.count = count')
    return compile<MergeTables>(code, ['table', 'from'], undefined, 'mergeTables')
  }

  #compileMergeGroups(): MergeGroups {
    const code = new LoopCode(schemaOf([]))
    const all = this.layout.arrays.map((_, i) => i)
    code.line(this.#declare(all))
    const source = (index: number) => `${this.#array(index)}[source]`
    this.#aggregates.emitMerge(code, this.#element(new Set()), source)
    return compile<MergeGroups>(code, ['table', 'g', 'source'], undefined, 'mergeGroups')
  }

  #compileRead(): Read {
    const code = new LoopCode(schemaOf([]))
    const used = new Set<number>(this.#keyIndexes())
    const types = [
      ...this.#keys.map(({ expr }) => expr.type),
      ...this.#grouping.aggregates.map((call) => call.type),
    ]
    code.line(() => this.#declare(used))
    const outputs = types.map((type) => new OutputColumn(code, type, 'n'))
    code.block('for (let i = 0; i < n; i++)', () => {
      code.line('const g = groups[i]')
      this.#keys.forEach((key, bit) => {
        const arrays = this.#keyArrays(key)
        outputs[bit].write(storedKey(code, key.expr.type, arrays, 'heap', bit))
      })
      this.#grouping.aggregates.forEach((_, i) => {
        const value = this.#aggregates.emitValue(code, i, this.#element(used))
        outputs[this.#keys.length + i].write(value)
      })
    })
    code.line(`return [${outputs.map((output) => output.finish('n')).join(', ')}]`)
    return compile<Read>(code, ['table', 'groups', 'n'], undefined, 'readGroups')
  }

  /** How an aggregate's code names the group's elements; notes which arrays that takes. */
  #element(used: Set<number>): (index: number) => string {
    return (index) => {
      used.add(index)
      return `${this.#array(index)}[g]`
    }
  }
}

/** Statements that make `known`: the group of each entry of the key's dictionary, -1 where it is
 *  not looked up yet; null if the batch has no dictionary that pays. */
function dictionarySetup(code: LoopCode, column: number): string {
  return `const key = batch.columns[${column}]
    const codes = key.dictionary === null || key.validity !== null ? null : key.dictionary.codes
    const known = codes === null ? null : ${code.bind(knownGroups, 'knownGroups')}(key, n)`
}

/** Emits the short way: a row whose key's dictionary entry was looked up in this call already. */
function emitDictionaryHit(code: LoopCode): void {
  code.block('if (known !== null)', () => {
    code.line('const hit = known[codes[i]]')
    code.line('if (hit >= 0) { groups[j] = hit; continue }')
  })
}

let groupsOfEntries = new Int32Array(0)

/** Scratch for one call, or null if there are more entries than rows to save by them. */
function knownGroups(key: Column, n: number): Int32Array | null {
  const { length } = key.dictionary!.entries
  if (length * 2 > n) return null
  if (groupsOfEntries.length < length) groupsOfEntries = new Int32Array(length)
  return groupsOfEntries.fill(-1, 0, length)
}
