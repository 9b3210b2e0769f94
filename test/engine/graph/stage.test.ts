import { expect, test } from 'vitest'
import { parseBatch } from '../../../engine/batch/pretty.ts'
import { schemaOf } from '../../../engine/batch/schema.ts'
import { BIGINT } from '../../../engine/batch/types.ts'
import { Meter } from '../../../engine/graph/meter.ts'
import { Stage } from '../../../engine/graph/stage.ts'
import { type Operator, type Output, stateless } from '../../../engine/operator/operator.ts'

const schema = schemaOf([{ name: 'n', type: BIGINT, nullable: false }])

/** A stage around an operator that passes all on, and what came out. */
function stageOf(appendOnly: boolean) {
  const seen: string[] = []
  const operator: Operator = {
    ...stateless,
    batch: (_input, batch, out: Output) => out.emit(batch),
  }
  const options = { name: 'test', appendOnly, batchRowsMax: 2, meter: new Meter(() => 0) }
  const next = {
    batch: ({ rowCount }: { rowCount: number }) => seen.push(`${rowCount} rows`),
    watermark: (us: number) => seen.push(`watermark ${us}`),
  }
  return { stage: new Stage(options, operator, next), seen }
}

test('a watermark that goes back is an error; the same one is not said again', () => {
  const { stage, seen } = stageOf(true)
  stage.input(0).watermark(5)
  stage.input(0).watermark(5)
  expect(() => stage.input(0).watermark(4)).toThrow(/moves its watermark back/)
  stage.input(0).watermark(6)
  expect(seen).toEqual(['watermark 5', 'watermark 6'])
})

test('a restored stage does not say its watermark, and does not go behind it', () => {
  const { stage, seen } = stageOf(true)
  stage.restore([], 7)
  expect(seen).toEqual([])
  expect(() => stage.input(0).watermark(6)).toThrow(/moves its watermark back/)
})

test('large output goes on in pieces', () => {
  const { stage, seen } = stageOf(false)
  stage.input(0).batch(parseBatch('1\n2\n3\n4\n5', schema))
  expect(seen).toEqual(['2 rows', '2 rows', '1 rows'])
})

test('append-only output takes nothing back', () => {
  const { stage } = stageOf(true)
  expect(() => stage.input(0).batch(parseBatch('- 1', schema))).toThrow(/retracts rows/)
})
