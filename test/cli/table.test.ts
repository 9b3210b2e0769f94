/** Tables in the terminal: alignment, cutting, NULL, wide and hostile text. */

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { tableLines } from '../../server/cli/table.ts'
import { printable, textWidth, truncate, truncateStyled } from '../../server/cli/text-width.ts'
import { valueText } from '../../server/cli/value-text.ts'

const columns = [
  { name: 'origin', type: 'STRING' },
  { name: 'n', type: 'BIGINT NOT NULL' },
  { name: 'at', type: 'TIMESTAMP(3)' },
]

describe('tableLines', () => {
  test('aligns numbers right, text left, and shows NULL', () => {
    const rows = [
      { origin: 'ATL', n: 12345, at: '2001-01-31T10:00:00.000Z' },
      { origin: null, n: 7, at: '2001-01-31T10:00:00.250Z' },
    ]
    expect(tableLines(columns, rows)).toEqual([
      ' origin │     n │ at',
      '────────┼───────┼────────────────────────',
      ' ATL    │ 12345 │ 2001-01-31 10:00:00',
      ' NULL   │     7 │ 2001-01-31 10:00:00.25',
    ])
  })

  test('keeps to the width and marks what is cut', () => {
    const rows = [{ origin: 'x'.repeat(200), n: 1, at: null }]
    const lines = tableLines(columns, rows, { width: 40 })
    expect(Math.max(...lines.map(textWidth))).toBeLessThanOrEqual(40)
    expect(lines[2]).toContain('…')
    expect(lines[2]).toContain('│ 1 │ NULL')
  })

  test('every line of any table is equally wide, but for the spaces at its end', () => {
    const text = fc.oneof(
      fc.string({ unit: 'grapheme', maxLength: 12 }),
      fc.constantFrom('日本語', '👩‍👩‍👧', 'e\u0301', '\u001b[31mred', 'a\nb', 'ﾊﾝｶｸ', '🇩🇪'),
    )
    const row = fc.record({
      origin: fc.option(text),
      n: fc.integer(),
      at: fc.constant(null),
    })
    fc.assert(
      fc.property(
        fc.array(row, { minLength: 1, maxLength: 5 }),
        fc.integer({ min: 30, max: 90 }),
        (rows, width) => {
          const lines = tableLines(columns, rows, { width })
          const rule = textWidth(lines[1])
          expect(rule).toBeLessThanOrEqual(width)
          const bar = (line: string) => textWidth(line.slice(0, line.indexOf('│')))
          for (const line of [...lines.slice(2), lines[0]]) {
            expect(textWidth(line)).toBeLessThanOrEqual(rule)
            if (rows.every((r) => !r.origin?.includes('│'))) {
              expect(bar(line)).toBe(lines[1].indexOf('┼'))
            }
          }
        },
      ),
    )
  })
})

describe('text', () => {
  test.each([
    ['abc', 3],
    ['日本', 4],
    ['e\u0301', 1],
    ['👩‍👩‍👧', 2],
    ['🇩🇪', 2],
    ['\u001b[1mbold\u001b[22m', 4],
    ['│─█', 3],
  ])('%s takes %i cells', (text, width) => {
    expect(textWidth(text)).toBe(width)
  })

  test('a cut text never takes more than its width', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'grapheme' }),
        fc.integer({ min: 1, max: 20 }),
        (text, width) => {
          const safe = printable(text)
          expect(textWidth(truncate(safe, width))).toBeLessThanOrEqual(width)
          if (textWidth(safe) <= width) expect(truncate(safe, width)).toBe(safe)
        },
      ),
    )
  })

  test('cutting a coloured line keeps its colours whole and resets them', () => {
    const line = '\u001b[31mred text\u001b[39m and more'
    expect(truncateStyled(line, 5)).toBe('\u001b[31mred …\u001b[0m')
    expect(truncateStyled(line, 100)).toBe(line)
  })

  test('control characters of the data cannot reach the terminal', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(printable(text)).not.toMatch(/\p{Control}/u)
      }),
    )
  })
})

test.each([
  [null, 'STRING', 'NULL'],
  [true, 'BOOLEAN', 'true'],
  [0.1 + 0.2, 'DOUBLE', '0.3'],
  ['9223372036854775807', 'BIGINT', '9223372036854775807'],
  ['2001-01-31T10:00:00Z', 'TIMESTAMP_LTZ(3)', '2001-01-31 10:00:00Z'],
  [{ a: [1, null] }, 'ROW<a ARRAY<INT>>', '{"a":[1,null]}'],
  ['a\tb', 'STRING', 'a␉b'],
])('%j of %s is shown as %s', (value, type, text) => {
  expect(valueText(value, type)).toBe(text)
})
