import { expect, it } from 'vitest'
import { optimize } from '../../../sql/optimize/optimizer.ts'
import { col, project, scan } from './plan-builder.ts'

it('refuses a rule that changes the columns', () => {
  const node = scan()
  const rename = {
    name: 'rename-it',
    apply: () => project(node, { other: col(node, 'a') }),
  }
  expect(() => optimize(node, [rename])).toThrow('rule rename-it changed the columns')
})
