/** Draws the demo: a pure function from what is known to the lines of a frame. */

import type { Style } from '../style.ts'
import { pad, textWidth, truncate, truncateStyled } from '../text-width.ts'
import { bar, dayText, grouped, minuteText, shortTime, sparkline, speedText } from './format.ts'
import { type DemoModel, FLIGHTS_MIN } from './model.ts'

export interface Frame {
  readonly model: DemoModel
  readonly url: string
  readonly cities: ReadonlyMap<string, string>
  /** Event seconds per second. */
  readonly speed: number
  readonly rowsPerSecond: number
  /** What is going on, e.g. `replaying`. */
  readonly phase: string
  readonly columns: number
  readonly rows: number
  readonly style: Style
}

const WIDTH_MAX = 118
/** From here on the two tables stand side by side. */
const WIDE = 74
const GAP = '   '
/** From here on the facts are told in full. */
const WIDE_FACTS = 100
const HOURS_WIDTH = 34
/** Lines that are not rows of a table. */
const FIXED_LINES = 13
/** Lines more if the tables stand one below the other. */
const STACKED_LINES = 3
const ALERTS_SHOWN = 4

/** Lines of at most `columns` cells; no more than `rows` - 1 of them. */
export function drawFrame(frame: Frame): string[] {
  const width = Math.min(frame.columns - 1, WIDTH_MAX)
  const wide = width >= WIDE
  const room = Math.max(7, frame.rows - FIXED_LINES - ALERTS_SHOWN)
  const tableRows = Math.min(10, wide ? room : Math.floor((room - STACKED_LINES) / 2))
  const right = wide ? Math.max(HOURS_WIDTH, Math.floor(width * 0.42)) : width
  const left = wide ? width - GAP.length - right : width
  const airports = airportLines(frame, left, tableRows)
  const hours = hourLines(frame, right, tableRows)
  const tables = wide ? sideBySide(airports, hours, left) : [...airports, '', ...hours]
  const lines = [
    '',
    ...headLines(frame, width),
    '',
    ...tables,
    '',
    ...alertLines(frame, width),
    '',
    ...footLines(frame),
  ]
  return lines.map((line) => truncateStyled(line === '' ? '' : ` ${line}`, frame.columns))
}

function headLines({ model, style, speed, rowsPerSecond, phase }: Frame, width: number): string[] {
  const title = `${style(['bold', 'cyan'], 'MILLRACE')}  ${style('bold', 'three million flights, continuous SQL')}`
  const pace = style('dim', `${phase}, ${speedText(speed)}`)
  const part = model.rowsTotal === 0 ? 0 : model.rowsAppended / model.rowsTotal
  const clock = minuteText(model.eventTimeUs)
  const percent = `${Math.floor(part * 100)} %`.padStart(5)
  const barWidth = Math.max(10, width - clock.length - percent.length - 4)
  const filled = bar(part, barWidth)
  const empty = '─'.repeat(barWidth - textWidth(filled))
  const total = width < WIDE_FACTS ? '' : ` of ${grouped(model.rowsTotal)}`
  const lag = model.lagRows === undefined ? '–' : grouped(model.lagRows)
  const facts = [
    ['rows', grouped(model.rowsAppended) + total],
    ['rows/s', grouped(rowsPerSecond)],
    ['watermark', minuteText(model.watermark)],
    ['lag', lag],
    ['late', grouped(model.lateRows)],
  ]
  return [
    `${title}${' '.repeat(Math.max(2, width - textWidth(title) - textWidth(pace)))}${pace}`,
    `${style('cyan', filled)}${style('dim', empty)} ${percent}  ${style('bold', clock)}`,
    facts.map(([name, value]) => `${style('dim', name)} ${value}`).join(style('dim', ' · ')),
  ]
}

function heading(style: Style, title: string, remark: string): string {
  return `${style('bold', title)} ${style('dim', remark)}`
}

function airportLines({ model, style, cities }: Frame, width: number, rows: number): string[] {
  const { week, airports } = model.worstAirports()
  const since = week === undefined ? 'waiting for flights' : `week of ${dayText(week)}`
  const nameWidth = Math.min(26, Math.max(16, width - 30))
  const barWidth = Math.max(0, width - nameWidth - 23)
  const worst = Math.max(airports[0]?.avgDelay ?? 1, 1)
  const lines = airports.slice(0, rows).map(({ origin, flights, avgDelay }) => {
    const name = truncate(`${origin}  ${cities.get(origin) ?? ''}`, nameWidth)
    const delay = `${avgDelay.toFixed(1)} min`.padStart(12)
    return (
      `${style('bold', name.slice(0, 3))}${pad(name.slice(3), nameWidth - 3)}` +
      `${grouped(flights).padStart(8)}${delayStyle(style, avgDelay)(delay)}  ` +
      delayStyle(style, avgDelay)(bar(avgDelay / worst, barWidth))
    )
  })
  const names = `${pad('airport', nameWidth)}${'flights'.padStart(8)}${'avg delay'.padStart(12)}`
  return [
    heading(style, 'Worst airports now', `${since}, ${FLIGHTS_MIN}+ flights`),
    style('dim', names),
    ...fill(lines, rows),
  ]
}

function hourLines({ model, style }: Frame, width: number, rows: number): string[] {
  const recent = model.hours.slice(-(rows - 1)).reverse()
  const lines = recent.map(({ start, flights, avgDelay }) => {
    const delay = `${avgDelay.toFixed(1)} min`.padStart(12)
    return `${pad(shortTime(start), 14)}${grouped(flights).padStart(8)}${delayStyle(style, avgDelay)(delay)}`
  })
  const spark = sparkline(model.hours.slice(-Math.max(10, width - 1)).map((h) => h.flights))
  const names = `${pad('hour', 14)}${'flights'.padStart(8)}${'avg delay'.padStart(12)}`
  return [
    heading(style, 'Last hourly windows', `${grouped(model.hourCount)} closed`),
    style('dim', names),
    ...fill(lines, rows - 1),
    style('cyan', spark),
  ]
}

function alertLines({ model, style, cities }: Frame, width: number): string[] {
  const place = (code: string) => `${code} ${style('dim', cities.get(code) ?? '')}`
  const lines = model.alerts.slice(0, ALERTS_SHOWN).map(({ time, origin, destination, delay }) => {
    const late = style(['bold', 'red'], `${grouped(delay).padStart(5)} min`)
    return `${style('dim', shortTime(time))} ${late}  ${place(origin)} → ${place(destination)}`
  })
  return [
    heading(style, 'Alerts', `more than 5 hours late, ${grouped(model.alertCount)} so far`),
    ...fill(
      lines.map((line) => truncateStyled(line, width)),
      ALERTS_SHOWN,
    ),
  ]
}

function footLines({ url, style }: Frame): string[] {
  return [
    `${style('dim', 'Server    ')} ${style('cyan', url)}`,
    `${style('dim', 'Subscribe ')} curl -N ${url}/v1/queries/hourly/events`,
  ]
}

/** Green when on time, yellow when late, red when very late. */
function delayStyle(style: Style, minutes: number): (text: string) => string {
  const colour = minutes < 8 ? 'green' : minutes < 16 ? 'yellow' : 'red'
  return (text) => style(colour, text)
}

const fill = (lines: readonly string[], count: number): string[] =>
  Array.from({ length: Math.max(count, 0) }, (_, i) => lines[i] ?? '')

function sideBySide(left: readonly string[], right: readonly string[], width: number): string[] {
  return left.map((line, i) => `${pad(line, width)}${GAP}${right[i] ?? ''}`)
}
