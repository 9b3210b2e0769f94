/** Holds acknowledgements back until they are due. The client by itself takes the next message only
 *  when it has acknowledged the one before it, which would be one message per fsync; so it is told
 *  that an acknowledgement is sent when it is only noted down. */

import type { MqttClient, Packet } from 'mqtt'

/** The one inner function of the client that sends what the protocol asks for. */
interface Sending {
  _sendPacket(packet: Packet, done?: (error?: Error) => void, ...more: unknown[]): void
}

/** What says that a message has arrived: QoS 1, and the first half of QoS 2. */
const ARRIVED: ReadonlySet<string> = new Set(['puback', 'pubrec'])

export class HeldAcks {
  readonly #client: MqttClient
  readonly #send: Sending['_sendPacket']
  readonly #held = new Map<number, Packet>()
  /** Of messages that were released before the client came to acknowledge them. */
  readonly #due = new Set<number>()
  #isCorked = false

  /** To be called before the client has received anything. */
  constructor(client: MqttClient) {
    this.#client = client
    const inner = client as unknown as Sending
    const send = inner._sendPacket.bind(client)
    this.#send = send
    inner._sendPacket = (packet, done, ...more) => {
      const id = ARRIVED.has(packet.cmd) ? packet.messageId : undefined
      if (id === undefined || this.#due.delete(id)) {
        send(packet, done, ...more)
        return
      }
      this.#held.set(id, packet)
      done?.()
    }
  }

  /** Acknowledges a message. */
  release(messageId: number): void {
    const packet = this.#held.get(messageId)
    if (packet === undefined) {
      this.#due.add(messageId)
      return
    }
    this.#held.delete(messageId)
    this.#cork()
    this.#send(packet)
  }

  /** What is acknowledged in one go is written in one go. */
  #cork(): void {
    if (this.#isCorked) return
    this.#isCorked = true
    const { stream } = this.#client
    stream.cork()
    queueMicrotask(() => {
      this.#isCorked = false
      stream.uncork()
    })
  }
}
