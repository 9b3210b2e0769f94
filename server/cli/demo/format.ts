/** Numbers, times and little pictures of the demo's screen. */

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']
const BARS = '▁▂▃▄▅▆▇█'
const EIGHTHS = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉']

/** `1 234 567`, with narrow gaps that every terminal font has: plain spaces. */
export const grouped = (value: number): string =>
  Math.round(value)
    .toString()
    .replace(/\B(?=(\d{3})+$)/g, ' ')

/** `2001-03-27 14:05` of an ISO-8601 text, a watermark, or microseconds since 1970 UTC. */
export function minuteText(time: string | number | null | undefined): string {
  if (time === null || time === undefined) return '–'
  if (time === 'infinity') return 'the end'
  const text = typeof time === 'number' ? new Date(time / 1000).toISOString() : time
  return text.slice(0, 16).replace('T', ' ')
}

/** `Mar 27 14:05` */
export function shortTime(iso: string): string {
  return `${dayText(iso)} ${iso.slice(11, 16)}`
}

/** `Mar 27` */
export function dayText(iso: string): string {
  return `${MONTHS[Number(iso.slice(5, 7)) - 1] ?? '???'} ${iso.slice(8, 10)}`
}

/** Event seconds per second, as people say it: `3 days/s`. */
export function speedText(speed: number): string {
  if (speed === Infinity) return 'as fast as it goes'
  for (const [seconds, unit] of [
    [86_400, 'day'],
    [3600, 'hour'],
    [60, 'minute'],
  ] as const) {
    if (speed >= seconds) {
      const count = Math.round((speed / seconds) * 10) / 10
      return `${count} ${unit}${count === 1 ? '' : 's'}/s`
    }
  }
  return speed === 1 ? 'real time' : `${speed} s/s`
}

/** A bar of `width` cells, `part` of it filled to an eighth of a cell. */
export function bar(part: number, width: number): string {
  const eighths = Math.round(Math.min(Math.max(part, 0), 1) * width * 8)
  return '█'.repeat(eighths >> 3) + EIGHTHS[eighths & 7]
}

/** One cell per value, scaled from 0, or below it if there are negative values, to the largest. */
export function sparkline(values: readonly number[]): string {
  const low = Math.min(0, ...values)
  const high = Math.max(...values)
  const span = high - low || 1
  return values
    .map((value) => BARS[Math.round(((value - low) / span) * (BARS.length - 1))])
    .join('')
}
