/** How fast each connector brings messages in: our source, decoding included, beside the broker's
 *  own client that does nothing with the messages, in one process and one run. */

import { CONNECTORS, sourceConnectors } from '../connectors/index.ts'
import { systemClock } from '../engine/base/clock.ts'
import { nodeDisk } from '../engine/base/disk.ts'
import { decodeBatch } from '../engine/batch/ipc.ts'
import { jsonRowTexts } from '../engine/batch/json-rows.ts'
import { Appended } from '../engine/source/appended.ts'
import type { TableSpec } from '../engine/source/table.ts'
import { TableReader } from '../engine/source/table-reader.ts'
import { Catalog, defineTable, EMBEDDED_CONNECTORS, parseStatements } from '../sql/index.ts'
import type { ConsumeAdapter, ConsumeBroker } from './consume/adapter.ts'
import { openIntakeLog } from './consume/intake-log.ts'
import { kafkaConsume } from './consume/kafka.ts'
import { mqttConsume } from './consume/mqtt.ts'
import { natsConsume } from './consume/nats.ts'
import { postgresConsume } from './consume/postgres.ts'
import { rabbitQueueConsume, rabbitStreamConsume } from './consume/rabbitmq.ts'
import { redisConsume } from './consume/redis.ts'
import { Texts } from './consume/texts.ts'
import { planNexmark, runNexmark } from './nexmark/run-query.ts'
import { type Report, ratio, say, shortCount, type Topic } from './topic.ts'

/** A connector's line: its adapter. */
const ADAPTERS: readonly ConsumeAdapter[] = [
  kafkaConsume,
  natsConsume,
  redisConsume,
  rabbitStreamConsume,
  rabbitQueueConsume,
  mqttConsume,
  postgresConsume,
]

const MESSAGES = 400_000
const RUNS = 5
const BATCH_ROWS = 8192
const POLL_ROWS = 65_536

const COLUMNS = `auction BIGINT, bidder BIGINT, price BIGINT, channel STRING, url STRING,
  dateTime TIMESTAMP(3), extra STRING`

export const consume: Topic = {
  name: 'consume',
  title: 'Connectors: messages a second beside the bare client',
  async run() {
    const messages = await bids()
    const rows: string[][] = []
    for (const adapter of ADAPTERS) {
      if (adapter.missing === undefined) rows.push(await line(adapter, messages))
      else say(`${adapter.name}: skipped, ${adapter.missing}`)
    }
    return report(messages, rows)
  },
}

async function line(adapter: ConsumeAdapter, all: Texts): Promise<string[]> {
  const messages = new Texts(all.slice(0, adapter.messagesMax))
  const broker = await adapter.start()
  const refill = async () => broker.refill?.(messages)
  try {
    await broker.send(messages)
    const bare: number[] = []
    const ours: number[] = []
    // In turns: what else the machine does hits both.
    for (let run = 0; run < RUNS; run++) {
      if (run > 0) await refill()
      bare.push(await rateOf(messages.length, (seen) => broker.bare(messages.length, seen)))
      await refill()
      ours.push(await rateOf(messages.length, (seen) => readOurs(broker, messages.length, seen)))
    }
    const [bareRate, ourRate] = [median(bare), median(ours)]
    say(`${adapter.name}: ${shortCount(ourRate)}/s, bare ${shortCount(bareRate)}/s`)
    return [adapter.name, shortCount(ourRate), shortCount(bareRate), ratio(ourRate, bareRate)]
  } finally {
    await broker.close()
  }
}

/** Messages a second of a reading, over its second half: the first one warms up. */
async function rateOf(
  count: number,
  read: (seen: (messages: number) => void) => Promise<void>,
): Promise<number> {
  let messages = 0
  let from = { atMs: 0, messages: 0 }
  let to = from
  await read((more) => {
    messages += more
    const atMs = performance.now()
    if (from.messages === 0 && messages * 2 >= count) from = { atMs, messages }
    if (messages >= count) to = { atMs, messages }
  })
  return ((to.messages - from.messages) * 1000) / (to.atMs - from.atMs)
}

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[values.length >> 1]

/** Everything from the connection to columns of seven types. */
async function readOurs(
  { options }: ConsumeBroker,
  count: number,
  seen: (messages: number) => void,
): Promise<void> {
  const table = tableOf(options)
  // What can be read only once goes through a log on the disk.
  const log = table.intake ? await openIntakeLog(table) : undefined
  const { dataFolder = '', appended = new Appended() } = log ?? {}
  const connectors = sourceConnectors({
    ...{ disk: nodeDisk, clock: systemClock, dataFolder, appended },
  })
  let wake = () => {}
  const clock = { epoch: 1, nowUs: 0, seed: 1 }
  const reader = new TableReader(table, connectors.get(table.intake ? 'log' : table.connector)!, {
    nowUs: 0,
    onReady: () => wake(),
  })
  let rows = 0
  while (rows < count) {
    const found = reader.findSplits()
    if (found !== undefined) reader.addSplits(found, 0)
    const woken = new Promise<void>((resolve) => {
      wake = resolve
    })
    const { rowCount } = reader.hasLooked ? reader.poll(POLL_ROWS, BATCH_ROWS) : { rowCount: 0 }
    for (const batch of reader.take(clock)) rows += batch.rowCount
    if (rowCount > 0) seen(rowCount)
    // Between two epochs the engine lets the event loop go round once.
    if (rowCount > 0) await new Promise((resolve) => setImmediate(resolve))
    else if (rows < count) await woken
  }
  await reader.close()
  await log?.close()
}

function tableOf(options: Readonly<Record<string, string>>): TableSpec {
  const pairs = Object.entries({ format: 'json', ...options }).map(([k, v]) => `'${k}' = '${v}'`)
  const [statement] = parseStatements(`CREATE TABLE bid (${COLUMNS}) WITH (${pairs.join(', ')})`)
  if (statement.kind !== 'create-table') throw new Error('not a table')
  const catalog = new Map([...EMBEDDED_CONNECTORS, ...CONNECTORS])
  return defineTable(statement, new Catalog(), catalog, { id: 't1' })!.spec
}

async function bids(): Promise<Texts> {
  const events = Math.ceil((MESSAGES * 50) / 46)
  const plan = planNexmark('SELECT * FROM bid', { events, eventsPerSecond: 100_000 })
  const texts: string[] = []
  await runNexmark(plan, ({ payload }) => {
    texts.push(...jsonRowTexts(decodeBatch(payload, plan.schema)))
  })
  return new Texts(texts.slice(0, MESSAGES))
}

function report(messages: Texts, rows: string[][]): Report {
  return {
    notes: [
      `${shortCount(messages.length)} Nexmark bids of ${Math.round(messages.byteCount / messages.length)} bytes as JSON; rates over the second half of each reading, the median of ${RUNS} readings in turns.`,
      'Ours: the source decoding into seven columns; of RabbitMQ queues, MQTT and PostgreSQL, after an fsync in the log, with acknowledgements. Bare: the client with a callback that counts. Broker, client and source share the machine.',
    ],
    header: ['connector', 'ours, messages/s', 'bare client, messages/s', 'ours / bare'],
    rows,
  }
}
