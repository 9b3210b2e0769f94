import { expect, test } from 'vitest'
import { SqlError } from '../../../engine/base/errors.ts'
import { valueAt } from '../../../engine/batch/rows.ts'
import { schemaOf } from '../../../engine/batch/schema.ts'
import { VARCHAR } from '../../../engine/batch/types.ts'
import type { PollLimit } from '../../../engine/source/source.ts'
import { SplitCursor } from '../../../engine/source/split-cursor.ts'
import type { TableSpec } from '../../../engine/source/table.ts'
import { TableDecoder } from '../../../engine/source/table-decoder.ts'

const TABLE: TableSpec = {
  ...{ id: 't', name: 't', storedCount: 1, computed: [], connector: 'memory' },
  schema: schemaOf([{ name: 'v', type: VARCHAR, nullable: true }]),
  options: { format: 'raw' },
}
const CLOCK = { epoch: 0, nowUs: 0, seed: 0 }
const TEXTS = ['a', 'b', 'c', 'd']

/** Needs something for every odd chunk that it has not had yet. */
class Waiting extends TableDecoder {
  readonly asked: string[] = []
  readonly had = new Set<string>()
  settle = (_error?: unknown) => {}

  override prepare({ from }: { from: string }): Promise<void> | undefined {
    this.asked.push(from)
    if (Number(from) % 2 === 0 || this.had.has(from)) return undefined
    return new Promise((resolve, reject) => {
      this.settle = (error) => {
        this.had.add(from)
        if (error === undefined) resolve()
        else reject(error)
      }
    })
  }
}

/** A split of single messages. */
function open() {
  const decoder = new Waiting(TABLE)
  let position = 0
  let polls = 0
  let woken = 0
  const reader = {
    poll({ until }: PollLimit) {
      polls++
      if (position >= Number(until ?? TEXTS.length)) return null
      const from = position++
      const bytes = Buffer.from(TEXTS[from])
      return {
        ...{ from: String(from), to: String(position), rowCount: 1, end: false },
        ...{ bytes, starts: new Int32Array([0]), ends: new Int32Array([1]) },
      }
    },
    onReady: () => {},
    end: () => undefined,
    lagRows: () => TEXTS.length - position,
    commit: async () => {},
    close: async () => {},
  }
  const parts = { reader, decoder, onReady: () => woken++ }
  const state = { offset: '0', watermarkUs: null, lastRowUs: 0, ended: false }
  const cursor = new SplitCursor('0', parts, state)
  const poll = (until?: string) => {
    const chunk = cursor.poll({ rowsMax: 1, bytesMax: 1, until })
    return chunk && valueAt(cursor.decode(chunk, CLOCK, -Infinity).columns[0], 0)
  }
  return { cursor, decoder, poll, polls: () => polls, woken: () => woken }
}

const settled = () => new Promise((resolve) => setImmediate(resolve))

test('a chunk whose decoding needs something is held until it is there', async () => {
  const { cursor, decoder, poll, polls, woken } = open()
  expect(poll()).toBe('a')
  expect([poll(), poll()]).toEqual([null, null])
  // Nothing more is read, and nobody is told that the record was.
  expect([polls(), cursor.offset, cursor.state().offset, cursor.lagRows()]).toEqual([
    2,
    '1',
    '1',
    3,
  ])
  expect(decoder.asked).toEqual(['0', '1'])
  decoder.settle()
  await settled()
  expect(woken()).toBe(1)
  expect([poll(), cursor.offset, cursor.lagRows()]).toEqual(['b', '2', 2])
  expect(poll()).toBe('c')
})

test('a replay stops where it should, also after it had to wait', async () => {
  const { decoder, poll } = open()
  expect([poll('2'), poll('2')]).toEqual(['a', null])
  decoder.settle()
  await settled()
  expect([poll('2'), poll('2'), poll('3')]).toEqual(['b', null, 'c'])
})

test('what cannot be had is raised, and the offset stays', async () => {
  const { cursor, decoder, poll } = open()
  poll()
  poll()
  decoder.settle(new SqlError('CONNECTOR_FAILED', 'The registry is gone'))
  await settled()
  expect(() => poll()).toThrow('The registry is gone')
  expect(cursor.offset).toBe('1')
})
