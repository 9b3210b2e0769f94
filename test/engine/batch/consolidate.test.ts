import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { consolidate } from '../../../engine/batch/consolidate.ts'
import { parseBatch, printBatch } from '../../../engine/batch/pretty.ts'
import { rowsOf } from '../../../engine/batch/rows.ts'
import { schemaOf } from '../../../engine/batch/schema.ts'
import { BIGINT, DOUBLE, VARCHAR } from '../../../engine/batch/types.ts'
import { anyCase, batchOf, plain } from './arbitrary.ts'

const schema = schemaOf([
  { name: 'n', type: BIGINT, nullable: true },
  { name: 's', type: VARCHAR, nullable: true },
])

const net = (text: string): string | null => {
  const result = consolidate([parseBatch(text, schema)], schema)
  return result && printBatch(result)
}

describe('consolidate', () => {
  test('sums the weights of equal rows and drops zeros', () => {
    expect(net('+ 1 a\n- 2 b\n+ 1 a\n+ 2 b\n+ 3 c')).toBe('+2 1 a\n+ 3 c')
    expect(net('+ 1 a\n- 1 a')).toBeNull()
    expect(net('+ NULL a\n+ NULL a\n+ NULL NULL')).toBe('+2 NULL a\n+ NULL NULL')
    expect(net('- 9007199254740993 a\n+ 9007199254740992 a')).toBe(
      '- 9007199254740993 a\n+ 9007199254740992 a',
    )
    expect(net("+ 1 ''\n- 1 NULL")).toBe("+ 1 ''\n- 1 NULL")
  })

  test('-0 is 0 and NaN is NaN', () => {
    const doubles = schemaOf([{ name: 'd', type: DOUBLE, nullable: true }])
    const batch = batchOf({
      schema: doubles,
      rows: [[-0], [0], [Number.NaN], [Number.NaN]],
      weights: [1, -1, 2, 3],
    })
    expect(printBatch(consolidate([batch], doubles)!)).toBe('+5 NaN')
  })

  test('puts append-only batches together and nothing else', () => {
    const one = parseBatch('1 a\n1 a', schema)
    const all = consolidate([one, one.slice(0, 0), one], schema)!
    expect(all.weights).toBeNull()
    expect(all.rowCount).toBe(4)
    expect(consolidate([], schema)).toBeNull()
    expect(consolidate([one.slice(0, 0)], schema)).toBeNull()
  })

  test('agrees with a map of rows, for every type', () => {
    const small = anyCase().filter((c) => c.schema.fields.length > 0)
    fc.assert(
      fc.property(
        small,
        fc.array(fc.tuple(fc.nat(5), fc.integer({ min: -2, max: 2 })), { maxLength: 40 }),
        (given, picks) => {
          const source = given.rows.slice(0, 6)
          fc.pre(source.length > 0)
          const used = picks.filter(([, w]) => w !== 0)
          const rows = used.map(([i]) => source[i % source.length])
          const weights = used.map(([, w]) => w)
          const batch = batchOf({ schema: given.schema, rows, weights })
          const wanted = new Map<string, number>()
          const key = (row: unknown[]) =>
            JSON.stringify(
              row.map((v) => plain(v as never)),
              (_, v) =>
                Object.is(v, -0) ? 0 : typeof v === 'number' && !Number.isFinite(v) ? `#${v}` : v,
            )
          rowsOf(batch).forEach((row, i) => {
            wanted.set(key(row), (wanted.get(key(row)) ?? 0) + (batch.weights?.[i] ?? 1))
          })
          const half = batch.rowCount >> 1
          const result = consolidate(
            [batch.slice(0, half), batch.slice(half, batch.rowCount)],
            given.schema,
          )
          if (batch.weights === null) {
            expect(result?.rowCount ?? 0).toBe(batch.rowCount)
            return
          }
          const found = new Map(
            result === null ? [] : rowsOf(result).map((row, i) => [key(row), result.weights![i]]),
          )
          expect(found).toEqual(new Map([...wanted].filter(([, w]) => w !== 0)))
          expect(found.size).toBe(result?.rowCount ?? 0)
        },
      ),
      { numRuns: 300 },
    )
  })
})
