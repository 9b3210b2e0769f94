/** Date patterns: formatting and parsing are inverse, and strict. */

import { expect, test } from 'vitest'
import { formatTimestamp, parseTimestamp } from '../../../engine/base/time-text.ts'
import { compileDatePattern } from '../../../engine/expr/date-pattern.ts'

const pattern = (text: string) => compileDatePattern(text, undefined)
const at = (text: string) => parseTimestamp(text) ?? 0
const parsed = (format: string, text: string): string | undefined => {
  const us = pattern(format).parse(text)
  return us === undefined ? undefined : formatTimestamp(us, 6)
}

test.each([
  ['yyyy-MM-dd HH:mm:ss', '2024-02-29 13:45:30'],
  ['yyyyMMddHHmmssSSS', '20240229134530123'],
  ["yyyy-MM-dd'T'HH:mm:ss.SSSSSS", '2024-02-29T13:45:30.123456'],
  ['d.M.yyyy', '29.2.2024'],
  ['EEEE, d MMMM yyyy', 'Thursday, 29 February 2024'],
  ["h:mm a 'o''clock'", "1:45 PM o'clock"],
  ['yy DDD Q w', '24 060 1 9'],
  ['kk K n', '13 1 123456000'],
])('%s', (format, wanted) => {
  expect(pattern(format).format(at('2024-02-29 13:45:30.123456'))).toBe(wanted)
})

test.each([
  ['yyyy-MM-dd HH:mm:ss', '2024-02-29 13:45:30', '2024-02-29 13:45:30.000000'],
  ['yyyyMMddHHmmss', '20240229134530', '2024-02-29 13:45:30.000000'],
  ['dd/MMM/yyyy hh:mm a', '29/feb/2024 12:05 am', '2024-02-29 00:05:00.000000'],
  ['yyyy-DDD', '2024-060', '2024-02-29 00:00:00.000000'],
  ['ss.SSS', '05.250', '1970-01-01 00:00:05.250000'],
  ['yyyy-MM-dd', '2023-02-29', undefined],
  ['yyyy-MM-dd', '2024-2-29', undefined],
  ['yyyy-MM-dd', '2024-02-29 ', undefined],
  ['HH:mm', '24:00', undefined],
  ['yyyy', '', undefined],
])('%s of %s', (format, text, wanted) => expect(parsed(format, text)).toBe(wanted))

test.each(['X', 'yyyy-MM-dd[ HH:mm]', 'z'])('%s is refused', (format) => {
  expect(() => pattern(format)).toThrowError(/No meaning for/)
})
