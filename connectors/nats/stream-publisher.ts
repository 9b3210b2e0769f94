/** Publishes to JetStream. Every message has an id by which the stream passes over what it has seen
 *  within its duplicate window. A sole writer also says which sequence number the message before it
 *  must have: so the stream holds the first n of the job's messages and nothing else, and its last
 *  one says what n is, however long ago that was. */

import type { Msg, MsgHdrs } from '@nats-io/transport-node'
import { fail, SqlError } from '../../engine/base/errors.ts'
import type { NatsLink } from './connect.ts'
import { ID_HEADER, isUpTo, type MessagePlace, messageId, placeOf } from './message-id.ts'
import type { NatsSinkParts, Outgoing, Publisher } from './sink.ts'

/** Messages that wait for their acknowledgement at a time. */
const WINDOW = 4096
const TIMEOUT_MS = 15_000
const EXPECTED_HEADER = 'Nats-Expected-Last-Sequence'

/** Where a sole writer's stream stands. */
interface Standing {
  /** Of the last message in the stream. */
  sequence: number
  /** The job's message that it is; undefined: none of the job's. */
  readonly place: MessagePlace | undefined
}

export class StreamPublisher implements Publisher {
  readonly #link: NatsLink
  readonly #parts: NatsSinkParts
  readonly #headers: () => MsgHdrs
  readonly #standing: Standing | undefined
  readonly #inbox = `_INBOX.${globalThis.crypto.randomUUID().replaceAll('-', '')}`
  #waiting = 0
  #error: unknown
  #wake = () => {}

  private constructor(
    link: NatsLink,
    parts: NatsSinkParts,
    { headers, standing }: { headers: () => MsgHdrs; standing: Standing | undefined },
  ) {
    this.#link = link
    this.#parts = parts
    this.#headers = headers
    this.#standing = standing
    link.connection.subscribe(this.#inbox, {
      callback: (error, message) => this.#acknowledged(error, message),
    })
    link.lost.then(
      () => this.#fail(new SqlError('CONNECTOR_FAILED', 'The connection was closed')),
      (error) => this.#fail(error),
    )
  }

  /** UNSUPPORTED if a sole writer finds that it is not. */
  static async open(link: NatsLink, parts: NatsSinkParts): Promise<StreamPublisher> {
    const { headers } = await import('@nats-io/transport-node')
    const isSole = parts.table.options['sink.exclusive'] === 'true'
    const standing = isSole ? await standingOf(link, parts) : undefined
    return new StreamPublisher(link, parts, { headers, standing })
  }

  async publish(messages: Iterable<Outgoing>): Promise<void> {
    const done = this.#standing?.place
    for (const message of messages) {
      if (done !== undefined && isUpTo(message.place, done)) continue
      if (this.#waiting >= WINDOW) await this.#below(WINDOW / 2)
      this.#send(message)
    }
    await this.#below(0)
  }

  #send({ subject, bytes, place }: Outgoing): void {
    if (this.#error !== undefined) throw this.#error
    const { connection } = this.#link
    const most = connection.info?.max_payload ?? Infinity
    if (bytes.length > most - 512) {
      fail('LIMIT_EXCEEDED', `A message of ${bytes.length} bytes is too large for the server`, {
        hint: `Its max_payload is ${most}.`,
      })
    }
    const headers = this.#headers()
    headers.set(ID_HEADER, messageId(this.#parts.token, place))
    if (this.#standing !== undefined) {
      headers.set(EXPECTED_HEADER, String(this.#standing.sequence++))
    }
    this.#waiting++
    connection.publish(subject, bytes, { headers, reply: this.#inbox })
  }

  #acknowledged(error: Error | null, message: Msg): void {
    const refusal = error ?? refusalOf(message)
    if (refusal !== undefined) this.#fail(refusal)
    else {
      this.#waiting--
      this.#wake()
    }
  }

  #fail(error: unknown): void {
    this.#error ??= error
    this.#wake()
  }

  /** Resolves when at most so many wait for their acknowledgement. */
  #below(most: number): Promise<void> {
    return new Promise((resolve, reject) => {
      let cancel = () => {}
      const look = () => {
        if (this.#error === undefined && this.#waiting > most) return
        cancel()
        this.#wake = () => {}
        if (this.#error === undefined) resolve()
        else reject(this.#error)
      }
      this.#wake = look
      cancel = this.#parts.clock.after(TIMEOUT_MS, () =>
        this.#fail(new SqlError('CONNECTOR_FAILED', 'The stream does not acknowledge messages')),
      )
      look()
    })
  }
}

async function standingOf(link: NatsLink, parts: NatsSinkParts): Promise<Standing> {
  const { table, token, appliedSeq } = parts
  const { streams } = link.streams
  const stream = await streams.find(table.options['sink.subject'])
  const { state } = await streams.info(stream)
  const last =
    state.messages === 0 ? null : await streams.getMessage(stream, { seq: state.last_seq })
  const place = placeOf(token, last?.header.get(ID_HEADER) ?? '')
  if (last !== null && place === undefined && appliedSeq >= 0) {
    fail('UNSUPPORTED', `Somebody else has written to the stream ${stream}`, {
      hint: `'sink.exclusive' is for a stream of the query's own.`,
    })
  }
  return { sequence: state.last_seq, place }
}

/** Why the server did not take a message; undefined if it did. */
function refusalOf(message: Msg): SqlError | undefined {
  if (message.data.length === 0) {
    return new SqlError('CONNECTOR_FAILED', 'No stream takes the subject')
  }
  const { error } = JSON.parse(message.string()) as { error?: { description: string } }
  return error && new SqlError('CONNECTOR_FAILED', error.description)
}
