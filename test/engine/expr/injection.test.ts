/** No text of a statement gets into generated source (law 7): literals, patterns, column names and
 *  types are bound or printed as numbers. */

import { describe, expect, test } from 'vitest'
import { BYTES, type DataType, VARCHAR } from '../../../engine/batch/types.ts'
import { LoopCode } from '../../../engine/expr/codegen.ts'
import { compile } from '../../../engine/expr/compile.ts'
import { compileFilter } from '../../../engine/expr/compile-filter.ts'
import { compileProject } from '../../../engine/expr/compile-project.ts'
import { EPOCH_ZERO } from '../../../engine/expr/interpret.ts'
import type { Expr } from '../../../engine/expr/ir.ts'
import { bytes, int, literal, text } from '../../../engine/expr/literal.ts'
import { resolveCall } from '../../../engine/expr/resolve.ts'
import { batchOf, column, generatedRows, interpretRow } from './evaluate.ts'

const ATTACKS = [
  "'; globalThis.pwned = 1; '",
  '"; globalThis.pwned = 1; "',
  '`; globalThis.pwned = 1; `',
  '*/ globalThis.pwned = 1 /*',
  '\n globalThis.pwned = 1 //',
  '\u2028globalThis.pwned = 1\u2028',
  '$' + '{globalThis.pwned = 1}',
  '\\u0027; globalThis.pwned = 1',
  '); globalThis.pwned = 1; (',
  'globalThis.pwned = 1',
]

const pwned = () => (globalThis as { pwned?: unknown }).pwned

/** Expressions that carry the text in every place a statement can put one. */
function carriers(attack: string): readonly Expr[] {
  const c = { ...column(0, VARCHAR), name: attack }
  const t = text(attack)
  return [
    t,
    resolveCall('=', [c, t]),
    resolveCall('<', [t, c]),
    resolveCall('||', [c, t]),
    resolveCall('IN', [c, t, text('x')]),
    resolveCall('LIKE', [c, t]),
    resolveCall('LIKE', [c, text(`%${attack}%`)]),
    resolveCall('REPLACE', [c, t, t]),
    resolveCall('COALESCE', [c, t]),
    resolveCall('STARTSWITH', [c, t]),
    resolveCall('=', [column(1, BYTES), bytes(...Buffer.from(attack))]),
  ]
}

describe.each(ATTACKS)('attack %j', (attack) => {
  test('as a value is only a value', () => {
    const types: DataType[] = [VARCHAR, BYTES]
    const row = [attack, Uint8Array.from(Buffer.from(attack))]
    for (const expr of carriers(attack)) {
      const [generated] = generatedRows(expr, batchOf(types, [row]))
      expect(generated).toEqual(interpretRow(expr, row))
      expect(compileProject([expr], batchOf(types, []).schema).source).not.toContain('pwned')
    }
    expect(pwned()).toBeUndefined()
  })

  test('as a column name does nothing', () => {
    const schema = { fields: [{ name: attack, type: VARCHAR, nullable: true }] }
    const filter = compileFilter(resolveCall('=', [column(0, VARCHAR), text('a')]), schema)
    expect(filter.source).not.toContain('pwned')
    expect(filter(batchOf([VARCHAR], [['a']]), new Int32Array(1), EPOCH_ZERO)).toBe(1)
    expect(pwned()).toBeUndefined()
  })

  test('as a hint of a bound name is dropped', () => {
    const code = new LoopCode({ fields: [] })
    const bound = code.bind({}, attack)
    expect(bound).toMatch(/^\w+$/)
    code.line(`return ${bound}`)
    expect(compile(code, []).source).not.toContain('pwned')
  })
})

test('a value that only pretends to be a number is bound', () => {
  const disguised = { toString: () => 'globalThis.pwned = 1' } as unknown as number
  const expr = resolveCall('+', [literal({ kind: 'int' }, disguised), int(1)])
  try {
    compileProject([expr], { fields: [] })(batchOf([], [[]]), EPOCH_ZERO)
  } catch {
    // Refused is as good as bound.
  }
  expect(pwned()).toBeUndefined()
})
