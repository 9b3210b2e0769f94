/** The demo from start to end: server, statements, subscriptions, feed, screen, totals. */

import { MillraceClient } from '../../../client/index.ts'
import { ParquetFile } from '../../../engine/view/parquet.ts'
import { readConfig } from '../../config.ts'
import { type RunningServer, startServer } from '../../main.ts'
import { EXIT } from '../failure.ts'
import { styleOf } from '../style.ts'
import { type Dataset, FLIGHTS, findDataset } from './dataset.ts'
import { type Display, openDisplay } from './display.ts'
import { feed } from './feed.ts'
import { grouped } from './format.ts'
import { DemoModel } from './model.ts'
import { Rate } from './rate.ts'
import { STREAM } from './statements.ts'
import { prepareStream } from './stream.ts'
import { type Following, followViews } from './subscriptions.ts'
import { nextLines, summaryLines } from './summary.ts'

export interface DemoOptions {
  /** Event seconds per second; Infinity: as fast as it goes. */
  readonly speed: number
  /** Replay only the first so many flights. */
  readonly rows?: number
  readonly port: number
  readonly data: string
  readonly fresh?: boolean
  readonly exit?: boolean
}

const READ_ROWS = 8192

/** Resolves to the exit code when the demo is over or has been interrupted. Raises PORT_IN_USE,
 *  DATA_IN_USE and what else keeps the server from starting. */
export async function runDemo(options: DemoOptions): Promise<number> {
  const dataset = findDataset()
  const stop = abortOnSignal()
  const given = { port: options.port, dataFolder: options.data, logLevel: 'error' } as const
  const config = readConfig(given, process.env)
  const server = await startServer(config)
  try {
    const client = new MillraceClient({ url: server.url, token: config.token })
    await new Demo(options, { dataset, server, client, stop }).run()
  } catch (error) {
    if (!stop.aborted) throw error
  } finally {
    await server.close()
  }
  return EXIT.fine
}

/** Aborts at the first Ctrl-C or SIGTERM; the second one ends the process at once. */
function abortOnSignal(): AbortSignal {
  const stop = new AbortController()
  const interrupt = () => {
    if (stop.signal.aborted) process.exit(EXIT.failed)
    stop.abort()
  }
  process.on('SIGINT', interrupt)
  process.on('SIGTERM', interrupt)
  return stop.signal
}

interface DemoParts {
  readonly dataset: Dataset
  readonly server: RunningServer
  readonly client: MillraceClient
  readonly stop: AbortSignal
}

class Demo {
  readonly #options: DemoOptions
  readonly #parts: DemoParts
  readonly #model = new DemoModel()
  readonly #rate = new Rate()

  constructor(options: DemoOptions, parts: DemoParts) {
    this.#options = options
    this.#parts = parts
  }

  async run(): Promise<void> {
    const { client, stop } = this.#parts
    if (stop.aborted) return
    const { rows } = await prepareStream(client, this.#options.fresh ?? false)
    const model = this.#model
    model.rowsTotal = Math.min(this.#options.rows ?? FLIGHTS.rows, FLIGHTS.rows)
    model.rowsAppended = rows
    const display = this.#openDisplay()
    try {
      await this.#replay(rows, display)
    } finally {
      display.close()
    }
    if (!stop.aborted && !this.#options.exit) await aborted(stop)
  }

  #openDisplay(): Display {
    const { dataset, server } = this.#parts
    return openDisplay({
      model: this.#model,
      url: server.url,
      cities: dataset.cities,
      speed: this.#options.speed,
      rowsPerSecond: () => {
        this.#rate.sample(this.#model.rowsAppended)
        return this.#rate.perSecond
      },
    })
  }

  async #replay(fromRow: number, display: Display): Promise<void> {
    const { client, stop } = this.#parts
    const following = followViews(client, this.#model, stop)
    const startMs = performance.now()
    display.phase(fromRow > 0 ? `continuing at row ${grouped(fromRow)}` : 'replaying')
    await this.#unlessFailed(following, this.#feed(fromRow))
    if (stop.aborted) return
    display.phase('closing the last windows')
    await client.endStream(STREAM)
    await this.#unlessFailed(following, following.ended)
    if (stop.aborted) return
    display.phase('done')
    await this.#conclude(display, fromRow, (performance.now() - startMs) / 1000)
  }

  async #feed(fromRow: number): Promise<void> {
    const file = await ParquetFile.open(this.#parts.dataset.parquet)
    try {
      await this.#feedFrom(file, fromRow)
    } finally {
      await file.close()
    }
  }

  #feedFrom(file: ParquetFile, fromRow: number): Promise<void> {
    const { database } = this.#parts.server
    const model = this.#model
    const table = database.embeddedTable(STREAM)
    return feed({
      source: file.batches(READ_ROWS),
      schema: table.schema,
      fromRow,
      untilRow: Math.max(fromRow, model.rowsTotal),
      speed: this.#options.speed,
      signal: this.#parts.stop,
      append: async (rows) => {
        await database.append(table, rows)
      },
      onAppended: (row, eventTimeUs) => {
        model.rowsAppended = row
        model.eventTimeUs = eventTimeUs
      },
    })
  }

  /** Waits for `work`, for a failed query, or for Ctrl-C, whichever comes first. */
  #unlessFailed({ ended }: Following, work: Promise<void>): Promise<void> {
    const failed = new Promise<never>((_resolve, reject) => ended.catch(reject))
    work.catch(() => {})
    return Promise.race([work, failed, aborted(this.#parts.stop)])
  }

  async #conclude(display: Display, fromRow: number, seconds: number): Promise<void> {
    const { client, server } = this.#parts
    const style = styleOf(process.stdout)
    const rows = this.#model.rowsAppended
    const rowsAppended = rows - fromRow
    const totals = await summaryLines({ client, rows, rowsAppended, seconds, style })
    display.print(this.#options.exit ? totals : [...totals, ...nextLines(server.url, style)])
  }
}

const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
