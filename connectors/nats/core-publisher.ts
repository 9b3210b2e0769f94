/** Publishes without JetStream: the server gets the messages, and whoever listens at that
 *  moment. */

import type { NatsLink } from './connect.ts'
import type { Outgoing, Publisher } from './sink.ts'

export class CorePublisher implements Publisher {
  readonly #link: NatsLink

  constructor(link: NatsLink) {
    this.#link = link
  }

  async publish(messages: Iterable<Outgoing>): Promise<void> {
    const { connection, lost } = this.#link
    for (const { subject, bytes } of messages) connection.publish(subject, bytes)
    await Promise.race([connection.flush(), lost])
  }
}
