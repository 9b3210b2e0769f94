/** Changes as messages mean what the same changes mean in a request. */

import { describe, expect, it } from 'vitest'
import { random } from '../../../engine/base/random.ts'
import { rowsOf } from '../../../engine/batch/rows.ts'
import { type Schema, schemaOf } from '../../../engine/batch/schema.ts'
import { BIGINT, VARCHAR } from '../../../engine/batch/types.ts'
import { decodeChangelogJson } from '../../../engine/format/changelog-json.ts'
import type { DecodeOptions } from '../../../engine/format/format.ts'
import { ChangelogMessages } from '../../../engine/source/changelog-messages.ts'
import { seedOf } from '../../seed.ts'

const schema = schemaOf([
  { name: 'id', type: BIGINT, nullable: false },
  { name: 'name', type: VARCHAR, nullable: true },
])
const LENIENT: DecodeOptions = { unknownFields: 'ignore', missingFields: 'null' }

function decode(texts: readonly string[], of: Schema, options: DecodeOptions) {
  const records = texts.map((text) => Buffer.from(text))
  const ends = new Int32Array(records.length)
  let at = 0
  for (const [i, { length }] of records.entries()) ends[i] = at += length
  const starts = ends.map((end, i) => end - records[i].length)
  const bytes = Uint8Array.from(Buffer.concat(records))
  const { batch, rows, bad } = new ChangelogMessages(of, options).decode({ bytes, starts, ends })
  const found: unknown[] = texts.map(() => 'bad')
  for (const [row, values] of rowsOf(batch).entries()) {
    found[rows![row]] = [batch.weights?.[row] ?? 1, ...values]
  }
  expect(found.filter((one) => one === 'bad')).toHaveLength(bad.length)
  return found
}

const wanted = (texts: readonly string[], options: DecodeOptions) =>
  texts.map((text) => {
    try {
      const { batch } = decodeChangelogJson(Buffer.from(text), schema, options)
      return [batch.weights?.[0] ?? 1, ...rowsOf(batch)[0]]
    } catch {
      return 'bad'
    }
  })

describe('changes as messages', () => {
  it('are those of a request, however they are written', () => {
    const r = random(seedOf('changelog messages'))
    const pick = (...of: string[]) => of[r.below(of.length)]
    for (let round = 0; round < 200; round++) {
      const texts = Array.from({ length: 1 + r.below(12) }, () => {
        const id = pick('1', '"2"', '9007199254740993', 'null', 'x', '1.5')
        const name = pick('"a"', '"\\u00e9\\n"', 'null', '5')
        const row = pick(
          `{"id":${id},"name":${name}}`,
          `{"name":${name} , "id":${id},"z":[1]}`,
          '5',
        )
        const op = pick('"+I"', '"-U"', '"+U"', '"-D"', '"\\u002bI"', '"x"', 'null', '7')
        const more = pick('', '', '', ',"more":1', ',"op":"+I"', '}')
        return pick(`{"op":${op},"row":${row}${more}}`, ` { "row" : ${row} , "op":${op}${more} }`)
      })
      const options = { ...LENIENT, unknownFields: pick('ignore', 'fail') as 'ignore' }
      expect(decode(texts, schema, options)).toEqual(wanted(texts, options))
    }
  })

  it('with a key need no more of a row that goes', () => {
    const options = { ...LENIENT, key: [0] }
    const texts = ['{"op":"-D","row":{"id":7}}', '{"op":"+U","row":{"id":7,"name":"a"}}']
    expect(decode([...texts, '{"op":"-D","row":{"name":"a"}}'], schema, options)).toEqual([
      [-1, 7, null],
      [1, 7, 'a'],
      'bad',
    ])
  })
})
