/** Writes each time in one transaction: the messages, and the number of their last result as an
 *  offset that a consumer group of the job's own commits. Both are there or neither, so after any
 *  failure the group tells how far the job has come. */

import type { Consumer } from '@platformatic/kafka'
import { SqlError } from '../../engine/base/errors.ts'
import type { SinkFrame, SinkJob, SinkWriter } from '../../engine/source/sink.ts'
import { KafkaCluster } from './cluster.ts'
import { kafkaError } from './kafka-error.ts'
import type { OutgoingMessages } from './outgoing.ts'
import { splitOf } from './partition.ts'
import { type BytesProducer, newProducer, requestsOf, type WriterParts } from './writer-parts.ts'

type BytesTransaction = NonNullable<BytesProducer['transaction']>

/** The broker may be busy with our last transaction. */
const RETRIES = 20
/** A new process has no producer id to go on with; it gets one that fences the last process. */
const NO_PRODUCER = { producerId: -1n, producerEpoch: -1 }

interface Connected {
  readonly producer: BytesProducer
  readonly cluster: KafkaCluster
  /** Begun, and nothing is in it. */
  next: BytesTransaction | undefined
}

export class TransactionalWriter implements SinkWriter {
  /** A group's offsets are kept for a week after the last commit (`offsets.retention.minutes`). */
  readonly forgets = true
  appliedSeq: number
  readonly #parts: WriterParts
  readonly #messages: OutgoingMessages
  /** The transactional id, and the group that keeps the position. */
  readonly #id: string
  #connected: Connected | undefined

  private constructor(parts: WriterParts, messages: OutgoingMessages, job: SinkJob) {
    this.#parts = parts
    this.#messages = messages
    this.#id = `${parts.table.options['sink.transactional-id-prefix']}-${job.token}`
    this.appliedSeq = job.appliedSeq
  }

  static async open(
    parts: WriterParts,
    messages: OutgoingMessages,
    job: SinkJob,
  ): Promise<TransactionalWriter> {
    const writer = new TransactionalWriter(parts, messages, job)
    await writer.#connect()
    return writer
  }

  /** Ends what the last connection left open, and learns how far it came. */
  async #connect(): Promise<Connected> {
    const { kafka, table, connection } = this.#parts
    const { options } = table
    const cluster = new KafkaCluster({
      ...{ kafka, connection },
      bootstrapServers: options['properties.bootstrap.servers'],
      clientId: options['properties.client.id'],
    })
    try {
      // Fails at once if the broker or the topic is not there.
      await cluster.topics([options.topic])
    } catch (error) {
      await cluster.close()
      throw error
    }
    const timeout = Number(options['properties.transaction.timeout.ms'])
    const producer = newProducer(this.#parts, {
      ...{ transactionalId: this.#id, retries: RETRIES, timeout },
    })
    try {
      const next = await producer.beginTransaction(NO_PRODUCER)
      const committed = await cluster.committed(this.#id, [this.#place])
      const position = committed.get(splitOf(this.#place))
      if (position !== undefined) this.appliedSeq = Math.max(this.appliedSeq, position - 1)
      this.#connected = { producer, cluster, next }
      return this.#connected
    } catch (error) {
      await Promise.allSettled([producer.close(true), cluster.close()])
      throw error
    }
  }

  /** The partition whose offset stands for the position. */
  get #place() {
    return { topic: this.#parts.table.options.topic, partition: 0 }
  }

  async write(frames: readonly SinkFrame[]): Promise<void> {
    try {
      const connected = this.#connected ?? (await this.#connect())
      // The last try may have come through, although nobody told us.
      const rest = frames.filter(({ seq }) => seq > this.appliedSeq)
      if (rest.length > 0) await this.#transact(connected, rest)
    } catch (error) {
      await this.close()
      throw kafkaError(this.#parts.what, error)
    }
  }

  async #transact(connected: Connected, frames: readonly SinkFrame[]): Promise<void> {
    const { producer, cluster } = connected
    const transaction = connected.next ?? (await producer.beginTransaction())
    connected.next = undefined
    for (const request of requestsOf(frames, this.#messages, this.#parts)) {
      await transaction.send(request)
    }
    const last = frames[frames.length - 1].seq
    // Of a consumer the library only wants to know the group.
    const group = { groupId: this.#id } as Consumer<Buffer, Buffer, Buffer, Buffer>
    await transaction.addConsumer(group)
    const { producerId, producerEpoch } = producer
    if (producerId === undefined || producerEpoch === undefined) {
      throw new SqlError('CONNECTOR_FAILED', 'another producer has the transactional id')
    }
    await cluster.commitInTransaction(
      { transactionalId: this.#id, producerId, producerEpoch },
      this.#id,
      { ...this.#place, offset: last + 1 },
    )
    await transaction.commit()
    this.appliedSeq = last
  }

  async close(): Promise<void> {
    const connected = this.#connected
    this.#connected = undefined
    if (connected === undefined) return
    await Promise.allSettled([connected.producer.close(true), connected.cluster.close()])
  }
}
