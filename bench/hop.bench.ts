/** What overlapping windows cost: HOP over the flights with 1, 2, 10 and 48 windows per row. Rows
 *  go into slices once, so the cost beyond the output rows must not grow with size/slide. */

import type { Batch } from '../engine/batch/batch.ts'
import { decodeBatch, encodeBatch } from '../engine/batch/ipc.ts'
import type { AlignedSpec } from '../engine/operator/nodes.ts'
import { duckdbWithFlights, FLIGHTS_SCHEMA, flightBatches, loadFlights } from './flights.ts'
import { measure, rate, type Timing } from './measure.ts'
import { groupByMillrace } from './peers/millrace.ts'
import { milliseconds, type Report, ratio, say, shortCount, type Topic } from './topic.ts'

const BATCH_ROWS = 8192
const HOUR_US = 3_600_000_000
const WINDOWS_PER_ROW = [1, 2, 10, 48]
const PLAN = { warmUps: 1, runs: 3 }

export const hop: Topic = {
  name: 'hop',
  title: 'HOP: the cost of overlapping windows',
  async run() {
    const connection = await duckdbWithFlights()
    try {
      const flights = await loadFlights(connection)
      const batches = flightBatches(flights, BATCH_ROWS).map((batch) =>
        decodeBatch(encodeBatch(batch), FLIGHTS_SCHEMA),
      )
      const rows = []
      let base: Timing | undefined
      for (const windows of WINDOWS_PER_ROW) {
        const { timing, outputRows } = await hours(batches, windows)
        base ??= timing
        say(`${windows} windows per row: ${milliseconds(timing.medianMs)}`)
        rows.push([
          `${windows} h every hour`,
          String(windows),
          shortCount(outputRows),
          milliseconds(timing.medianMs),
          shortCount(rate(flights.rowCount, timing)),
          ratio(timing.medianMs, base.medianMs),
          shortCount(rate(outputRows, timing)),
        ])
      }
      return report(rows)
    } finally {
      connection.closeSync()
    }
  },
}

function report(rows: string[][]): Report {
  return {
    notes: [
      '3,000,000 flights grouped by origin; every window gives all its groups when it closes.',
      'The output grows with the windows per row, since each window has its own rows.',
    ],
    header: [
      'window',
      'windows per row',
      'output rows',
      'median',
      'rows/s',
      'time',
      'output rows/s',
    ],
    rows,
  }
}

async function hours(batches: readonly Batch[], windows: number) {
  const window: AlignedSpec = {
    kind: 'hop',
    slideUs: HOUR_US,
    sizeUs: windows * HOUR_US,
    offsetUs: 0,
  }
  let outputRows = 0
  const timing = await measure(
    PLAN,
    () => batches,
    (input) => {
      const results = groupByMillrace(input, BATCH_ROWS, window)
      outputRows = results.reduce((sum, batch) => sum + batch.rowCount, 0)
    },
  )
  return { timing, outputRows }
}
