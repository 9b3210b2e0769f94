/** The embedded log: how fast rows become durable, and how fast they are read again. */

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemClock } from '../engine/base/clock.ts'
import { nodeDisk } from '../engine/base/disk.ts'
import type { Batch } from '../engine/batch/batch.ts'
import { decodeBatch } from '../engine/batch/ipc.ts'
import { LogReader } from '../engine/log/reader.ts'
import { plain } from '../server/envelope.ts'
import { SplitWriter } from '../server/split-writer.ts'
import { duckdbWithFlights, FLIGHTS_SCHEMA, flightBatches, loadFlights } from './flights.ts'
import { measure, rate, type Timing } from './measure.ts'
import { milliseconds, say, shortCount, type Topic } from './topic.ts'

const PLAN = { warmUps: 1, runs: 3 }
/** Small requests are many: fewer rows of them, or the benchmark would only wait for the disk. */
const SMALL_ROWS_MAX = 200_000

interface Load {
  readonly name: string
  readonly batches: readonly Batch[]
  /** Requests under way at the same time. */
  readonly inFlight: number
}

export const log: Topic = {
  name: 'log',
  title: 'Embedded log: writing and reading flights',
  async run() {
    const connection = await duckdbWithFlights()
    const flights = await loadFlights(connection)
    connection.closeSync()
    const folder = await mkdtemp(join(tmpdir(), 'millrace-bench-'))
    try {
      const large = flightBatches(flights, 8192)
      const small = flightBatches({ ...flights, rowCount: SMALL_ROWS_MAX }, 100)
      const loads: Load[] = [
        { name: 'write, requests of 8,192 rows, 4 at a time', batches: large, inFlight: 4 },
        { name: 'write, requests of 100 rows, 64 at a time', batches: small, inFlight: 64 },
        {
          name: 'write, requests of 100 rows, 1 at a time',
          batches: small.slice(0, 200),
          inFlight: 1,
        },
      ]
      const rows: string[][] = []
      for (const load of loads) rows.push(await writeRow(folder, load))
      rows.push(await readRow(folder, large, flights.rowCount))
      return {
        notes: [
          'A row is counted as written when its fsync has returned, as a producer sees it.',
          'Rows of five columns: timestamp, two BIGINT, two strings. One split.',
          'Reading checks every CRC and gives batches; the files are in the page cache.',
        ],
        header: ['what', 'rows', 'median', 'best', 'rows/s'],
        rows,
      }
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  },
}

const cells = (name: string, rows: number, timing: Timing): string[] => [
  name,
  shortCount(rows),
  milliseconds(timing.medianMs),
  milliseconds(timing.bestMs),
  shortCount(rate(rows, timing)),
]

function openSplit(folder: string): SplitWriter {
  nodeDisk.remove(folder)
  return new SplitWriter({
    disk: nodeDisk,
    clock: systemClock,
    folder,
    split: 0,
    segmentBytesMax: 64 << 20,
    durability: 'sync',
    packed: false,
    retention: { bytesMax: undefined, ageMsMax: undefined },
    onDurable: () => {},
  })
}

async function writeRow(parent: string, { name, batches, inFlight }: Load): Promise<string[]> {
  const rows = batches.reduce((sum, batch) => sum + batch.rowCount, 0)
  const timing = await measure(
    PLAN,
    async () => {
      const split = openSplit(join(parent, 'write'))
      await split.start()
      return split
    },
    async (split) => {
      await produce(split, batches, inFlight)
      await split.close()
    },
  )
  say(`${name}: ${milliseconds(timing.medianMs)}`)
  return cells(name, rows, timing)
}

/** `inFlight` producers that each wait for their acknowledgement before the next request. */
async function produce(split: SplitWriter, batches: readonly Batch[], inFlight: number) {
  let next = 0
  const producer = async () => {
    while (next < batches.length) await split.append(plain(batches[next++]))
  }
  await Promise.all(Array.from({ length: inFlight }, producer))
}

async function readRow(parent: string, batches: readonly Batch[], rows: number): Promise<string[]> {
  const folder = join(parent, 'read')
  const split = openSplit(folder)
  await split.start()
  await produce(split, batches, 4)
  await split.close()
  const timing = await measure(
    PLAN,
    () => new LogReader(nodeDisk, folder),
    (reader) => {
      let count = 0
      for (let frame = reader.next(rows); frame !== null; frame = reader.next(rows)) {
        count += decodeBatch(frame.payload, FLIGHTS_SCHEMA).rowCount
      }
      reader.close()
      if (count !== rows) throw new Error(`read ${count} rows, not ${rows}`)
    },
  )
  mustHoldTheSameDelays(folder, batches, rows)
  say(`read: ${milliseconds(timing.medianMs)}`)
  return cells('read, in batches as they were written', rows, timing)
}

function mustHoldTheSameDelays(folder: string, batches: readonly Batch[], rows: number): void {
  const reader = new LogReader(nodeDisk, folder)
  let stored = 0n
  for (let frame = reader.next(rows); frame !== null; frame = reader.next(rows)) {
    stored += delaysOf(decodeBatch(frame.payload, FLIGHTS_SCHEMA))
  }
  reader.close()
  const given = batches.reduce((sum, batch) => sum + delaysOf(batch), 0n)
  if (stored !== given) throw new Error(`the log holds delays of ${stored}, not ${given}`)
}

function delaysOf({ columns }: Batch): bigint {
  let sum = 0n
  for (const delay of columns[1].values as BigInt64Array) sum += delay
  return sum
}
