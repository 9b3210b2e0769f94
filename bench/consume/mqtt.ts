/** MQTT, QoS 1, from a session that has the messages: the client acknowledges each by itself. */

import { connect, connectAsync, type MqttClient } from 'mqtt'
import { MosquittoBroker, mosquittoMissing } from '../../test/brokers/mosquitto.ts'
import type { ConsumeAdapter } from './adapter.ts'
import type { Texts } from './texts.ts'

const TOPIC = 'bids'
const CLIENT = 'bench'

export const mqttConsume: ConsumeAdapter = {
  name: 'mqtt, QoS 1',
  missing: mosquittoMissing,
  messagesMax: 50_000,
  async start() {
    const broker = await MosquittoBroker.start()
    const fill = async (messages: Texts) => {
      await (await session(broker.url, true)).endAsync()
      const client = await session(broker.url, false)
      await client.subscribeAsync(TOPIC, { qos: 1 })
      await client.endAsync()
      await broker.publish(TOPIC, messages.slice())
    }
    return {
      options: { connector: 'mqtt', url: broker.url, topic: TOPIC, 'client-id': CLIENT },
      send: fill,
      refill: fill,
      bare: (count, seen) => readBare(broker.url, count, seen),
      close: () => broker.close(),
    }
  },
}

const session = (url: string, clean: boolean): Promise<MqttClient> =>
  connectAsync(url, {
    ...{ clientId: CLIENT, clean, protocolVersion: 5, reconnectPeriod: 0 },
    properties: { sessionExpiryInterval: clean ? 0 : 3600 },
  })

async function readBare(
  url: string,
  count: number,
  seen: (messages: number) => void,
): Promise<void> {
  const client = connect(url, {
    ...{ clientId: CLIENT, clean: false, protocolVersion: 5, reconnectPeriod: 0 },
    properties: { sessionExpiryInterval: 3600 },
  })
  let total = 0
  await new Promise<void>((resolve) => {
    client.on('message', () => {
      seen(1)
      if (++total === count) resolve()
    })
  })
  await client.endAsync()
}
