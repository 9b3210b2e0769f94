import { expect, test } from 'vitest'
import { BIGINT, VARCHAR } from '../../../engine/batch/types.ts'
import type { SetOperationNode } from '../../../engine/operator/nodes.ts'
import { driveTwo } from './join/join-drive.ts'
import { fields, lines } from './run.ts'

const input = fields({ k: BIGINT, s: VARCHAR })
const drive = (operator: SetOperationNode['operator'], all: boolean, updating = true) =>
  driveTwo('set-operation', { operator, all, fields: input }, [input, input], {
    changelog: [updating, updating],
  })

test('INTERSECT counts a row once, INTERSECT ALL as often as both sides have it', () => {
  const once = drive('intersect', false)
  once.batch(0, `+2 1 a\n + NULL NULL`)
  once.batch(1, `+3 1 a\n + NULL NULL\n + 2 b`)
  expect(once.epoch()).toBe(lines(`+ 1 a\n + NULL NULL`))
  const all = drive('intersect', true)
  all.batch(0, `+2 1 a`)
  all.batch(1, `+3 1 a`)
  expect(all.epoch()).toBe('+2 1 a')
  all.batch(0, `+2 1 a`)
  expect(all.epoch()).toBe('+ 1 a')
  all.batch(1, `-2 1 a`)
  expect(all.epoch()).toBe('-2 1 a')
})

test('EXCEPT drops what the right side has, EXCEPT ALL as often as it has it', () => {
  const once = drive('except', false)
  once.batch(0, `+2 1 a\n + 2 b`)
  expect(once.epoch()).toBe(lines(`+ 1 a\n + 2 b`))
  once.batch(1, `+ 1 a`)
  expect(once.epoch()).toBe('- 1 a')
  const again = once.restarted()
  again.batch(1, `- 1 a`)
  expect(again.epoch()).toBe('+ 1 a')
  const all = drive('except', true)
  all.batch(1, `+ 1 a`)
  expect(all.epoch()).toBe('')
  all.batch(0, `+3 1 a`)
  expect(all.epoch()).toBe('+2 1 a')
})

test('an intersection of growing sides is append-only; a difference is not', () => {
  const op = drive('intersect', true, false)
  expect(op.appendOnly).toBe(true)
  op.batch(0, `1 a\n 1 a`)
  op.batch(1, `1 a\n 1 a\n 1 a`)
  expect(op.epoch()).toBe(lines(`1 a\n 1 a`))
  expect(drive('except', false, false).appendOnly).toBe(false)
})

test('the watermark is the lower one, and rows without weight are forgotten', () => {
  const op = drive('except', true)
  op.batch(0, `+ 1 a`)
  op.watermark(0, 5)
  op.epoch()
  expect(op.watermarks).toEqual([])
  op.watermark(1, 3)
  op.batch(0, `- 1 a`)
  expect(op.epoch()).toBe('- 1 a')
  expect(op.watermarks).toEqual([3])
  expect(op.operator.stateSize().rows).toBe(0)
})

test('refuses inputs of different types', () => {
  const other = fields({ k: BIGINT, s: BIGINT })
  const node: SetOperationNode = { operator: 'except', all: false, fields: input }
  expect(() => driveTwo('set-operation', node, [input, other])).toThrow(
    'EXCEPT of inputs whose column 2 differs: STRING and BIGINT',
  )
})
