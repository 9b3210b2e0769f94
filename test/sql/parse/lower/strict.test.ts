import { expect, test } from 'vitest'
import { parseSelectText } from '../../../../sql/parse/grammar.ts'
import { DEFAULT_LIMITS } from '../../../../sql/parse/limits.ts'
import { lowerSelect } from '../../../../sql/parse/lower/lower-select.ts'
import type { TreeNode } from '../../../../sql/parse/lower/strict.ts'
import { Rewritten } from '../../../../sql/parse/rewrite/rewritten.ts'

const at = { offset: 0, length: 1 }

/** `SELECT a + a FROM t WHERE a`, as the rewriting makes it, and the grammar's tree of it. */
function sample(): { out: Rewritten; tree: TreeNode } {
  const out = new Rewritten(at, () => {})
  const operand = { is: 'operand', value: { kind: 'name', path: [], at } } as const
  const apply = () => operand.value
  out.element(operand, at)
  out.element({ is: 'infix', operator: '+', level: 8, chains: true, at, apply }, at)
  out.element(operand, at)
  out.word('FROM', at)
  out.slot({ is: 'table', table: { kind: 'table', name: { text: 't', at }, at } }, at)
  out.word('WHERE', at)
  out.element(operand, at)
  return { out, tree: parseSelectText(out) }
}

test('the whole tree of the sample is read', () => {
  const { out, tree } = sample()
  const { items, from, where } = lowerSelect(tree, { out, limits: DEFAULT_LIMITS })
  expect([items.length, from.length, where?.kind]).toEqual([1, 1, 'name'])
})

/** Every object in a tree, with the way to it. */
function* objects(value: unknown, path: string): Generator<[string, Record<string, unknown>]> {
  if (typeof value !== 'object' || value === null) return
  if (!Array.isArray(value)) yield [path, value as Record<string, unknown>]
  for (const [key, inner] of Object.entries(value)) yield* objects(inner, `${path}.${key}`)
}

test('a field that nobody reads is refused by name, wherever it is', () => {
  const paths = [...objects(sample().tree, 'tree')].map(([path]) => path)
  // The top is checked where it is parsed, together with what says nothing.
  const checked = paths.filter((path) => !/^tree$|\.(into|limit)$/.test(path))
  expect(checked.length).toBeGreaterThan(10)
  for (const path of checked) {
    const { out, tree } = sample()
    const found = [...objects(tree, 'tree')].find(([where]) => where === path)
    found![1].surprise = 'x'
    const lower = () => lowerSelect(tree, { out, limits: DEFAULT_LIMITS })
    expect(lower, path).toThrow(/not supported: .* with surprise/)
  }
})

test('an unknown kind of node is refused by name', () => {
  const { out, tree } = sample()
  const where = { type: 'extract', args: {} }
  const lower = () => lowerSelect({ ...tree, where }, { out, limits: DEFAULT_LIMITS })
  expect(lower).toThrow('an expression of the kind extract')
})

test('an operator that the rewriting never writes is refused', () => {
  const { out, tree } = sample()
  const where = { type: 'binary_expr', operator: 'OR', left: tree.where, right: tree.where }
  const lower = () => lowerSelect({ ...tree, where }, { out, limits: DEFAULT_LIMITS })
  expect(lower).toThrow('the operator OR')
})
