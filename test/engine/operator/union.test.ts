import { expect, test } from 'vitest'
import { BIGINT, INT, VARCHAR } from '../../../engine/batch/types.ts'
import { driveTwo } from './join/join-drive.ts'
import { fields } from './run.ts'

const input = fields({ k: VARCHAR, v: BIGINT })
const node = { fields: fields({ name: VARCHAR, n: BIGINT }) }

test('the rows of both sides, weights kept', () => {
  const union = driveTwo('union', node, [input, input], { changelog: [true, false] })
  union.batch(0, '+ a 1\n- b 2')
  union.batch(1, 'a 1')
  expect(union.epoch()).toBe('+ a 1\n- b 2\na 1')
  expect(union.appendOnly).toBe(false)
  expect(driveTwo('union', node, [input, input]).appendOnly).toBe(true)
})

test('the watermark is the lower one, also after a restart', () => {
  const union = driveTwo('union', node, [input, input])
  union.watermark(0, 50)
  expect(union.watermarks).toEqual([])
  const again = union.restarted()
  again.watermark(1, 20)
  again.watermark(1, 70)
  expect(again.watermarks).toEqual([20, 50])
})

test('refuses sides of different types', () => {
  const other = fields({ k: VARCHAR, v: INT })
  expect(() => driveTwo('union', node, [input, other])).toThrow(
    expect.objectContaining({ code: 'TYPE_MISMATCH' }),
  )
})
