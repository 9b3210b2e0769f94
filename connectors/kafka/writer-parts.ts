/** What both kinds of writers do alike: make a producer, and cut messages into requests. */

import type { ConnectionOptions, Producer, ProducerOptions } from '@platformatic/kafka'
import type { SinkFrame } from '../../engine/source/sink.ts'
import type { TableSpec } from '../../engine/source/table.ts'
import { addressesOf } from './address.ts'
import type { KafkaLibrary } from './library.ts'
import type { OutgoingMessage, OutgoingMessages } from './outgoing.ts'

export interface WriterParts {
  readonly kafka: KafkaLibrary
  /** Of one topic. */
  readonly table: TableSpec
  readonly connection: ConnectionOptions
  /** The brokers, for messages. */
  readonly what: string
}

export type BytesProducer = Producer<Buffer, Buffer, Buffer, Buffer>

/** Brokers take batches of up to a megabyte, unless they are told otherwise. */
const REQUEST_BYTES = 700_000
/** About what a message takes beside its key and its value, and a header beside its own. */
const MESSAGE_BYTES = 24
const HEADER_BYTES = 6
const RETRY_MS = 100
/** The library writes wrong times where those of one batch are 2^31 ms apart. */
const TIME_SPAN_MS = 2n ** 30n

export function newProducer(
  { kafka, table, connection }: WriterParts,
  more: Partial<ProducerOptions<Buffer, Buffer, Buffer, Buffer>>,
): BytesProducer {
  const { options } = table
  return new kafka.Producer<Buffer, Buffer, Buffer, Buffer>({
    ...connection,
    clientId: options['properties.client.id'],
    bootstrapBrokers: addressesOf(options['properties.bootstrap.servers']),
    idempotent: true,
    retryDelay: RETRY_MS,
    ...more,
  })
}

/** The messages of the frames but the first `skipped`, in pieces that fit a request, with
 *  `compression`. */
export function* requestsOf(
  frames: readonly SinkFrame[],
  messages: OutgoingMessages,
  { table }: WriterParts,
  skipped = 0,
) {
  const compression = table.options['properties.compression.type'] as 'none'
  for (const piece of piecesOf(frames, messages, skipped)) {
    // The library's type knows no tombstones, but it writes them.
    yield { messages: piece as (OutgoingMessage & { value: Buffer })[], compression }
  }
}

function* piecesOf(
  frames: readonly SinkFrame[],
  messages: OutgoingMessages,
  skipped: number,
): Generator<OutgoingMessage[]> {
  let piece = new Piece()
  let number = 0
  for (const frame of frames) {
    for (const message of messages.of(frame)) {
      if (number++ < skipped) continue
      if (!piece.fits(message)) {
        yield piece.messages
        piece = new Piece()
      }
      piece.add(message)
    }
  }
  if (piece.messages.length > 0) yield piece.messages
}

class Piece {
  readonly messages: OutgoingMessage[] = []
  #bytes = 0
  #first: bigint | undefined

  fits(message: OutgoingMessage): boolean {
    if (this.messages.length === 0) return true
    const { timestamp } = message
    const distance = timestamp === undefined ? 0n : timestamp - (this.#first ?? timestamp)
    const isNear = distance < TIME_SPAN_MS && -distance < TIME_SPAN_MS
    return isNear && this.#bytes + sizeOf(message) <= REQUEST_BYTES
  }

  add(message: OutgoingMessage): void {
    this.messages.push(message)
    this.#bytes += sizeOf(message)
    this.#first ??= message.timestamp
  }
}

function sizeOf({ key, value, headers = new Map() }: OutgoingMessage): number {
  let bytes = MESSAGE_BYTES + (key?.length ?? 0) + (value?.length ?? 0)
  for (const [name, text] of headers) bytes += HEADER_BYTES + name.length + (text?.length ?? 0)
  return bytes
}
