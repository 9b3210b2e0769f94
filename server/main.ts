/** The composition root: puts a server together from its parts, starts it and takes it down. */

import { createServer, type Server } from 'node:http'
import { getRequestListener } from '@hono/node-server'
import { systemClock } from '../engine/base/clock.ts'
import { nodeDisk } from '../engine/base/disk.ts'
import { fail, SqlError } from '../engine/base/errors.ts'
import { createApp } from './app.ts'
import { DEFAULT_CONFIG, type ServerConfig } from './config.ts'
import { type DataLock, lockData } from './data-lock.ts'
import { Database } from './database.ts'
import { type Engine, WorkerEngine } from './engine.ts'
import { type Logger, serverLog } from './log.ts'
import { Subscriptions } from './sse/subscriptions.ts'

export interface RunningServer {
  /** Where it listens, e.g. `http://127.0.0.1:7070`. */
  readonly url: string
  readonly database: Database
  /** Takes no more requests, finishes what is under way, checkpoints and lets go of the data
   *  folder. Resolves within about 10 s; a second call waits for the first. */
  close(): Promise<void>
}

export interface StartOptions {
  /** Called when `/healthz` answers, which is before the server is ready. */
  readonly onListening?: (url: string) => void
  /** Starts the engine; default: in a worker thread. */
  readonly startEngine?: (config: ConstructorParameters<typeof WorkerEngine>[0]) => Engine
}

/** How long a shutdown may take before the engine is ended without a checkpoint. */
const CLOSE_MS = 9000

/** Resolves when the server is ready: everything that was acknowledged before is processed again.
 *  Errors: DATA_IN_USE, PORT_IN_USE, DATA_DAMAGED, DATA_VERSION, DISK_FULL. */
export async function startServer(
  config: ServerConfig = DEFAULT_CONFIG,
  options: StartOptions = {},
): Promise<RunningServer> {
  const log = serverLog(config.logLevel)
  const lock = await lockData({
    disk: nodeDisk,
    dataFolder: config.dataFolder,
    nowUs: systemClock.nowUs(),
  })
  const starting = new StartingServer(config, log, lock)
  try {
    await starting.listen()
    options.onListening?.(starting.url)
    await starting.open(options.startEngine ?? ((engine) => new WorkerEngine(engine)))
    log.info({ url: starting.url }, 'ready')
    return starting
  } catch (error) {
    await starting.close()
    throw error
  }
}

class StartingServer implements RunningServer {
  readonly #config: ServerConfig
  readonly #lock: DataLock
  readonly #log: Logger
  readonly #subscriptions: Subscriptions
  readonly #http: Server
  #engine: Engine | undefined
  #database: Database | undefined
  #closing: Promise<void> | undefined

  constructor(config: ServerConfig, log: Logger, lock: DataLock) {
    this.#config = config
    this.#lock = lock
    this.#log = log
    this.#subscriptions = new Subscriptions(config.limits.subscriptionsMax)
    const database = () => this.database
    const app = createApp({
      config,
      clock: systemClock,
      log,
      subscriptions: this.#subscriptions,
      get database() {
        return database()
      },
      ready: () => this.#database?.isReady === true && this.#closing === undefined,
    })
    this.#http = createServer(
      // A client that is slow to send may not hold a connection for ever.
      { requestTimeout: 120_000, headersTimeout: 20_000, keepAliveTimeout: 20_000 },
      getRequestListener(app.fetch, { overrideGlobalObjects: false }),
    )
  }

  get url(): string {
    const address = this.#http.address()
    const port = typeof address === 'object' && address !== null ? address.port : this.#config.port
    const { host } = this.#config
    return `http://${host.includes(':') ? `[${host}]` : host}:${port}`
  }

  get database(): Database {
    return this.#database ?? fail('UNAVAILABLE', 'The server is starting')
  }

  listen(): Promise<void> {
    const { host, port } = this.#config
    return new Promise((resolve, reject) => {
      this.#http.once('error', (error) => reject(listenError(error, host, port)))
      this.#http.listen({ host, port }, () => resolve())
    })
  }

  async open(startEngine: NonNullable<StartOptions['startEngine']>): Promise<void> {
    this.#database = new Database({
      config: this.#config,
      disk: nodeDisk,
      clock: systemClock,
      startEngine: (config) => {
        this.#engine = startEngine(config)
        this.#engine.listen({
          failed: (queryId, error) => this.#log.warn({ queryId, code: error.code }, error.message),
          broken: (error) => this.#log.fatal({ err: error }, 'the engine cannot go on'),
        })
        return this.#engine
      },
    })
    await this.#database.ready
  }

  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#http.close(() => resolve()))
    this.#subscriptions.endAll()
    this.#http.closeIdleConnections()
    const cancel = systemClock.after(CLOSE_MS, () => {
      this.#log.error('shutdown took too long: no final checkpoint')
      if (this.#engine instanceof WorkerEngine) void this.#engine.terminate()
    })
    try {
      await this.#database?.close()
    } finally {
      cancel()
      this.#http.closeAllConnections()
      await closed
      this.#lock.release()
    }
  }
}

function listenError(error: Error, host: string, port: number): SqlError {
  const { code } = error as NodeJS.ErrnoException
  if (code === 'EADDRINUSE') {
    return new SqlError('PORT_IN_USE', `Port ${port} on ${host} is in use`, {
      hint: 'Stop the program that has it, or choose another port (--port, MILLRACE_PORT).',
      cause: error,
    })
  }
  return new SqlError('INVALID_OPTION', `Cannot listen on ${host}:${port}: ${error.message}`, {
    cause: error,
  })
}
