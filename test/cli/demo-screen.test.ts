/** The demo's screen fits every terminal, and the painter redraws in place. */

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Row, SubscriptionEvent } from '../../client/index.ts'
import { grouped, minuteText, sparkline, speedText } from '../../server/cli/demo/format.ts'
import { DemoModel } from '../../server/cli/demo/model.ts'
import { drawFrame } from '../../server/cli/demo/screen.ts'
import { Painter } from '../../server/cli/painter.ts'
import { plain } from '../../server/cli/style.ts'
import { textWidth } from '../../server/cli/text-width.ts'

const changes = (rows: readonly Row[], op: '+I' | '-U' | '+U' = '+I'): SubscriptionEvent => ({
  kind: 'changes',
  id: '',
  epoch: 1,
  watermark: null,
  rows: rows.map((row) => ({ op, row })),
})

function fullModel(): DemoModel {
  const model = new DemoModel()
  Object.assign(model, { rowsAppended: 1_412_330, rowsTotal: 3_000_000, lagRows: 12_345 })
  Object.assign(model, { watermark: '2001-03-27T13:50:00.000Z', eventTimeUs: 985_702_000_000_000 })
  const week = '2001-03-22T00:00:00.000Z'
  const origins = Array.from({ length: 20 }, (_, i) => `A${String.fromCharCode(65 + i)}X`)
  model.takeAirports(
    changes(
      origins.map((origin, i) => ({
        window_start: week,
        origin,
        flights: 100 + i,
        avg_delay: 30 - i,
        max_delay: 300,
      })),
    ),
  )
  model.takeHourly(
    changes(
      Array.from({ length: 300 }, (_, i) => ({
        window_start: new Date(Date.UTC(2001, 2, 1, i)).toISOString(),
        flights: i,
        avg_delay: i / 10 - 5,
      })),
    ),
  )
  model.takeAlerts(
    changes(
      origins.map((origin) => ({
        date: '2001-03-27T12:00:00.000Z',
        origin,
        destination: 'ORD',
        delay: 301,
      })),
    ),
  )
  return model
}

describe('drawFrame', () => {
  const frame = (model: DemoModel, columns: number, rows: number) =>
    drawFrame({
      model,
      url: 'http://127.0.0.1:7070',
      cities: new Map([['AAX', 'Somewhere with a rather long name, ST']]),
      speed: 259_200,
      rowsPerSecond: 50_000,
      phase: 'replaying',
      columns,
      rows,
      style: plain,
    })

  test('fits any terminal, empty or full', () => {
    fc.assert(
      fc.property(
        fc.boolean(),
        fc.integer({ min: 30, max: 250 }),
        fc.integer({ min: 24, max: 80 }),
        (full, columns, rows) => {
          const lines = frame(full ? fullModel() : new DemoModel(), columns, rows)
          expect(lines.length).toBeLessThan(rows)
          for (const line of lines) expect(textWidth(line)).toBeLessThanOrEqual(columns)
        },
      ),
    )
  })

  test('shows the worst airports first, the newest hours and alerts, and how to subscribe', () => {
    const text = frame(fullModel(), 120, 40).join('\n')
    expect(text).toContain('1 412 330 of 3 000 000')
    expect(text).toMatch(/AAX {2}Somewhere.*30\.0 min/)
    expect(text.indexOf('AAX')).toBeLessThan(text.indexOf('ABX'))
    expect(text).toContain('Mar 13 11:00')
    expect(text).toContain('301 min')
    expect(text).toContain('curl -N http://127.0.0.1:7070/v1/queries/hourly/events')
  })
})

describe('DemoModel', () => {
  test('an update replaces its row; a small airport is not ranked', () => {
    const model = fullModel()
    const row = { window_start: '2001-03-22T00:00:00.000Z', origin: 'AAX', max_delay: 1 }
    model.takeAirports(changes([{ ...row, flights: 500, avg_delay: 1 }], '+U'))
    model.takeAirports(changes([{ ...row, flights: 499, avg_delay: 99 }], '-U'))
    model.takeAirports(changes([{ ...row, origin: 'ZZZ', flights: 3, avg_delay: 99 }]))
    const { airports } = model.worstAirports()
    expect(airports[0].origin).toBe('ABX')
    expect(airports.find(({ origin }) => origin === 'AAX')?.flights).toBe(500)
    expect(airports.some(({ origin }) => origin === 'ZZZ')).toBe(false)
  })

  test('a snapshot that comes again replaces what there was', () => {
    const model = fullModel()
    const alerts = model.alertCount
    const rows = changes([
      { date: '2001-01-01T00:00:00.000Z', origin: 'A', destination: 'B', delay: 400 },
    ])
    const snapshot = { ...rows, kind: 'snapshot', part: 0, last: true } as SubscriptionEvent
    model.takeAlerts(snapshot)
    model.takeAlerts(snapshot)
    expect(alerts).toBe(20)
    expect(model.alertCount).toBe(1)
  })
})

describe('format', () => {
  test.each([
    [grouped(1234567.4), '1 234 567'],
    [grouped(12), '12'],
    [minuteText(985_702_000_000_000), '2001-03-27 14:06'],
    [minuteText(null), '–'],
    [speedText(259_200), '3 days/s'],
    [speedText(3600), '1 hour/s'],
    [speedText(1), 'real time'],
    [sparkline([0, 7]), '▁█'],
    [sparkline([]), ''],
  ])('%s', (actual, expected) => {
    expect(actual).toBe(expected)
  })
})

describe('Painter', () => {
  /** The least of a terminal: lines, cursor, up, clear. */
  class Screen {
    readonly columns = 20
    readonly rows = 10
    lines: string[] = ['']
    row = 0
    write(text: string): void {
      for (const [token] of text.matchAll(/\p{Cc}\[[?0-9;]*[A-Za-z]|\n|\r|\P{Cc}+/gu)) {
        const up = /^\p{Cc}\[(\d+)A$/u.exec(token)
        if (up) this.row -= Number(up[1])
        else if (token === '\u001b[J') this.lines.length = this.row + 1
        else if (token === '\n') this.lines[++this.row] ??= ''
        else if (!token.startsWith('\u001b') && token !== '\r') this.lines[this.row] = token
      }
    }
  }

  test('replaces its block, also by a shorter one, and leaves what was above', () => {
    const screen = new Screen()
    screen.write('before\n')
    const painter = new Painter(screen)
    painter.paint(['one', 'two', 'three'])
    painter.paint(['ONE', 'TWO'])
    painter.end()
    screen.write('after\n')
    expect(screen.lines).toEqual(['before', 'ONE', 'TWO', 'after', ''])
  })

  test('never paints higher than the terminal', () => {
    const screen = new Screen()
    const painter = new Painter(screen)
    for (let i = 0; i < 3; i++) painter.paint(Array(50).fill('x'))
    expect(screen.lines).toHaveLength(10)
  })
})
