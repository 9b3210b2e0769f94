/** The connection that entries of streams come over. The client library makes objects of every
 *  entry, which would cost more than all the rest of reading it; everything else goes through the
 *  library. */

import { Buffer } from 'node:buffer'
import { connect as connectPlain, isIP, type Socket } from 'node:net'
import { connect as connectSecure, TLSSocket } from 'node:tls'
import { SqlError } from '../../engine/base/errors.ts'
import { tlsSettings } from '../tls-options.ts'
import type { RedisParts } from './connect.ts'
import { EntryParser, type EntrySpan } from './entry-parser.ts'

const TIMEOUT_MS = 5000
/** How long the server waits for entries. */
const BLOCK_MS = 5000
/** A server that answers nothing for so long is gone. */
const SILENCE_MS = 15_000

type Take = (span: EntrySpan) => void

interface Waiting {
  readonly resolve: (entries: number) => void
  readonly reject: (error: Error) => void
}

export class EntryWire {
  readonly #parts: RedisParts
  readonly #socket: Socket
  #waiting: Waiting | undefined
  #error: Error | undefined

  private constructor(parts: RedisParts, take: Take) {
    const parser = new EntryParser({
      entry: take,
      answer: (entries) => this.#answered()?.resolve(entries),
      refused: (error) => this.#answered()?.reject(new Error(error)),
    })
    this.#parts = parts
    this.#socket = socketTo(parts, parser, (error) => this.#fail(error))
    this.#socket.on('error', (error) => this.#fail(error))
    this.#socket.on('close', () => this.#fail(new Error('the server closed the connection')))
    parts.signal.addEventListener('abort', this.close)
  }

  /** Connects and logs in. `take` gets the entries of every answer, in order, as they come. */
  static async open(parts: RedisParts, take: Take): Promise<EntryWire> {
    const { url, username, password } = parts.options
    const address = new URL(url)
    const wire = new EntryWire(parts, take)
    const user = username ?? decodeURIComponent(address.username)
    const secret = password ?? decodeURIComponent(address.password)
    const database = address.pathname.slice(1)
    try {
      await wire.#connected()
      if (secret !== '') await wire.#ask(['AUTH', ...(user === '' ? [] : [user]), secret])
      if (database !== '') await wire.#ask(['SELECT', database])
      return wire
    } catch (error) {
      wire.close()
      throw error
    }
  }

  #connected(): Promise<void> {
    const event = this.#socket instanceof TLSSocket ? 'secureConnect' : 'connect'
    return new Promise((resolve, reject) => {
      const cancel = this.#parts.clock.after(TIMEOUT_MS, () =>
        this.#fail(new Error('the server does not answer')),
      )
      this.#waiting = { resolve: () => resolve(), reject }
      this.#socket.once(event, () => {
        cancel()
        this.#answered()?.resolve(0)
      })
    })
  }

  /** Waits for entries behind `after`; the number of those that came, which may be 0. */
  read(key: string, after: string | Buffer, count: number): Promise<number> {
    return this.#ask([
      ...['XREAD', 'COUNT', String(count), 'BLOCK', String(BLOCK_MS), 'STREAMS', key],
      after,
    ])
  }

  async #ask(command: readonly (string | Buffer)[]): Promise<number> {
    if (this.#error !== undefined) throw this.#error
    const answered = new Promise<number>((resolve, reject) => {
      this.#waiting = { resolve, reject }
    })
    this.#socket.write(encoded(command))
    const cancel = this.#parts.clock.after(SILENCE_MS, () =>
      this.#fail(new SqlError('CONNECTOR_FAILED', 'The server is silent')),
    )
    try {
      return await answered
    } finally {
      cancel()
    }
  }

  #answered(): Waiting | undefined {
    const waiting = this.#waiting
    this.#waiting = undefined
    return waiting
  }

  #fail(error: Error): void {
    this.#error ??= error
    this.#answered()?.reject(this.#error)
    this.#socket.destroy()
  }

  readonly close = (): void => {
    this.#parts.signal.removeEventListener('abort', this.close)
    this.#fail(new Error('the connection was closed'))
  }
}

/** A socket that connects, and whose bytes the parser gets. */
function socketTo(
  { disk, options }: RedisParts,
  parser: EntryParser,
  onError: (error: Error) => void,
): Socket {
  const { hostname, port, protocol } = new URL(options.url)
  const host = hostname.replace(/^\[|\]$/g, '')
  const target = { host, port: Number(port || 6379), noDelay: true }
  const guarded = (parse: () => void) => {
    try {
      parse()
    } catch (error) {
      onError(error as Error)
    }
  }
  const tls = tlsSettings(disk, options) ?? (protocol === 'rediss:' ? {} : undefined)
  if (tls !== undefined) {
    const socket = connectSecure({ ...target, servername: isIP(host) === 0 ? host : '', ...tls })
    return socket.on('data', (bytes) => guarded(() => parser.push(bytes)))
  }
  const callback = (length: number) => {
    guarded(() => parser.took(length))
    return true
  }
  // The bytes come where they stay.
  return connectPlain({ ...target, onread: { buffer: () => parser.room(), callback } })
}

function encoded(command: readonly (string | Buffer)[]): Buffer {
  const parts: Buffer[] = [Buffer.from(`*${command.length}\r\n`)]
  for (const part of command) {
    const bytes = typeof part === 'string' ? Buffer.from(part) : part
    parts.push(Buffer.from(`$${bytes.length}\r\n`), bytes, Buffer.from('\r\n'))
  }
  return Buffer.concat(parts)
}
