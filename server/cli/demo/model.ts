/** What the demo shows: gathered from the subscriptions and the feed, drawn by the screen. */

import type { Row, SubscriptionEvent } from '../../../client/index.ts'

export interface HourRow {
  /** ISO-8601. */
  readonly start: string
  readonly flights: number
  readonly avgDelay: number
}

export interface AirportRow {
  readonly origin: string
  readonly flights: number
  readonly avgDelay: number
  readonly maxDelay: number
}

export interface AlertRow {
  readonly time: string
  readonly origin: string
  readonly destination: string
  readonly delay: number
}

const HOURS_KEPT = 240
const ALERTS_KEPT = 20
/** A week is shown once so many airports have enough flights in it… */
const AIRPORTS_MIN = 8
/** …so that one bad flight does not make an airport the worst. */
export const FLIGHTS_MIN = 100

export class DemoModel {
  /** Rows of the file in the stream, and how many there will be. */
  rowsAppended = 0
  rowsTotal = 0
  eventTimeUs: number | undefined
  /** Of the hourly windows; ISO-8601, 'infinity' at the end. */
  watermark: string | null = null
  lagRows: number | undefined
  lateRows = 0
  alertCount = 0
  hourCount = 0
  /** Oldest first. */
  readonly hours: HourRow[] = []
  /** Newest first. */
  readonly alerts: AlertRow[] = []
  readonly #weeks = new Map<string, Map<string, AirportRow>>()

  /** Any result has arrived. */
  get hasResults(): boolean {
    return this.hourCount + this.alertCount + this.#weeks.size > 0
  }

  takeHourly(event: SubscriptionEvent): void {
    if (beginsAnew(event)) {
      this.hourCount = 0
      this.hours.length = 0
    }
    if ('watermark' in event) this.watermark = event.watermark
    for (const row of addedRows(event)) {
      this.hourCount++
      this.hours.push({
        start: String(row.window_start),
        flights: Number(row.flights),
        avgDelay: Number(row.avg_delay),
      })
    }
    // A snapshot comes in any order.
    if (event.kind === 'snapshot') this.hours.sort((a, b) => (a.start < b.start ? -1 : 1))
    this.hours.splice(0, this.hours.length - HOURS_KEPT)
  }

  takeAirports(event: SubscriptionEvent): void {
    if (beginsAnew(event)) this.#weeks.clear()
    for (const row of addedRows(event)) {
      const start = String(row.window_start)
      const week = this.#weeks.get(start) ?? new Map<string, AirportRow>()
      this.#weeks.set(start, week)
      week.set(String(row.origin), {
        origin: String(row.origin),
        flights: Number(row.flights),
        avgDelay: Number(row.avg_delay),
        maxDelay: Number(row.max_delay),
      })
    }
  }

  takeAlerts(event: SubscriptionEvent): void {
    if (beginsAnew(event)) {
      this.alertCount = 0
      this.alerts.length = 0
    }
    for (const row of addedRows(event)) {
      this.alertCount++
      this.alerts.unshift({
        time: String(row.date),
        origin: String(row.origin),
        destination: String(row.destination),
        delay: Number(row.delay),
      })
    }
    if (event.kind === 'snapshot') this.alerts.sort((a, b) => (a.time > b.time ? -1 : 1))
    this.alerts.splice(ALERTS_KEPT)
  }

  /** The airports of the newest week that has enough of them, worst first. */
  worstAirports(): { readonly week: string | undefined; readonly airports: AirportRow[] } {
    for (const week of [...this.#weeks.keys()].sort().reverse()) {
      const airports = [...this.#weeks.get(week)!.values()]
        .filter(({ flights }) => flights >= FLIGHTS_MIN)
        .sort((a, b) => b.avgDelay - a.avgDelay)
      if (airports.length >= AIRPORTS_MIN) return { week, airports }
    }
    return { week: undefined, airports: [] }
  }
}

const beginsAnew = (event: SubscriptionEvent): boolean =>
  event.kind === 'snapshot' && event.part === 0

/** New rows, and new versions of rows; the old version before an update is of no interest here. */
function addedRows(event: SubscriptionEvent): Row[] {
  if (event.kind !== 'changes' && event.kind !== 'snapshot') return []
  return event.rows.filter(({ op }) => op === '+I' || op === '+U').map(({ row }) => row)
}
