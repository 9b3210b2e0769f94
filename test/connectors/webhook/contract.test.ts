/** Webhooks against the contract suite of sinks, and what the suite of intakes asks of a source that
 *  calls us. */

import { expect, test } from 'vitest'
import { freePort, sleep } from '../../brokers/program.ts'
import { isLong } from '../../contract/broker.ts'
import { ContractServer } from '../../contract/server.ts'
import { type SinkTarget, sink } from '../../contract/sink.ts'
import { Receiver } from './receiver.ts'

sink({
  // Whoever knows keys gets each record once, although the connector can only promise less.
  name: 'webhook',
  delivery: 'exactly-once',
  missing: undefined,
  badOptions: [
    { change: { url: 'nowhere' }, code: 'INVALID_OPTION' },
    { change: { 'sink.batch-rows': '0' }, code: 'INVALID_OPTION' },
    { change: { 'signature.secret': 's' }, code: 'INVALID_OPTION' },
  ],
  async start() {
    const receiver = new Receiver(await freePort())
    await receiver.open()
    return {
      kill: () => receiver.kill(),
      restart: () => receiver.open(),
      close: () => receiver.kill(),
      async target(name): Promise<SinkTarget> {
        return {
          options: {
            connector: 'webhook',
            url: `http://127.0.0.1:${receiver.port}/${name}`,
            body: 'lines',
            'sink.batch-rows': '7',
          },
          async read() {
            await sleep(0)
            const found = receiver.bodies.get(`/${name}`) ?? []
            return found.flatMap(({ text }) => text.trimEnd().split('\n'))
          },
        }
      },
    }
  },
})

test('a service that sends until it is answered well is heard once, whatever is killed', async () => {
  const server = await ContractServer.start()
  try {
    await server.sql(`CREATE TABLE w (id BIGINT NOT NULL) WITH (
      'connector' = 'webhook', 'path' = 'w', 'body' = 'lines', 'format' = 'json')`)
    let next = 0
    let stopped = false
    const sendAll = async (sender: number) => {
      for (let n = 0; !stopped; n++) {
        const lines = Array.from({ length: 5 }, () => JSON.stringify({ id: next++ }))
        await send(server, `${sender}-${n}`, lines.join('\n'))
      }
    }
    const senders = [0, 1, 2, 3].map(sendAll)
    for (let kill = 0; kill < (isLong ? 30 : 3); kill++) {
      await sleep(150 + 70 * kill)
      await server.kill()
      await server.start()
    }
    await sleep(100)
    stopped = true
    await Promise.all(senders)
    const [found] = await server.sql('SELECT COUNT(*) AS n, COUNT(DISTINCT id) AS d FROM w')
    expect(found).toEqual({ n: next, d: next })
    expect(next).toBeGreaterThan(100)
  } finally {
    server.close()
  }
}, 120_000)

/** Again and again, as such services do. */
async function send(server: ContractServer, delivery: string, body: string): Promise<void> {
  for (;;) {
    const answer = await server
      .request('/v1/webhooks/w', { body, headers: { 'idempotency-key': delivery } })
      .catch(() => undefined)
    if (answer?.status === 200) return
    if (answer !== undefined && answer.status < 500) throw new Error(`${answer.status}`)
    await sleep(20)
  }
}
