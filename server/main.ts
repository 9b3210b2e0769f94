/** The composition root: puts a server together from its parts, starts it and takes it down. */

import { createServer, type RequestListener, type Server } from 'node:http'
import { systemClock } from '../engine/base/clock.ts'
import { nodeDisk } from '../engine/base/disk.ts'
import { SqlError } from '../engine/base/errors.ts'
import { DEFAULT_CONFIG, type ServerConfig } from './config.ts'
import { checkDataFormat } from './data-format.ts'
import { type DataLock, lockData } from './data-lock.ts'
import type { Database } from './database.ts'
import { type Engine, WorkerEngine } from './engine.ts'
import type { Logger } from './log.ts'
import type { Subscriptions } from './sse/subscriptions.ts'

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
}

/** How long a shutdown may take before the engine is ended without a checkpoint. */
const CLOSE_MS = 9000

/** Resolves when the server is ready: everything that was acknowledged before is processed again.
 *  Errors: DATA_IN_USE, PORT_IN_USE, DATA_DAMAGED, DATA_VERSION, DISK_FULL. */
export async function startServer(
  config: ServerConfig = DEFAULT_CONFIG,
  options: StartOptions = {},
): Promise<RunningServer> {
  // The engine's thread loads its program while this one loads its own.
  const engine = new WorkerEngine()
  let lock: DataLock | undefined
  try {
    const { dataFolder } = config
    lock = await lockData({ disk: nodeDisk, dataFolder, nowUs: systemClock.nowUs() })
    checkDataFormat(nodeDisk, dataFolder)
    return await openServer(config, { engine, lock }, options)
  } catch (error) {
    await engine.terminate()
    lock?.release()
    throw error
  }
}

async function openServer(
  config: ServerConfig,
  owned: { readonly engine: Engine; readonly lock: DataLock },
  { onListening }: StartOptions,
): Promise<RunningServer> {
  const { assemble } = await import('./assemble.ts')
  const parts = assemble(config, owned.engine)
  const server = new HttpServer(config, { ...owned, ...parts })
  try {
    await server.listen()
    onListening?.(server.url)
    await parts.open()
    parts.log.info({ url: server.url }, 'ready')
    return server
  } catch (error) {
    await server.close()
    throw error
  }
}

interface ServerParts {
  readonly engine: Engine
  readonly lock: DataLock
  readonly log: Logger
  readonly subscriptions: Subscriptions
  readonly listener: RequestListener
  /** Raises UNAVAILABLE before it is open. */
  readonly database: () => Database
  readonly stop: () => Promise<void>
}

class HttpServer implements RunningServer {
  readonly #config: ServerConfig
  readonly #parts: ServerParts
  readonly #http: Server
  #closing: Promise<void> | undefined

  constructor(config: ServerConfig, parts: ServerParts) {
    this.#config = config
    this.#parts = parts
    // A client that is slow to send may not hold a connection for ever.
    const timeouts = { requestTimeout: 120_000, headersTimeout: 20_000, keepAliveTimeout: 20_000 }
    this.#http = createServer(timeouts, parts.listener)
  }

  get url(): string {
    const address = this.#http.address()
    const port = typeof address === 'object' && address !== null ? address.port : this.#config.port
    const { host } = this.#config
    return `http://${host.includes(':') ? `[${host}]` : host}:${port}`
  }

  get database(): Database {
    return this.#parts.database()
  }

  listen(): Promise<void> {
    const { host, port } = this.#config
    return new Promise((resolve, reject) => {
      this.#http.once('error', (error) => reject(listenError(error, host, port)))
      this.#http.listen({ host, port }, () => resolve())
    })
  }

  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    const { engine, lock, log, subscriptions, stop } = this.#parts
    const closed = new Promise<void>((resolve) => this.#http.close(() => resolve()))
    subscriptions.endAll()
    this.#http.closeIdleConnections()
    const cancel = systemClock.after(CLOSE_MS, () => {
      log.error('shutdown took too long: no final checkpoint')
      void engine.terminate()
    })
    try {
      await stop()
    } finally {
      cancel()
      this.#http.closeAllConnections()
      await closed
      lock.release()
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
