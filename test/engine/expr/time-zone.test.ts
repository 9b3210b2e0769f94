/** Time zones: offsets as Intl has them, wall clocks at the edges of summer time, and the session's
 *  zone spelled out in expressions. */

import { describe, expect, test } from 'vitest'
import { random } from '../../../engine/base/random.ts'
import { formatTimestamp, parseTimestamp } from '../../../engine/base/time-text.ts'
import { DATE, type DataType, VARCHAR } from '../../../engine/batch/types.ts'
import { formatValue } from '../../../engine/expr/cast.ts'
import { inZone } from '../../../engine/expr/in-zone.ts'
import { interpret } from '../../../engine/expr/interpret.ts'
import type { Expr } from '../../../engine/expr/ir.ts'
import { bigint, int, months, text, timestampLtz } from '../../../engine/expr/literal.ts'
import { resolveCall, resolveCast } from '../../../engine/expr/resolve.ts'
import { zoneOf } from '../../../engine/expr/time-zone.ts'
import { seedOf } from '../../seed.ts'

const us = (value: string): number => Number(parseTimestamp(value))
const shown = (value: number | bigint): string => formatTimestamp(value, 0)
const ZONES = [
  'Europe/Berlin',
  'America/New_York',
  'Asia/Kolkata',
  'Australia/Lord_Howe',
  'Africa/Casablanca',
  'Pacific/Apia',
  'America/Sao_Paulo',
]

test('wall clocks are those of Intl, at random instants', () => {
  const source = random(seedOf('zone'))
  for (const name of ZONES) {
    const zone = zoneOf(name)
    const format = new Intl.DateTimeFormat('sv-SE', {
      timeZone: name,
      dateStyle: 'short',
      timeStyle: 'medium',
    })
    for (let i = 0; i < 300; i++) {
      const second = Math.floor((source.unit() - 0.3) * 4e9)
      expect(shown(zone.toLocal(second * 1e6))).toBe(format.format(second * 1000))
    }
  }
})

test('instants come back from the wall clock, but for the hour that is there twice', () => {
  const source = random(seedOf('zone back'))
  for (const name of ZONES) {
    const zone = zoneOf(name)
    for (let i = 0; i < 300; i++) {
      const instant = Math.floor((source.unit() - 0.1) * 4e9) * 1e6
      const back = zone.toInstant(zone.toLocal(instant))
      if (back !== instant) expect(zone.toLocal(back)).toBe(zone.toLocal(instant))
    }
  }
})

test.each([
  // The clock goes from 2:00 to 3:00.
  ['Europe/Berlin', '2024-03-31 01:59:59', '2024-03-31 00:59:59'],
  ['Europe/Berlin', '2024-03-31 02:30:00', '2024-03-31 01:30:00'],
  ['Europe/Berlin', '2024-03-31 03:00:00', '2024-03-31 01:00:00'],
  // From 3:00 back to 2:00: the earlier of the two.
  ['Europe/Berlin', '2024-10-27 02:30:00', '2024-10-27 00:30:00'],
  ['Europe/Berlin', '2024-10-27 03:00:00', '2024-10-27 02:00:00'],
  ['America/New_York', '2024-11-03 01:30:00', '2024-11-03 05:30:00'],
  ['+05:30', '2024-01-01 00:00:00', '2023-12-31 18:30:00'],
  ['GMT-8', '2024-01-01 00:00:00', '2024-01-01 08:00:00'],
  ['UTC', '2024-01-01 00:00:00', '2024-01-01 00:00:00'],
])('%s: %s is %s in UTC', (name, local, instant) => {
  expect(shown(zoneOf(name).toInstant(us(local)))).toBe(instant)
})

test('unknown zones are refused with a hint', () => {
  expect(() => zoneOf('Europe/Berlinn')).toThrowError(
    expect.objectContaining({ code: 'INVALID_ARGUMENT', hint: 'Did you mean Europe/Berlin?' }),
  )
  expect(() => zoneOf('+25:00')).toThrowError(/No time zone/)
})

test('a million look-ups take no Intl', () => {
  const zone = zoneOf('Europe/Paris')
  const start = performance.now()
  const base = us('2024-03-01 00:00:00')
  for (let i = 0; i < 1_000_000; i++) zone.toLocal(base + i * 2e6)
  expect(performance.now() - start).toBeLessThan(1000)
})

describe('the session zone', () => {
  const SUMMER = timestampLtz('2024-07-01 22:30:00')
  const f = (name: string, ...args: Expr[]) => resolveCall(name, args)
  const LTZ: DataType = { kind: 'timestamp_ltz', precision: 3 }
  const clock = { epoch: 1, nowUs: us('2024-07-01 22:30:00'), seed: 1 }

  test.each<[string, Expr, string]>([
    ['CAST AS STRING', resolveCast(SUMMER, VARCHAR, false), '2024-07-02 00:30:00.000'],
    ['CAST AS DATE', resolveCast(SUMMER, DATE, false), '2024-07-02'],
    ['EXTRACT', f('EXTRACT', text('HOUR'), SUMMER), '0'],
    ['YEAR', f('DAYOFMONTH', SUMMER), '2'],
    ['DATE_FORMAT', f('DATE_FORMAT', SUMMER, text('dd HH')), '02 00'],
    // Midnight in Berlin is 22:00 in UTC.
    ['DATE_TRUNC', f('DATE_TRUNC', text('day'), SUMMER), '2024-07-01 22:00:00.000'],
    ['FLOOR', f('FLOOR', SUMMER, text('MONTH')), '2024-06-30 22:00:00.000'],
    ['+ months', f('+', SUMMER, months(6)), '2025-01-01 23:30:00.000'],
    ['CURRENT_DATE', f('CURRENT_DATE'), '2024-07-02'],
    ['CURRENT_TIME', f('CURRENT_TIME'), '00:30:00'],
    ['LOCALTIMESTAMP', f('LOCALTIMESTAMP'), '2024-07-02 00:30:00.000'],
    ['CURRENT_TIMESTAMP', f('CURRENT_TIMESTAMP'), '2024-07-01 22:30:00.000'],
    ['FROM_UNIXTIME', f('FROM_UNIXTIME', bigint(1719873000)), '2024-07-02 00:30:00'],
    ['UNIX_TIMESTAMP', f('UNIX_TIMESTAMP', text('2024-07-02 00:30:00')), '1719873000'],
    [
      'TO_TIMESTAMP_LTZ',
      f('TO_TIMESTAMP_LTZ', text('2024-07-02 00:30:00')),
      '2024-07-01 22:30:00.000',
    ],
    ['TO_TIMESTAMP_LTZ(n)', f('TO_TIMESTAMP_LTZ', bigint(0), int(0)), '1970-01-01 00:00:00.000'],
    ['CAST(text)', resolveCast(text('2024-07-02 00:30:00'), LTZ, false), '2024-07-01 22:30:00.000'],
    [
      'CAST(text with a zone)',
      resolveCast(text('2024-07-02 00:30:00Z'), LTZ, false),
      '2024-07-02 00:30:00.000',
    ],
    ['a compared text', f('=', SUMMER, text('2024-07-02 00:30:00')), 'TRUE'],
    [
      'TIMESTAMPDIFF of instants',
      f('TIMESTAMPDIFF', text('HOUR'), SUMMER, timestampLtz('2024-07-02 00:30:00')),
      '2',
    ],
  ])('%s', (_, expr, wanted) => {
    const zoned = inZone(expr, 'Europe/Berlin')
    expect(formatValue(interpret(zoned, [], clock), zoned.type)).toBe(wanted)
    expect(zoned.type).toEqual(expr.type)
  })

  test('UTC changes nothing, and what is no timestamp is still an error', () => {
    const expr = resolveCast(text('x'), LTZ, false)
    expect(inZone(expr, 'UTC')).toBe(expr)
    expect(() => interpret(inZone(expr, 'Europe/Berlin'), [])).toThrowError(
      expect.objectContaining({ code: 'INVALID_VALUE' }),
    )
    const safe = resolveCast(text('x'), LTZ, true)
    expect(interpret(inZone(safe, 'Europe/Berlin'), [])).toBeNull()
    expect(() => inZone(expr, 'Mars')).toThrowError(/No time zone/)
  })
})
