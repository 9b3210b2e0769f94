import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { formatDecimal, parseDecimal } from '../../../engine/base/decimal-text.ts'
import {
  formatDuration,
  formatMonths,
  parseDuration,
  parseMonths,
} from '../../../engine/base/interval-text.ts'
import {
  civilOf,
  daysOf,
  formatDate,
  formatTime,
  formatTimestamp,
  parseDate,
  parseTime,
  parseTimestamp,
  readTimestamp,
} from '../../../engine/base/time-text.ts'

const YEARS_MS = {
  min: Date.UTC(1970) - 1969 * 365.2425 * 86_400_000 + 86_400_000 * 400,
  max: 253_402_300_799_999,
}

describe('timestamps', () => {
  test('agree with Date on every millisecond', () => {
    fc.assert(
      fc.property(fc.integer(YEARS_MS), (ms) => {
        const us = BigInt(ms) * 1000n
        const value = us > -(2n ** 53n) && us < 2n ** 53n ? Number(us) : us
        const iso = new Date(ms).toISOString()
        expect(`${formatTimestamp(value, 3, 'T')}Z`).toBe(iso)
        expect(parseTimestamp(iso)).toBe(value)
        expect(parseTimestamp(iso.replace('T', ' ').replace('Z', ''))).toBe(value)
      }),
      { numRuns: 3000 },
    )
  })

  test('keep microseconds through both ways', () => {
    const us = fc.bigInt({ min: -62_135_596_800_000_000n, max: 253_402_300_799_999_999n })
    fc.assert(
      fc.property(us, (value) => {
        expect(BigInt(parseTimestamp(formatTimestamp(value, 6))!)).toBe(value)
      }),
      { numRuns: 3000 },
    )
  })

  test.each([
    ['2001-01-01', 978_307_200_000_000],
    ['2001-01-01T00:01:00Z', 978_307_260_000_000],
    ['2001-01-01 00:01', 978_307_260_000_000],
    ['2001-01-01 00:01:00.123456789', 978_307_260_123_456],
    ['2001-01-01 00:01:00.1', 978_307_260_100_000],
    ['2001-01-01T00:01:00.', 978_307_260_000_000],
    ['2001-01-01T02:01:00+02:00', 978_307_260_000_000],
    ['2000-12-31T21:31:00-0230', 978_307_260_000_000],
    ['2001-01-01T02:01:00 +02', 978_307_260_000_000],
    ['2000-02-29', 951_782_400_000_000],
    ['1969-12-31 23:59:59.999999', -1],
  ])('%s', (text, us) => {
    expect(parseTimestamp(text)).toBe(us)
  })

  test.each([
    '',
    'x',
    '2001-02-29',
    '1900-02-29',
    '2001-13-01',
    '2001-00-01',
    '2001-01-00',
    '2001-04-31',
    '0000-01-01',
    '2001-1-1',
    '2001-01-01T24:00:00',
    '2001-01-01T00:60:00',
    '2001-01-01T00:00:60',
    '2001-01-01T00:00:00.1234567890',
    '2001-01-01T00:00:00X',
    '2001-01-01T00:00:00+19:00',
    '2001-01-01T00:00:00+2:00',
    '2001-01-01_00:00:00',
    ' 2001-01-01',
    '2001-01-01 ',
    '20010-01-01',
  ])('%j is not one', (text) => {
    expect(parseTimestamp(text)).toBeUndefined()
  })

  test('tell the zone that was written', () => {
    expect(readTimestamp('2001-01-01')).toEqual({
      localUs: 978_307_200_000_000,
      offsetUs: undefined,
    })
    expect(readTimestamp('2001-01-01T00:00:00-01:30')?.offsetUs).toBe(-5_400_000_000)
    expect(readTimestamp('2001-01-01T00:00:00Z')?.offsetUs).toBe(0)
  })

  test('cut what the precision does not show', () => {
    expect(formatTimestamp(1_999_999, 0)).toBe('1970-01-01 00:00:01')
    expect(formatTimestamp(-1, 3)).toBe('1969-12-31 23:59:59.999')
  })
})

describe('dates and times', () => {
  test('every day of 9999 years', () => {
    let days = daysOf(1, 1, 1)
    for (let year = 1; year <= 9999; year += 7) {
      for (const [month, day] of [
        [1, 1],
        [2, 28],
        [3, 1],
        [12, 31],
      ]) {
        expect(civilOf(daysOf(year, month, day))).toEqual({ year, month, day })
      }
    }
    for (; days < daysOf(12, 1, 1); days++) expect(parseDate(formatDate(days))).toBe(days)
    expect(formatDate(daysOf(-1, 5, 6))).toBe('-0001-05-06')
    expect(formatDate(daysOf(12345, 5, 6))).toBe('12345-05-06')
    expect(parseDate('2001-01-01T00:00')).toBeUndefined()
  })

  test('times', () => {
    expect(parseTime('23:59:59.999999')).toBe(86_399_999_999)
    expect(parseTime('01:02')).toBe(3_720_000_000)
    expect(parseTime('1:02:03')).toBeUndefined()
    expect(parseTime('01:02:03Z')).toBeUndefined()
    expect(formatTime(86_399_999_999, 6)).toBe('23:59:59.999999')
    expect(formatTime(3_720_000_000, 0)).toBe('01:02:00')
  })
})

describe('intervals', () => {
  test('go both ways', () => {
    const us = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })
    fc.assert(
      fc.property(us, fc.integer(), (value, months) => {
        expect(BigInt(parseDuration(formatDuration(value))!)).toBe(value)
        expect(parseMonths(formatMonths(months))).toBe(months)
      }),
    )
  })

  test('are ISO-8601 durations', () => {
    expect(formatDuration(0)).toBe('PT0S')
    expect(formatDuration(93_784_500_000)).toBe('P1DT2H3M4.5S')
    expect(formatDuration(-1)).toBe('-PT0.000001S')
    expect(formatMonths(14)).toBe('P1Y2M')
    expect(formatMonths(-12)).toBe('-P1Y')
    expect(formatMonths(0)).toBe('P0M')
    for (const text of ['', 'P', 'PT', 'P1', 'P1DT', '1D', 'P1Y', 'PT1.5H', 'P99999999999D']) {
      expect(parseDuration(text)).toBeUndefined()
    }
    for (const text of ['', 'P', 'P1D', 'P1.5Y']) expect(parseMonths(text)).toBeUndefined()
  })
})

describe('decimals', () => {
  test('go both ways', () => {
    fc.assert(
      fc.property(
        fc.bigInt({ min: -(10n ** 38n), max: 10n ** 38n }),
        fc.nat(38),
        (value, scale) => {
          expect(parseDecimal(formatDecimal(value, scale), scale)).toBe(value)
        },
      ),
    )
  })

  test.each([
    ['1.5', 2, 150n],
    ['-.5', 0, -1n],
    ['0.05', 1, 1n],
    ['0.049', 1, 0n],
    ['15e-1', 1, 15n],
    ['1e3', 2, 100_000n],
    ['1e-50', 2, 0n],
    ['007', 0, 7n],
    ['9.99', 1, 100n],
  ])('%s at scale %d', (text, scale, unscaled) => {
    expect(parseDecimal(text, scale)).toBe(unscaled)
  })

  test.each(['', '.', '-', '1.2.3', '1e', 'abc', ' 1', '0x10', '1e99999'])('%j is none', (text) => {
    expect(parseDecimal(text, 2)).toBeUndefined()
  })
})
