/** The generated code that finds the group of a row by its join key. Both sides share one table of
 *  groups, so a row's key is hashed once and leads to the rows of both sides. */

import type { EpochClock } from '../../base/clock.ts'
import { fail } from '../../base/errors.ts'
import type { Batch } from '../../batch/batch.ts'
import { isNestedType } from '../../batch/nested-key.ts'
import type { Schema } from '../../batch/schema.ts'
import { type DataType, sameType, storageOf, typeName } from '../../batch/types.ts'
import { LoopCode } from '../../expr/codegen.ts'
import { compile, type Generated } from '../../expr/compile.ts'
import type { Expr } from '../../expr/ir.ts'
import type { ArrayKind, GroupTable } from '../../state/group-table.ts'
import { emitKey, emitKeyStore, isTextKey, keyArrays, keyEquals } from '../group/group-keys.ts'
import { KEYS_SEED } from '../group/group-program.ts'

/** The bits of a group that say which of its keys are NULL. */
const KEYS_MAX = 31

/** Refuses keys that cannot be compared: pairwise other types, nested types, too many. */
export function checkJoinKeys(left: readonly Expr[], right: readonly Expr[]): void {
  if (left.length !== right.length) fail('INTERNAL', 'a join with unpaired keys')
  if (left.length > KEYS_MAX) {
    fail('UNSUPPORTED', `A join on more than ${KEYS_MAX} keys`, {
      hint: 'Move the rest of the conditions behind a function, such as a hash of the columns.',
    })
  }
  left.forEach((key, i) => {
    const other = right[i]
    if (isComparable(key.type, other.type)) return
    const types = `${typeName(key.type)} and ${typeName(other.type)}`
    fail('TYPE_MISMATCH', `Join keys of different types: ${types}`, { at: other.at })
  })
}

/** Whether equal values of the two types are stored alike. */
function isComparable(a: DataType, b: DataType): boolean {
  if (a.kind === 'decimal' && b.kind === 'decimal' && a.scale !== b.scale) return false
  if (isNestedType(a)) return sameType(a, b)
  return a.kind === b.kind && storageOf(a) === storageOf(b)
}

/** Row j of `rows[0..n)` has the group `groups[j]`; -1: a NULL in its key matches nothing, or (when
 *  none is made) there is no such group. */
export type FindGroups = (
  batch: Batch,
  table: GroupTable,
  rows: Int32Array,
  n: number,
  groups: Int32Array,
  clock: EpochClock,
) => void

export interface KeySpec {
  readonly keys: readonly Expr[]
  readonly nullSafe: readonly boolean[]
  readonly schema: Schema
  /** Whether unknown keys get a group, or none. */
  readonly insert: boolean
}

/** The arrays that the keys take in a table: the first ones. */
export const joinKeyArrays = (keys: readonly Expr[]): { kind: ArrayKind; initial: number }[] =>
  keys.flatMap(({ type }) => keyArrays(type).map((kind) => ({ kind, initial: 0 })))

/** Where in the table the (start, end) arrays of text keys are. */
export function joinKeyTexts(keys: readonly Expr[]): number[] {
  const texts: number[] = []
  let at = 0
  for (const { type } of keys) {
    if (isTextKey(type)) texts.push(at)
    at += keyArrays(type).length
  }
  return texts
}

/** Generates the loop. */
export function compileFindGroups({
  keys,
  nullSafe,
  schema,
  insert,
}: KeySpec): Generated<FindGroups> {
  const code = new LoopCode(schema)
  code.line(`let hash = ${KEYS_SEED}`)
  let first = 0
  const placed = keys.map((expr) => {
    const locals = emitKey(code, expr, 'hash')
    const arrays = keyArrays(expr.type).map(() => `a${first++}`)
    return { locals, arrays }
  })
  const never = placed.filter(({ locals }, i) => !nullSafe[i] && locals.isNull !== 'false')
  if (never.length > 0) {
    const isNull = never.map(({ locals }) => locals.isNull).join(' || ')
    code.line(`if (${isNull}) { groups[j] = -1; continue }`)
  }
  const bits = placed.map(({ locals }, bit) =>
    nullSafe[bit] && locals.isNull !== 'false' ? `((${locals.isNull}) ? ${1 << bit} : 0)` : '0',
  )
  code.line(`const nullBits = ${bits.length === 0 ? '0' : bits.join(' | ')}`)
  const names = ['slots', 'mask', 'hashes', 'nulls', 'heap']
  const arrays = Array.from({ length: first }, (_, i) => `a${i} = table.arrays[${i}]`)
  const load = `${[...names.map((name) => `${name} = table.${name}`), ...arrays].join('; ')};`
  code.line('let s = hash & mask, g')
  code.block('for (;;)', () => {
    code.line('g = slots[s] - 1')
    code.block('if (g < 0)', () => {
      if (!insert) return code.line('break')
      code.block('if (count === hashes.length)', () => {
        code.line(`table.count = count; table.grow(); ${load}`)
        code.line('s = hash & mask; while (slots[s] !== 0) s = (s + 1) & mask')
      })
      code.line('g = count++; slots[s] = g + 1; hashes[g] = hash; nulls[g] = nullBits')
      for (const { locals, arrays } of placed) emitKeyStore(code, locals, arrays, 'table', 'heap')
      code.line('break')
    })
    const same = placed.map(({ locals, arrays }) => keyEquals(code, locals, arrays, 'heap'))
    // Every array that is looked at may be a cache miss: hashes only spare comparing long keys.
    const isLong = keys.length > 2 || keys.some(({ type }) => isTextKey(type))
    const tests = [
      ...(isLong ? ['hashes[g] === hash'] : []),
      ...(nullSafe.includes(true) ? ['nulls[g] === nullBits'] : []),
      ...same,
    ]
    code.line(tests.length === 0 ? 'break' : `if (${tests.join(' && ')}) break`)
    code.line('s = (s + 1) & mask')
  })
  code.line('groups[j] = g')
  const locals = [...names, ...Array.from({ length: first }, (_, i) => `a${i}`)]
  const source = `
    let count = table.count; let ${locals.join(', ')}; ${load}
    ${code.columnSetup()}
    for (let j = 0; j < n; j++) {
      const i = rows[j]
      ${code.text()}
    }
    table.count = count`
  const params = ['batch', 'table', 'rows', 'n', 'groups', 'clock']
  return compile<FindGroups>(code, params, source, 'findJoinGroups')
}
