/** The current rows of a keyed table, by hand. */

import { describe, expect, it } from 'vitest'
import { ALL_GONE } from '../../../engine/batch/batch.ts'
import { INT, TIMESTAMP, VARCHAR } from '../../../engine/batch/types.ts'
import type { UpsertNode } from '../../../engine/operator/nodes.ts'
import { drive, fields, lines } from './run.ts'

const INPUT = fields({ k: INT, v: VARCHAR })
const TIMED = fields({ k: INT, v: VARCHAR, ts: TIMESTAMP })

const upserting = (node: Partial<UpsertNode> = {}, input = INPUT) =>
  drive('upsert', { keys: [0], inOrder: false, ...node }, input, { changelog: true })

describe('upsert', () => {
  it('says per epoch what changed in the end, after which comes the watermark', () => {
    let upsert = upserting()
    expect(upsert.batch('1 a\n2 b')).toBe('')
    upsert.batch('1 c\n3 d')
    upsert.watermark(7)
    expect(upsert.watermarks).toEqual([])
    expect(upsert.epoch()).toBe(lines('+ 2 b\n+ 1 c\n+ 3 d'))
    expect(upsert.watermarks).toEqual([7])
    upsert.batch('+ 1 x\n+ 2 b\n- 3 NULL\n- 9 NULL\n+ 1 c')
    expect(upsert.epoch()).toBe('- 3 d')
    upsert = upsert.restarted()
    upsert.batch('+ 3 e\n- 3 NULL\n+ 2 z\n- 1 NULL\n+ 1 c')
    expect(upsert.epoch()).toBe(lines('- 2 b\n+ 2 z'))
    expect(upsert.operator.stateSize().rows).toBe(2)
  })

  it('in order, says every step', () => {
    const upsert = upserting({ inOrder: true })
    expect(upsert.batch('1 a\n1 b\n1 b\n2 x')).toBe(lines('+ 1 a\n- 1 a\n+ 1 b\n+ 2 x'))
    expect(upsert.batch('- 1 NULL\n- 1 NULL\n+ 1 b')).toBe(lines('- 1 b\n+ 1 b'))
    upsert.watermark(3)
    expect(upsert.watermarks).toEqual([3])
    expect(upsert.epoch()).toBe('')
  })

  it('forgets all rows when it is told that all are gone, and no row behind it', () => {
    const allGone = `-${-ALL_GONE} NULL NULL`
    let upsert = upserting()
    upsert.batch('1 a\n2 b\n3 c')
    upsert.epoch()
    upsert.batch('- 3 NULL')
    upsert.epoch()
    upsert = upsert.restarted()
    upsert.batch(`+ 4 d\n${allGone}\n+ 2 b\n+ 3 e`)
    expect(upsert.epoch()).toBe(lines('- 1 a\n+ 3 e'))
    upsert.batch(`${allGone}\n${allGone}`)
    expect(upsert.epoch()).toBe(lines('- 2 b\n- 3 e'))
    upsert.batch(allGone)
    expect(upsert.epoch()).toBe('')
    expect(upsert.operator.stateSize().rows).toBe(0)
    const steps = upserting({ inOrder: true })
    steps.batch('1 a\n2 b')
    expect(steps.batch(`${allGone}\n+ 2 b`)).toBe(lines('- 1 a\n- 2 b\n+ 2 b'))
  })

  it('for a temporal join, keeps what a replaced row was', () => {
    const upsert = upserting({ inOrder: true, versions: true }, TIMED)
    const rows = '1 a 1970-01-01T00:00:01\n1 b 1970-01-01T00:00:02'
    expect(upsert.batch(rows).split('\n')).toHaveLength(2)
    expect(upsert.batch('- 1 NULL NULL')).toContain('- 1 b')
  })

  it('NULL is a key like any other, and dead rows go', () => {
    const upsert = upserting()
    upsert.batch('NULL a\nNULL b')
    expect(upsert.epoch()).toBe('+ NULL b')
    for (let i = 0; i < 5000; i++) {
      upsert.batch(`NULL ${i}`)
      upsert.epoch()
    }
    const { rows, bytes } = upsert.operator.stateSize()
    expect(rows).toBe(1)
    expect(bytes).toBeLessThan(200_000)
  })
})
