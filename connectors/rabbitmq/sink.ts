/** An exchange as a sink: every row is a message, and a write is done when the server has confirmed
 *  all of its messages. After a failure those come again that it has not, with the same ids. */

import type { ConfirmChannel, Message, Options } from 'amqplib'
import type { Clock } from '../../engine/base/clock.ts'
import type { Disk } from '../../engine/base/disk.ts'
import { fail } from '../../engine/base/errors.ts'
import { valueAt } from '../../engine/batch/rows.ts'
import { INT, VARCHAR } from '../../engine/batch/types.ts'
import { writesChangelog } from '../../engine/format/encode-rows.ts'
import type { SinkConnector, SinkFrame, SinkJob, SinkWriter } from '../../engine/source/sink.ts'
import type { TableSpec } from '../../engine/source/table.ts'
import { columnOption } from '../column-option.ts'
import type { SinkContext } from '../context.ts'
import { connectorError } from '../reconnect.ts'
import { givenMetadata, type RowMessages, rowMessages } from '../row-messages.ts'
import { connectRabbit, type RabbitLink, serverName } from './connect.ts'
import { propertiesOf } from './properties.ts'
import { prepareExchange } from './queue.ts'
import { rabbitmq } from './spec.ts'

export const rabbitmqSink = ({ disk, clock }: SinkContext): SinkConnector => ({
  name: rabbitmq.name,
  delivery: 'at-least-once',
  check({ name, options, metadata = [] }) {
    const isGiven = metadata.some(({ key, writable }) => writable && key === 'routing-key')
    const hasKey =
      isGiven || (options['routing-key'] ?? options['routing-key.column']) !== undefined
    if (options.exchange !== undefined && (options.exchange !== '' || hasKey)) return
    fail('INVALID_OPTION', `The table ${name} cannot be written: it names no exchange`, {
      hint: `Add 'exchange'; with '' for the default one, also 'routing-key' with a queue's name.`,
    })
  },
  takesChangelog: ({ options }) => writesChangelog(options),
  async open(table, job) {
    const writer = new ExchangeWriter({ disk, clock, table, job }, await rowMessages(table))
    await writer.connect()
    return writer
  },
})

interface ExchangeParts {
  readonly disk: Disk
  readonly clock: Clock
  readonly table: TableSpec
  readonly job: SinkJob
}

interface Connection {
  readonly link: RabbitLink
  readonly channel: ConfirmChannel
  /** Whether a message has reached a queue. */
  isTried: boolean
}

interface Publication {
  readonly key: string
  readonly bytes: Buffer
  readonly properties: Options.Publish
}

const CONTENT_TYPES: Readonly<Record<string, string>> = {
  json: 'application/json',
  'changelog-json': 'application/json',
  'debezium-json': 'application/json',
  csv: 'text/csv',
  arrow: 'application/vnd.apache.arrow.stream',
}

class ExchangeWriter implements SinkWriter {
  readonly appliedSeq = undefined
  readonly #parts: ExchangeParts
  readonly #messages: RowMessages
  readonly #metadata: ReturnType<typeof givenMetadata>
  readonly #publishing: Options.Publish
  readonly #keyColumn: number | undefined
  readonly #priorityColumn: number | undefined
  #connection: Connection | undefined
  /** The messages of the write under way that have arrived, by number. When it is repeated, they
   *  are not: one that no queue takes would fill the queues of the others. */
  readonly #arrived = new Set<number>()
  /** Messages that reached no queue since the write, or its repetition, began. */
  #returned = 0
  /** What can be told of them; several messages may be alike. */
  readonly #returnedMarks = new Set<string>()

  constructor(parts: ExchangeParts, messages: RowMessages) {
    const { table } = parts
    const { options } = table
    this.#parts = parts
    this.#messages = messages
    this.#metadata = givenMetadata(table)
    this.#keyColumn = columnOption(table, 'routing-key.column', VARCHAR)
    this.#priorityColumn = columnOption(table, 'priority.column', INT)
    this.#publishing = {
      persistent: options['sink.persistent'] === 'true',
      mandatory: options['sink.mandatory'] === 'true',
      contentType: CONTENT_TYPES[options.format],
      expiration: options['sink.message-ttl'],
      appId: 'millrace',
    }
  }

  async connect(): Promise<Connection> {
    const { disk, clock, table } = this.#parts
    const link = await connectRabbit({ disk, clock, options: table.options })
    try {
      const channel = await link.confirmChannel()
      // This comes before the message's confirm.
      channel.on('return', ({ fields, properties }: Message) => {
        this.#returned++
        this.#returnedMarks.add(markOf(fields.routingKey, properties.messageId))
      })
      await prepareExchange(channel, table.options)
      const connection = { link, channel, isTried: false }
      this.#connection = connection
      return connection
    } catch (error) {
      await link.close()
      throw connectorError(serverName(table.options), error)
    }
  }

  async write(frames: readonly SinkFrame[]): Promise<void> {
    const { options } = this.#parts.table
    this.#returned = 0
    this.#returnedMarks.clear()
    try {
      const connection = this.#connection ?? (await this.connect())
      const { channel } = connection
      let number = 0
      for (const frame of frames) {
        for (const publication of this.#publications(frame)) {
          if (this.#arrived.has(number++)) continue
          this.#publish(channel, publication, number - 1)
          if (connection.isTried) continue
          // The first one goes alone: a queue that a broken server is only bringing back would miss
          // it, and take those behind it.
          await this.#confirmed(channel)
          connection.isTried = true
        }
      }
      await this.#confirmed(channel)
      this.#arrived.clear()
    } catch (error) {
      await this.#disconnect()
      throw connectorError(serverName(options), error)
    }
  }

  #publish(channel: ConfirmChannel, { key, bytes, properties }: Publication, number: number): void {
    const mark = markOf(key, properties.messageId)
    channel.publish(this.#parts.table.options.exchange, key, bytes, properties, (error) => {
      if (error === null && !this.#returnedMarks.has(mark)) this.#arrived.add(number)
    })
  }

  async #confirmed(channel: ConfirmChannel): Promise<void> {
    await channel.waitForConfirms()
    if (this.#returned === 0) return
    const { exchange } = this.#parts.table.options
    fail('CONNECTOR_FAILED', `${this.#returned} messages reached no queue`, {
      hint: `Bind a queue to the exchange '${exchange}' that takes their routing keys, or set 'sink.mandatory' = 'false'.`,
    })
  }

  *#publications(frame: SinkFrame): Generator<Publication> {
    const { options } = this.#parts.table
    const { token } = this.#parts.job
    const { 'routing-key': fixed = '' } = options
    const { batch, seq } = frame
    for (const [i, { bytes, row }] of this.#messages(frame).entries()) {
      const given = this.#metadata(batch, row)
      const own = this.#keyColumn === undefined ? fixed : textAt(frame, this.#keyColumn, row)
      const properties = {
        ...this.#publishing,
        messageId: `${token}-${seq}-${i}`,
        priority: this.#priorityOf(frame, row),
        ...propertiesOf(given),
      }
      yield { key: String(given['routing-key'] ?? own), bytes, properties }
    }
  }

  #priorityOf({ batch }: SinkFrame, row: number): number | undefined {
    if (this.#priorityColumn === undefined) return undefined
    const value = valueAt(batch.columns[this.#priorityColumn], row)
    return typeof value === 'number' ? Math.min(255, Math.max(0, value)) : undefined
  }

  async #disconnect(): Promise<void> {
    const connection = this.#connection
    this.#connection = undefined
    await connection?.link.close()
  }

  close(): Promise<void> {
    return this.#disconnect()
  }
}

const markOf = (key: string, messageId: string | undefined): string => `${messageId} ${key}`

/** NULL counts as ''. */
const textAt = ({ batch }: SinkFrame, column: number, row: number): string =>
  (valueAt(batch.columns[column], row) ?? '') as string
