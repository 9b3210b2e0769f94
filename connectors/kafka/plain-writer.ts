/** Writes with an idempotent producer: a request that is repeated after a lost answer is known
 *  again, one that is repeated after a crash is not. */

import type { SinkFrame, SinkWriter } from '../../engine/source/sink.ts'
import { kafkaError } from './kafka-error.ts'
import type { OutgoingMessages } from './outgoing.ts'
import { type BytesProducer, newProducer, requestsOf, type WriterParts } from './writer-parts.ts'

/** Then the job says that something is wrong, and tries again. */
const RETRIES = 3

export class PlainWriter implements SinkWriter {
  readonly appliedSeq = undefined
  readonly #parts: WriterParts
  readonly #messages: OutgoingMessages
  #producer: BytesProducer | undefined
  /** How many messages of the write under way are in the topic. When it is repeated, they are not:
   *  a message that no broker takes would fill the topic with those before it. */
  #sent = 0

  private constructor(parts: WriterParts, messages: OutgoingMessages) {
    this.#parts = parts
    this.#messages = messages
  }

  /** CONNECTOR_FAILED if the topic is not there. */
  static async open(parts: WriterParts, messages: OutgoingMessages): Promise<PlainWriter> {
    const writer = new PlainWriter(parts, messages)
    try {
      await writer.#connected().metadata({ topics: [parts.table.options.topic], retries: 0 })
      return writer
    } catch (error) {
      await writer.close()
      throw error
    }
  }

  #connected(): BytesProducer {
    this.#producer ??= newProducer(this.#parts, { retries: RETRIES })
    return this.#producer
  }

  async write(frames: readonly SinkFrame[]): Promise<void> {
    try {
      for (const request of requestsOf(frames, this.#messages, this.#parts, this.#sent)) {
        await this.#connected().send(request)
        this.#sent += request.messages.length
      }
      this.#sent = 0
    } catch (error) {
      await this.close()
      throw kafkaError(this.#parts.what, error)
    }
  }

  async close(): Promise<void> {
    const producer = this.#producer
    this.#producer = undefined
    await producer?.close().catch(() => {})
  }
}
