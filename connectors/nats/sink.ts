/** Subjects as a sink: every row is a message. With JetStream a write is done when the stream has
 *  acknowledged all its messages. */

import type { Clock } from '../../engine/base/clock.ts'
import type { Disk } from '../../engine/base/disk.ts'
import { fail } from '../../engine/base/errors.ts'
import { valueAt } from '../../engine/batch/rows.ts'
import { VARCHAR } from '../../engine/batch/types.ts'
import { writesChangelog } from '../../engine/format/encode-rows.ts'
import type { SinkConnector, SinkFrame, SinkWriter } from '../../engine/source/sink.ts'
import type { TableSpec } from '../../engine/source/table.ts'
import { columnOption } from '../column-option.ts'
import type { SinkContext } from '../context.ts'
import { connectorError } from '../reconnect.ts'
import { type RowMessages, rowMessages } from '../row-messages.ts'
import { connectNats, type NatsLink, serverName } from './connect.ts'
import { CorePublisher } from './core-publisher.ts'
import type { MessagePlace } from './message-id.ts'
import { nats } from './spec.ts'
import { StreamPublisher } from './stream-publisher.ts'

export const natsSink = ({ disk, clock }: SinkContext): SinkConnector => ({
  name: nats.name,
  delivery: 'exactly-once',
  check(table) {
    if (columnOption(table, 'sink.subject.column', VARCHAR) !== undefined) return
    if (table.options['sink.subject'] !== undefined) return
    fail('INVALID_OPTION', `The table ${table.name} cannot be written: it names no subject`, {
      hint: `Add the option 'sink.subject'.`,
    })
  },
  takesChangelog: ({ options }) => writesChangelog(options),
  async open(table, { token, appliedSeq }) {
    const writer = new SubjectWriter(
      { disk, clock, table, token, appliedSeq },
      await rowMessages(table),
    )
    await writer.connect()
    return writer
  },
})

export interface NatsSinkParts {
  readonly disk: Disk
  readonly clock: Clock
  readonly table: TableSpec
  /** Of the job. */
  readonly token: string
  /** The last result that is known to be written; -1: none. */
  appliedSeq: number
}

/** One message on its way. */
export interface Outgoing {
  readonly subject: string
  readonly bytes: Uint8Array
  readonly place: MessagePlace
}

/** Puts messages where they belong; made anew with each connection. */
export interface Publisher {
  /** Resolves when the server has the messages, as far as that can be known. */
  publish(messages: Iterable<Outgoing>): Promise<void>
}

class SubjectWriter implements SinkWriter {
  readonly appliedSeq = undefined
  readonly #parts: NatsSinkParts
  readonly #messages: RowMessages
  readonly #subjectColumn: number | undefined
  readonly #closing = new AbortController()
  #connection: { readonly link: NatsLink; readonly publisher: Publisher } | undefined

  constructor(parts: NatsSinkParts, messages: RowMessages) {
    this.#parts = parts
    this.#messages = messages
    this.#subjectColumn = columnOption(parts.table, 'sink.subject.column', VARCHAR)
  }

  async connect(): Promise<Publisher> {
    const { disk, table } = this.#parts
    try {
      const link = await connectNats(disk, table.options, this.#closing.signal)
      try {
        const publisher =
          table.options.mode === 'core'
            ? new CorePublisher(link)
            : await StreamPublisher.open(link, this.#parts)
        this.#connection = { link, publisher }
        return publisher
      } catch (error) {
        await link.close()
        throw error
      }
    } catch (error) {
      throw connectorError(serverName(table.options), error)
    }
  }

  async write(frames: readonly SinkFrame[]): Promise<void> {
    try {
      const publisher = this.#connection?.publisher ?? (await this.connect())
      await publisher.publish(this.#outgoing(frames))
      this.#parts.appliedSeq = frames[frames.length - 1].seq
    } catch (error) {
      await this.#disconnect()
      throw connectorError(serverName(this.#parts.table.options), error)
    }
  }

  *#outgoing(frames: readonly SinkFrame[]): Generator<Outgoing> {
    for (const frame of frames) {
      for (const [index, { bytes, row }] of this.#messages(frame).entries()) {
        yield { subject: this.#subject(frame, row), bytes, place: { seq: frame.seq, index } }
      }
    }
  }

  #subject({ batch }: SinkFrame, row: number): string {
    const { table } = this.#parts
    const fixed = table.options['sink.subject']
    if (this.#subjectColumn === undefined) return fixed
    const value = (valueAt(batch.columns[this.#subjectColumn], row) ?? fixed) as string | undefined
    if (value === undefined || !/^[^\s*>.]+(\.[^\s*>.]+)*$/.test(value)) {
      fail('INVALID_VALUE', `'${value ?? null}' is no subject that a message can have`, {
        hint: `It comes from the column that 'sink.subject.column' names.`,
      })
    }
    return value
  }

  async #disconnect(): Promise<void> {
    const connection = this.#connection
    this.#connection = undefined
    await connection?.link.close()
  }

  async close(): Promise<void> {
    this.#closing.abort()
    await this.#disconnect()
  }
}
