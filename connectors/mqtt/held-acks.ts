/** Holds acknowledgements back until they are due. The client by itself takes the next message only
 *  when it has acknowledged the one before it, which would be one message per fsync; so it is told
 *  that an acknowledgement is sent when it is only noted down. Those that are due together are
 *  written together, as the few bytes that they are. */

import type { MqttClient, Packet } from 'mqtt'

/** The one inner function of the client that sends what the protocol asks for. */
interface Sending {
  _sendPacket(packet: Packet, done?: (error?: Error) => void, ...more: unknown[]): void
}

/** How a packet begins that says that a message has arrived: QoS 1, and the first half of QoS 2.
 *  Its message's number is the rest: without a reason code, MQTT 5 takes it as success. */
const ARRIVED: Readonly<Record<string, number>> = { puback: 0x4002, pubrec: 0x5002 }
const PACKET_BYTES = 4

export class HeldAcks {
  readonly #client: MqttClient
  /** How the packet begins, by the number of the message. */
  readonly #held = new Map<number, number>()
  /** Of messages that were released before the client came to acknowledge them. */
  readonly #due = new Set<number>()

  /** To be called before the client has received anything. */
  constructor(client: MqttClient) {
    this.#client = client
    const inner = client as unknown as Sending
    const send = inner._sendPacket.bind(client)
    inner._sendPacket = (packet, done, ...more) => {
      const head = ARRIVED[packet.cmd]
      const id = packet.messageId
      if (head === undefined || id === undefined || this.#due.delete(id)) {
        send(packet, done, ...more)
        return
      }
      this.#held.set(id, head)
      done?.()
    }
  }

  /** Acknowledges messages. */
  release(ids: readonly number[]): void {
    const bytes = Buffer.allocUnsafe(ids.length * PACKET_BYTES)
    let length = 0
    for (const id of ids) {
      const head = this.#held.get(id)
      if (head === undefined) {
        this.#due.add(id)
        continue
      }
      this.#held.delete(id)
      bytes.writeUInt16BE(head, length)
      bytes.writeUInt16BE(id, length + 2)
      length += PACKET_BYTES
    }
    const { stream } = this.#client
    if (length > 0 && stream.writable) stream.write(bytes.subarray(0, length))
  }
}
