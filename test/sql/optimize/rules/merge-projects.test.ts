import { expect, it } from 'vitest'
import { mergeProjects } from '../../../../sql/optimize/rules/merge-projects.ts'
import { call, col, int, lines, project, scan, text } from '../plan-builder.ts'

const merged = (node: Parameters<typeof text>[0]) => text(mergeProjects.apply(node))

it('makes one of two', () => {
  const inner = project(scan(), { x: call('+', col(scan(), 'a'), int(1)), n: col(scan(), 'name') })
  const outer = project(inner, { n: col(inner, 'n'), y: call('*', col(inner, 'x'), int(2)) })
  expect(merged(outer)).toBe(
    lines(`
      Project name AS n, ((a + 1) * 2) AS y
        Scan t (name, a, b, ts)
    `),
  )
})

it('does not do work twice', () => {
  const inner = project(scan(), { x: call('+', col(scan(), 'a'), int(1)) })
  const outer = project(inner, { y: call('*', col(inner, 'x'), col(inner, 'x')) })
  expect(merged(outer)).toBe(text(outer))
})

it('drops a projection that changes nothing, but not one that renames', () => {
  const names = ['name', 'a', 'b', 'ts']
  const same = project(scan(), Object.fromEntries(names.map((n) => [n, col(scan(), n)])))
  expect(merged(same)).toBe('Scan t (name, a, b, ts)')
  const renamed = project(scan(), Object.fromEntries(names.map((n) => [`${n}2`, col(scan(), n)])))
  expect(merged(renamed)).toBe(text(renamed))
})
