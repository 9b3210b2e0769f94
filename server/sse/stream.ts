/** Opens an event stream: `schema` first, then the snapshot if one is wanted, then every change
 *  from there on, without gap or overlap. */

import type { Clock } from '../../engine/base/clock.ts'
import { asSqlError, fail, SqlError } from '../../engine/base/errors.ts'
import { decodeBatch } from '../../engine/batch/ipc.ts'
import type { Schema } from '../../engine/batch/schema.ts'
import { typeName } from '../../engine/batch/types.ts'
import type { ResultFrame } from '../../engine/graph/protocol.ts'
import type { ViewRows } from '../../engine/view/view.ts'
import type { ResultFeed } from '../result-feed.ts'
import { type ChangeMode, changeTexts } from './changes.ts'
import { eventBytes, watermarkText } from './event.ts'
import { eventId, seqAfter } from './position.ts'
import {
  type EventSink,
  LINGER_MS,
  type OnSlow,
  STALLED_HEARTBEATS,
  Subscriber,
} from './subscriber.ts'

/** A query's result as it can be subscribed to. */
export interface Subscribable {
  readonly name: string
  readonly schema: Schema
  readonly appendOnly: boolean
  readonly key?: readonly number[] | undefined
  readonly feed: ResultFeed
  /** The rows as they are now; only materialized views keep them. */
  readonly snapshot?: (() => Promise<ViewRows>) | undefined
}

export interface StreamRequest {
  readonly mode: ChangeMode
  readonly onSlow: OnSlow
  /** undefined: yes, if the result keeps its rows. */
  readonly snapshot?: boolean | undefined
  /** The id of the last event that the client has. */
  readonly after?: string | undefined
  /** Without `after` and snapshot: from the oldest result that is kept, or only what comes. */
  readonly from: 'earliest' | 'latest'
}

export interface StreamContext {
  readonly clock: Clock
  readonly heartbeatMs: number
  readonly progressMs: number
}

/** A checked request: nothing was sent yet, so what is wrong with it can still be a status. */
export interface PreparedStream {
  /** Sends the stream. `onClose` is called once, when it is over. */
  start(sink: EventSink, onClose: () => void): OpenStream
}

export interface OpenStream {
  /** The client has left. */
  close(): void
  /** The server leaves; the client may connect again and resume. */
  end(): void
}

/** Rows per snapshot event. */
const SNAPSHOT_ROWS = 5000

/** Errors: GONE, BAD_REQUEST for an id or a mode that cannot be, UNSUPPORTED for a snapshot of a
 *  result that keeps no rows. */
export async function prepareStream(
  source: Subscribable,
  request: StreamRequest,
  context: StreamContext,
): Promise<PreparedStream> {
  const { feed, key, schema } = source
  const keyNames = key?.map((index) => schema.fields[index].name)
  if (request.mode === 'upsert' && keyNames === undefined) {
    fail('BAD_REQUEST', `The result of ${source.name} has no known key, so it has no upsert form`, {
      hint: 'Use mode=changelog.',
    })
  }
  const rows = await snapshotFor(source, request)
  const time = rows === undefined ? BEFORE_ALL : timeAt(feed, rows.seq)
  const seq = firstSeq(feed, request, rows)
  const shape = { schema, key, mode: request.mode }
  return {
    start(sink, onClose) {
      sink.write(schemaEvent(source, keyNames, request.mode))
      const pace = { ...context, sink, onClose, onSlow: request.onSlow }
      const stream = new SnapshotThenChanges(pace, () => {
        const cursor = feed.cursor(seq)
        const encode = (frame: ResultFrame) => changesEvent(frame, shape)
        const { mode, onSlow } = request
        const { watermarkUs } = time
        return new Subscriber({
          ...context,
          ...{ feed, cursor, sink, mode, encode, onSlow, watermarkUs, onClose },
        })
      })
      void stream.begin(rows === undefined ? [] : snapshotEvents(feed, rows, time, request.mode))
      return stream
    },
  }
}

async function snapshotFor(
  source: Subscribable,
  { snapshot, after }: StreamRequest,
): Promise<ViewRows | undefined> {
  if (source.snapshot === undefined && snapshot === true) {
    fail('UNSUPPORTED', `${source.name} does not keep its rows, so there is no snapshot`, {
      hint: 'Create it as a materialized view.',
    })
  }
  // Who resumes has the rows already.
  return after === undefined && snapshot !== false ? source.snapshot?.() : undefined
}

function firstSeq(feed: ResultFeed, request: StreamRequest, rows: ViewRows | undefined): number {
  if (request.after !== undefined) return seqAfter(feed, request.after)
  if (rows !== undefined) return rows.seq + 1
  return request.from === 'latest' ? feed.nextSeq : feed.firstKept
}

/** How a client takes its stream. */
interface Pace extends StreamContext {
  readonly sink: EventSink
  readonly onClose: () => void
  readonly onSlow: OnSlow
}

const slowAtSnapshot = (): SqlError =>
  new SqlError('SLOW_SUBSCRIBER', 'The subscriber does not read its snapshot and was cut off', {
    hint: 'Subscribe again.',
  })

/** Writes the snapshot at the client's pace, then hands over to a subscriber. */
class SnapshotThenChanges implements OpenStream {
  readonly #pace: Pace
  readonly #subscribe: () => Subscriber
  #subscriber: Subscriber | undefined
  #closed = false

  constructor(pace: Pace, subscribe: () => Subscriber) {
    this.#pace = pace
    this.#subscribe = subscribe
  }

  async begin(snapshot: Iterable<Buffer>): Promise<void> {
    const { sink } = this.#pace
    // The caller has to have the stream in hand before it can close.
    await Promise.resolve()
    try {
      for (const event of snapshot) {
        if (!sink.write(event)) await this.#drain()
        if (this.#closed) return
      }
      if (!this.#closed) this.#subscriber = this.#subscribe()
    } catch (error) {
      if (this.#closed) return
      sink.write(eventBytes('error', JSON.stringify(asSqlError(error).toJSON())))
      this.#pace.clock.after(LINGER_MS, () => sink.destroy())
      this.end()
    }
  }

  /** Resolves when the client takes more. SLOW_SUBSCRIBER if it takes nothing for so long that the
   *  rows must not be kept for it. */
  #drain(): Promise<void> {
    const { sink, clock, heartbeatMs, onSlow } = this.#pace
    return new Promise((resolve, reject) => {
      const cancel =
        onSlow === 'block'
          ? () => {}
          : clock.after(heartbeatMs * STALLED_HEARTBEATS, () => reject(slowAtSnapshot()))
      sink.once('drain', () => {
        cancel()
        resolve()
      })
    })
  }

  close(): void {
    if (this.#closed) return
    this.#closed = true
    if (this.#subscriber === undefined) this.#pace.onClose()
    else this.#subscriber.close()
  }

  end(): void {
    this.#pace.sink.end()
    this.close()
  }
}

function schemaEvent(
  { name, schema, appendOnly }: Subscribable,
  key: readonly string[] | undefined,
  mode: ChangeMode,
): Buffer {
  const columns = schema.fields.map((field) => ({
    name: field.name,
    type: typeName(field.type),
    nullable: field.nullable,
  }))
  const data = { query: name, columns, key: key ?? null, appendOnly, mode }
  return eventBytes('schema', JSON.stringify(data))
}

interface ChangeShape {
  readonly schema: Schema
  readonly key: readonly number[] | undefined
  readonly mode: ChangeMode
}

function changesEvent(frame: ResultFrame, { schema, key, mode }: ChangeShape): Buffer {
  const changes = changeTexts(decodeBatch(frame.payload, schema), key, mode)
  const data = `{${timeText(frame)},"rows":[${changes.join(',')}]}`
  return eventBytes('changes', data, eventId(frame.queryId, frame.seq))
}

interface ResultTime {
  readonly epoch: number
  readonly watermarkUs: number
}

const BEFORE_ALL: ResultTime = { epoch: 0, watermarkUs: -Infinity }

/** How far time had come with the result `seq`. What came after it must not count. */
function timeAt(feed: ResultFeed, seq: number): ResultTime {
  if (seq + 1 === feed.nextSeq) return { epoch: feed.epoch, watermarkUs: feed.watermarkUs }
  return feed.recent(seq)?.frame ?? BEFORE_ALL
}

/** `"epoch":1,"watermark":"…"` */
const timeText = ({ epoch, watermarkUs }: ResultTime): string =>
  `"epoch":${epoch},"watermark":${JSON.stringify(watermarkText(watermarkUs))}`

/** The snapshot in parts; at least one, so that a client sees that there are no rows. Only the last
 *  carries an id: a client that loses the connection in between begins anew. */
function* snapshotEvents(
  feed: ResultFeed,
  { seq, batches }: ViewRows,
  time: ResultTime,
  mode: ChangeMode,
): Generator<Buffer> {
  const parts = batches.flatMap((batch) =>
    Array.from({ length: Math.ceil(batch.rowCount / SNAPSHOT_ROWS) }, (_, i) =>
      batch.slice(i * SNAPSHOT_ROWS, Math.min((i + 1) * SNAPSHOT_ROWS, batch.rowCount)),
    ),
  )
  const id = seq < 0 ? undefined : eventId(feed.queryId, seq)
  for (let part = 0; part < Math.max(parts.length, 1); part++) {
    const rows = parts[part] === undefined ? [] : changeTexts(parts[part], undefined, mode)
    const last = part >= parts.length - 1
    const data = `{${timeText(time)},"part":${part},"last":${last},"rows":[${rows.join(',')}]}`
    yield eventBytes('snapshot', data, last ? id : undefined)
  }
}
