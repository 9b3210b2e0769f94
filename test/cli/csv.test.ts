/** CSV out, and CSV in cut into requests: a record is never cut, the header is always there. */

import fc from 'fast-check'
import { expect, test } from 'vitest'
import { csvHeader, csvLine } from '../../server/cli/csv.ts'
import { csvBatches } from '../../server/cli/csv-records.ts'

const columns = [
  { name: 'a', type: 'STRING' },
  { name: 'b,c', type: 'BIGINT' },
]

test('quotes what needs quotes; NULL is empty, the empty string is quoted', () => {
  expect(csvHeader(columns)).toBe('a,"b,c"')
  expect(csvLine(columns, { a: 'x"y\nz', 'b,c': 1 })).toBe('"x""y\nz",1')
  expect(csvLine(columns, { a: null, 'b,c': 0 })).toBe(',0')
  expect(csvLine(columns, { a: '', 'b,c': null })).toBe('"",')
})

test('any cutting of any CSV gives the same records', async () => {
  const field = fc.oneof(
    fc.constantFrom('a', 'x"y', 'l1\nl2', '', ',', 'é'),
    fc.string({ maxLength: 5 }),
  )
  const safe = field.map((text) => text.replaceAll('\r', ''))
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(safe, fc.integer()), { maxLength: 20 }),
      fc.array(fc.nat(), { maxLength: 6 }),
      fc.integer({ min: 1, max: 4 }),
      fc.constantFrom('\n', '\r\n'),
      async (rows, cuts, rowsMax, lineEnd) => {
        const records = rows.map(([a, n]) => csvLine(columns, { a, 'b,c': n }))
        const text = ['a,n', ...records].map((record) => record + lineEnd).join('')
        const places = [...cuts.map((c) => c % (text.length + 1)), text.length].sort(
          (x, y) => x - y,
        )
        let from = 0
        const pieces = places.map((to) => text.slice(from, (from = to)))
        const bodies: string[] = []
        let count = 0
        const source = (async function* () {
          yield* pieces
        })()
        for await (const batch of csvBatches(source, { rowsMax, charsMax: 1e6 })) {
          expect(batch.body.startsWith('a,n\n')).toBe(true)
          expect(batch.count).toBeLessThanOrEqual(rowsMax)
          bodies.push(batch.body.slice(4))
          count += batch.count
        }
        expect(count).toBe(records.length)
        expect(bodies.join('')).toBe(records.map((record) => `${record}\n`).join(''))
      },
    ),
    { numRuns: 300 },
  )
})
