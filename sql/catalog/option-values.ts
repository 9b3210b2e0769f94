/** Reads option values as Flink writes them: durations (`30 s`, `5min`), sizes (`128 mb`), numbers,
 *  booleans. Each becomes one canonical text, so that the engine only has to call Number. */

const DURATION_MS: Record<string, number> = {
  ms: 1,
  milli: 1,
  millis: 1,
  millisecond: 1,
  milliseconds: 1,
  s: 1000,
  sec: 1000,
  secs: 1000,
  second: 1000,
  seconds: 1000,
  m: 60_000,
  min: 60_000,
  mins: 60_000,
  minute: 60_000,
  minutes: 60_000,
  h: 3_600_000,
  hour: 3_600_000,
  hours: 3_600_000,
  d: 86_400_000,
  day: 86_400_000,
  days: 86_400_000,
}

const SIZE_BYTES: Record<string, number> = {
  '': 1,
  b: 1,
  bytes: 1,
  k: 2 ** 10,
  kb: 2 ** 10,
  kibibytes: 2 ** 10,
  m: 2 ** 20,
  mb: 2 ** 20,
  mebibytes: 2 ** 20,
  g: 2 ** 30,
  gb: 2 ** 30,
  gibibytes: 2 ** 30,
  t: 2 ** 40,
  tb: 2 ** 40,
  tebibytes: 2 ** 40,
}

/** A count and a unit of the table; undefined if the text is anything else or not exact. */
function amount(text: string, units: Record<string, number>): number | undefined {
  const match = /^\s*(\d{1,16})\s*([a-z]*)\s*$/i.exec(text)
  if (match === null) return undefined
  const unit = match[2].toLowerCase()
  if (!Object.hasOwn(units, unit)) return undefined
  const value = Number(match[1]) * units[unit]
  return Number.isSafeInteger(value) ? value : undefined
}

/** Milliseconds; a bare number is milliseconds too. Undefined if it is no duration. */
export const readDurationMs = (text: string): number | undefined =>
  amount(text, { ...DURATION_MS, '': 1 })

/** Bytes; `kb` is 1024. Undefined if it is no size. */
export const readSizeBytes = (text: string): number | undefined => amount(text, SIZE_BYTES)

/** A whole number, possibly negative. Undefined if it is none or beyond 2^53. */
export function readInteger(text: string): number | undefined {
  if (!/^\s*[+-]?\d{1,16}\s*$/.test(text)) return undefined
  const value = Number(text)
  return Number.isSafeInteger(value) ? value : undefined
}

/** `true` or `false` in any case. Undefined if it is neither. */
export function readBoolean(text: string): boolean | undefined {
  const folded = text.trim().toLowerCase()
  return folded === 'true' ? true : folded === 'false' ? false : undefined
}
