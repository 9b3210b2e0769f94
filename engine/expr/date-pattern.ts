/** Date patterns in the language of Java's DateTimeFormatter, as far as Flink's users reach:
 *  the letters y u M L d D Q w E a H h k K m s S n, and quoted text. */

import { fail, type Span } from '../base/errors.ts'
import { civilOf, daysInMonth, daysOf } from '../base/time-text.ts'
import {
  dayOf,
  dayOfYear,
  isoDayOfWeek,
  isoWeek,
  timeOfDay,
  timestampOf,
  US_PER_HOUR,
  US_PER_MINUTE,
  US_PER_SECOND,
} from './calendar.ts'
import type { Int64 } from './int64.ts'

export interface DatePattern {
  format(us: Int64): string
  /** Microseconds since 1970; undefined if the text does not match or names no date. */
  parse(text: string): Int64 | undefined
}

type Part =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'field'; readonly letter: string; readonly count: number }

const MONTH_NAMES = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
]
const DAY_NAMES = ['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday']
const LETTERS = 'yuMLdHhkKmsSnaEDQw'

/** INVALID_ARGUMENT for a letter that has no meaning here. */
export function compileDatePattern(pattern: string, at: Span | undefined): DatePattern {
  const parts = splitPattern(pattern, at)
  return {
    format: (us) => formatParts(parts, us),
    parse: (text) => parseParts(parts, text),
  }
}

function splitPattern(pattern: string, at: Span | undefined): Part[] {
  const parts: Part[] = []
  for (let i = 0; i < pattern.length; ) {
    const letter = pattern[i]
    if (letter === "'") {
      const [text, next] = quoted(pattern, i)
      parts.push({ kind: 'text', text })
      i = next
    } else if (/[A-Za-z]/.test(letter)) {
      if (!LETTERS.includes(letter)) refuseLetter(letter, pattern, at)
      let end = i
      while (pattern[end] === letter) end++
      parts.push({ kind: 'field', letter, count: end - i })
      i = end
    } else {
      if ('[]{}#'.includes(letter)) refuseLetter(letter, pattern, at)
      parts.push({ kind: 'text', text: letter })
      i++
    }
  }
  return parts
}

function refuseLetter(letter: string, pattern: string, at: Span | undefined): never {
  fail('INVALID_ARGUMENT', `No meaning for '${letter}' in the date pattern '${pattern}'`, {
    at,
    hint: `Text stands in quotes: '' ${letter} ''.`,
  })
}

/** The text of a quoted part that begins at `from`; '' is a quote. */
function quoted(pattern: string, from: number): [string, number] {
  if (pattern[from + 1] === "'") return ["'", from + 2]
  let text = ''
  let i = from + 1
  for (; i < pattern.length; i++) {
    if (pattern[i] !== "'") text += pattern[i]
    else if (pattern[i + 1] === "'") text += pattern[++i]
    else break
  }
  return [text, i + 1]
}

function formatParts(parts: readonly Part[], us: Int64): string {
  const days = dayOf(us)
  const time = timeOfDay(us)
  return parts
    .map((part) =>
      part.kind === 'text' ? part.text : formatField(part.letter, part.count, days, time),
    )
    .join('')
}

function formatField(letter: string, count: number, days: number, time: number): string {
  const padded = (value: number) => String(value).padStart(count, '0')
  const { year, month, day } = civilOf(days)
  const hour = Math.floor(time / US_PER_HOUR)
  switch (letter) {
    case 'y':
    case 'u':
      return count === 2 ? String(year % 100).padStart(2, '0') : padded(year)
    case 'M':
    case 'L':
      if (count >= 4) return MONTH_NAMES[month - 1]
      return count === 3 ? MONTH_NAMES[month - 1].slice(0, 3) : padded(month)
    case 'd':
      return padded(day)
    case 'D':
      return padded(dayOfYear(days))
    case 'Q':
      return padded(Math.floor((month - 1) / 3) + 1)
    case 'w':
      return padded(isoWeek(days).week)
    case 'E': {
      const name = DAY_NAMES[isoDayOfWeek(days) - 1]
      return count >= 4 ? name : name.slice(0, 3)
    }
    case 'a':
      return hour < 12 ? 'AM' : 'PM'
    default:
      return formatClock(letter, count, time, padded)
  }
}

function formatClock(
  letter: string,
  count: number,
  time: number,
  padded: (value: number) => string,
): string {
  const hour = Math.floor(time / US_PER_HOUR)
  const fraction = time % US_PER_SECOND
  switch (letter) {
    case 'H':
      return padded(hour)
    case 'k':
      return padded(hour === 0 ? 24 : hour)
    case 'h':
      return padded(hour % 12 === 0 ? 12 : hour % 12)
    case 'K':
      return padded(hour % 12)
    case 'm':
      return padded(Math.floor(time / US_PER_MINUTE) % 60)
    case 's':
      return padded(Math.floor(time / US_PER_SECOND) % 60)
    case 'n':
      return padded(fraction * 1000)
    default:
      // S: the first digits of the fraction.
      return String(fraction).padStart(6, '0').padEnd(count, '0').slice(0, count)
  }
}

/** What a text said so far. */
interface Read {
  year: number
  month: number
  day: number
  hour: number
  minute: number
  second: number
  fractionUs: number
  afternoon: boolean | undefined
  dayOfYear: number | undefined
}

function parseParts(parts: readonly Part[], text: string): Int64 | undefined {
  const read: Read = {
    year: 1970,
    month: 1,
    day: 1,
    hour: 0,
    minute: 0,
    second: 0,
    fractionUs: 0,
    afternoon: undefined,
    dayOfYear: undefined,
  }
  let at = 0
  for (let i = 0; i < parts.length; i++) {
    const part = parts[i]
    const next = parts[i + 1]
    if (part.kind === 'text') {
      if (!text.startsWith(part.text, at)) return undefined
      at += part.text.length
    } else {
      // A field directly before another has exactly its digits.
      const end = readField(part, next?.kind === 'field', text, at, read)
      if (end < 0) return undefined
      at = end
    }
  }
  return at === text.length ? assemble(read) : undefined
}

function assemble(read: Read): Int64 | undefined {
  const { year, month, day, minute, second } = read
  let { hour } = read
  if (read.afternoon !== undefined) hour = (hour % 12) + (read.afternoon ? 12 : 0)
  const inRange =
    year >= 1 &&
    year <= 9999 &&
    month >= 1 &&
    month <= 12 &&
    hour <= 23 &&
    minute <= 59 &&
    second <= 59
  if (!inRange || day < 1 || day > daysInMonth(year, month)) return undefined
  const days =
    read.dayOfYear === undefined
      ? daysOf(year, month, day)
      : daysOf(year, 1, 1) + read.dayOfYear - 1
  return timestampOf(
    days,
    hour * US_PER_HOUR + minute * US_PER_MINUTE + second * US_PER_SECOND + read.fractionUs,
  )
}

/** Reads one field at `at`; returns where the text goes on, -1 if it does not fit. */
function readField(
  { letter, count }: Extract<Part, { kind: 'field' }>,
  tight: boolean,
  text: string,
  at: number,
  read: Read,
): number {
  if ((letter === 'M' || letter === 'L') && count >= 3) {
    const found = readName(MONTH_NAMES, count === 3, text, at)
    if (found !== undefined) read.month = found.index + 1
    return found?.end ?? -1
  }
  if (letter === 'E') return readName(DAY_NAMES, count <= 3, text, at)?.end ?? -1
  if (letter === 'a') {
    const half = text.slice(at, at + 2).toUpperCase()
    if (half !== 'AM' && half !== 'PM') return -1
    read.afternoon = half === 'PM'
    return at + 2
  }
  const fixed = tight || count > 1
  const most = letter === 'S' || fixed ? (letter === 'y' && count >= 4 && !tight ? 9 : count) : 19
  let end = at
  while (end < text.length && end - at < most && text[end] >= '0' && text[end] <= '9') end++
  if (end === at || (fixed && end - at < count)) return -1
  return store(letter, count, text.slice(at, end), read) ? end : -1
}

function readName(names: readonly string[], short: boolean, text: string, at: number) {
  const index = names.findIndex((name) => {
    const wanted = short ? name.slice(0, 3) : name
    return text.slice(at, at + wanted.length).toLowerCase() === wanted.toLowerCase()
  })
  if (index < 0) return undefined
  return { index, end: at + (short ? 3 : names[index].length) }
}

function store(letter: string, count: number, digits: string, read: Read): boolean {
  const value = Number(digits)
  switch (letter) {
    case 'y':
    case 'u':
      read.year = count === 2 ? 2000 + value : value
      return true
    case 'M':
    case 'L':
      read.month = value
      return true
    case 'd':
      read.day = value
      return true
    case 'D':
      read.dayOfYear = value
      return value >= 1 && value <= 366
    case 'H':
    case 'K':
      read.hour = value
      return true
    case 'h':
    case 'k':
      read.hour = value % (letter === 'h' ? 12 : 24)
      return true
    case 'm':
      read.minute = value
      return true
    case 's':
      read.second = value
      return true
    case 'S':
      read.fractionUs = Number(digits.slice(0, 6).padEnd(6, '0'))
      return true
    case 'n':
      read.fractionUs = Math.floor(value / 1000)
      return value < 1e9
    default:
      return false
  }
}
