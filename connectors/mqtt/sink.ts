/** Topics as a sink: every row is a message, and a write is done when the broker has acknowledged
 *  all of its messages. After a failure the same messages come again. */

import type { IClientPublishOptions, MqttClient } from 'mqtt'
import type { Clock } from '../../engine/base/clock.ts'
import type { Disk } from '../../engine/base/disk.ts'
import { fail } from '../../engine/base/errors.ts'
import { valueAt } from '../../engine/batch/rows.ts'
import { VARCHAR } from '../../engine/batch/types.ts'
import { writesChangelog } from '../../engine/format/encode-rows.ts'
import type { SinkConnector, SinkFrame, SinkJob, SinkWriter } from '../../engine/source/sink.ts'
import type { TableSpec } from '../../engine/source/table.ts'
import { columnOption } from '../column-option.ts'
import type { SinkContext } from '../context.ts'
import { connectorError } from '../reconnect.ts'
import { givenMetadata, type RowMessage, type RowMessages, rowMessages } from '../row-messages.ts'
import { connectMqtt, type MqttLink } from './connect.ts'
import { mqtt } from './spec.ts'

export const mqttSink = ({ disk, clock }: SinkContext): SinkConnector => ({
  name: mqtt.name,
  delivery: 'at-least-once',
  check({ name, options, metadata = [] }) {
    const isGiven = metadata.some(({ key, writable }) => writable && key === 'topic')
    if (isGiven || (options['sink.topic'] ?? options['sink.topic.column']) !== undefined) return
    fail('INVALID_OPTION', `The table ${name} cannot be written: it names no topic to write to`, {
      hint: `Add 'sink.topic' or 'sink.topic.column', or a column topic STRING METADATA.`,
    })
  },
  takesChangelog: ({ options }) => writesChangelog(options),
  async open(table, job) {
    const writer = new TopicWriter({ disk, clock, table, job }, await rowMessages(table))
    await writer.connect()
    return writer
  },
})

interface TopicParts {
  readonly disk: Disk
  readonly clock: Clock
  readonly table: TableSpec
  readonly job: SinkJob
}

/** A message on its way. */
interface Publication {
  readonly topic: string
  readonly bytes: Buffer
  readonly publishing: IClientPublishOptions
}

/** Messages that may be under way, if the broker allows as many. */
const UNDER_WAY_MAX = 200

class TopicWriter implements SinkWriter {
  readonly appliedSeq = undefined
  readonly #parts: TopicParts
  readonly #messages: RowMessages
  readonly #metadata: ReturnType<typeof givenMetadata>
  readonly #topicColumn: number | undefined
  readonly #publishing: IClientPublishOptions
  #link: MqttLink | undefined

  constructor(parts: TopicParts, messages: RowMessages) {
    const { options } = parts.table
    const ttl = options['sink.message-ttl']
    this.#parts = parts
    this.#messages = messages
    this.#metadata = givenMetadata(parts.table)
    this.#topicColumn = columnOption(parts.table, 'sink.topic.column', VARCHAR)
    this.#publishing = {
      qos: Number(options.qos) as 0 | 1 | 2,
      retain: options['sink.retain'] === 'true',
      ...(ttl !== undefined && {
        properties: { messageExpiryInterval: Math.ceil(Number(ttl) / 1000) },
      }),
    }
  }

  async connect(): Promise<MqttLink> {
    const { disk, clock, table, job } = this.#parts
    const { options } = table
    try {
      this.#link = await connectMqtt({
        ...{ disk, clock, options },
        clientId: `${options['client-id'] ?? 'millrace'}-${job.token}`,
        settings: { clean: true, queueQoSZero: false },
      })
      return this.#link
    } catch (error) {
      throw connectorError(`MQTT at ${options.url}`, error)
    }
  }

  async write(frames: readonly SinkFrame[]): Promise<void> {
    try {
      const link = this.#link ?? (await this.connect())
      const messages = frames.flatMap((frame) =>
        this.#messages(frame).map((message) => this.#publication(frame, message)),
      )
      await this.#publishAll(link, messages)
    } catch (error) {
      await this.#disconnect()
      throw connectorError(`MQTT at ${this.#parts.table.options.url}`, error)
    }
  }

  /** Some at a time, in order. */
  async #publishAll({ client }: MqttLink, messages: readonly Publication[]): Promise<void> {
    const limit = Math.min(UNDER_WAY_MAX, receiveMaximum(client))
    let next = 0
    let lose = () => {}
    await new Promise<void>((resolve, reject) => {
      lose = () => reject(new Error('the connection was lost'))
      client.once('close', lose)
      let open = 0
      const more = (error?: Error | null) => {
        if (error) return reject(error)
        while (open < limit && next < messages.length) {
          const { topic, bytes, publishing } = messages[next++]
          open++
          client.publish(topic, bytes, publishing, (thrown) => {
            open--
            more(thrown)
          })
        }
        if (open === 0) resolve()
      }
      more()
    }).finally(() => client.off('close', lose))
  }

  #publication({ batch }: SinkFrame, { bytes, row }: RowMessage): Publication {
    const given = this.#metadata(batch, row)
    const column = this.#topicColumn
    const fixed =
      column === undefined
        ? this.#parts.table.options['sink.topic']
        : valueAt(batch.columns[column], row)
    const publishing = withProperties(this.#publishing, given)
    return { topic: this.#topic(given.topic ?? fixed), bytes, publishing }
  }

  /** INVALID_VALUE ends the job: a row without a topic has nowhere to go. */
  #topic(topic: unknown): string {
    if (typeof topic === 'string' && topic !== '' && !/[+#]/.test(topic)) return topic
    return fail('INVALID_VALUE', `'${topic}' in the topic column is no topic to publish to`)
  }

  async #disconnect(): Promise<void> {
    const link = this.#link
    this.#link = undefined
    await link?.close()
  }

  close(): Promise<void> {
    return this.#disconnect()
  }
}

/** With what the METADATA columns of a row say. */
function withProperties(
  base: IClientPublishOptions,
  given: Readonly<Record<string, unknown>>,
): IClientPublishOptions {
  if (Object.keys(given).length === 0) return base
  const { retain = base.retain, 'content-type': contentType, ...more } = given
  const { 'response-topic': responseTopic, 'user-properties': pairs } = more
  const properties = {
    ...base.properties,
    ...(contentType !== undefined && { contentType: String(contentType) }),
    ...(responseTopic !== undefined && { responseTopic: String(responseTopic) }),
    ...(pairs !== undefined && {
      userProperties: Object.fromEntries(
        (pairs as [string, string | null][]).filter(([, value]) => value !== null),
      ) as Record<string, string>,
    }),
  }
  return { ...base, retain: retain === true, properties }
}

/** How many messages the broker takes at a time. */
const receiveMaximum = (client: MqttClient): number =>
  client.serverProperties?.receiveMaximum ?? 65_535
