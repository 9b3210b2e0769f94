/** A single Kafka node (KRaft) whose jars come from Maven Central into a cache folder outside the
 *  repository. It listens in the clear and, with passwords, over TLS. */

import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  Admin,
  ConfigResourceTypes,
  Connection,
  fetchV12,
  IncrementalAlterConfigOperationTypes,
  type KafkaRecord,
  type MessageToProduce,
  Producer,
} from '@platformatic/kafka'
import { accepts, findProgram, freePorts, Program } from './program.ts'

const VERSION = '3.9.1'
const FETCH_TIMEOUT_MS = 300_000
const CLUSTER_ID = 'MkU3OEVBNTcwNTJENDM2Qg'

/** Users of the listener with passwords, and what they may log in with. */
export const KAFKA_USER = 'alice'
export const KAFKA_PASSWORD = 'p"a;ss w\\ord'

const jarsFolder = join(tmpdir(), `millrace-kafka-${VERSION}`)

const POM = `<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>
<groupId>millrace</groupId><artifactId>kafka-jars</artifactId><version>1</version>
<packaging>pom</packaging><dependencies><dependency><groupId>org.apache.kafka</groupId>
<artifactId>kafka_2.13</artifactId><version>${VERSION}</version></dependency></dependencies></project>`

/** Why Kafka cannot be started here; undefined: it can. Fetches the jars if they are not there. */
export function missingKafka(): string | undefined {
  if (findProgram('java') === undefined) return 'java is not installed'
  if (findProgram('openssl') === undefined) return 'openssl is not installed'
  if (existsSync(jarsFolder)) return undefined
  const maven = findProgram('mvn')
  if (maven === undefined) return 'mvn, which fetches its jars, is not installed'
  const folder = mkdtempSync(join(tmpdir(), 'millrace-kafka-fetch-'))
  try {
    writeFileSync(join(folder, 'pom.xml'), POM)
    const args = ['-q', '-B', 'dependency:copy-dependencies', '-DoutputDirectory=lib']
    const fetched = spawnSync(maven, args, { cwd: folder, timeout: FETCH_TIMEOUT_MS })
    if (fetched.status !== 0) return `mvn could not fetch its jars: ${String(fetched.stdout)}`
    try {
      renameSync(join(folder, 'lib'), jarsFolder)
    } catch (error) {
      // Another suite was faster.
      if (!existsSync(jarsFolder)) throw error
    }
    return undefined
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

interface Ports {
  readonly clear: number
  readonly secure: number
  readonly controller: number
}

const properties = (folder: string, { clear, secure, controller }: Ports): string => `
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:${controller}
listeners=CLEAR://127.0.0.1:${clear},SECURE://127.0.0.1:${secure},CONTROLLER://127.0.0.1:${controller}
advertised.listeners=CLEAR://127.0.0.1:${clear},SECURE://localhost:${secure}
inter.broker.listener.name=CLEAR
controller.listener.names=CONTROLLER
listener.security.protocol.map=CLEAR:PLAINTEXT,SECURE:SASL_SSL,CONTROLLER:PLAINTEXT
sasl.enabled.mechanisms=PLAIN,SCRAM-SHA-256,SCRAM-SHA-512
listener.name.secure.scram-sha-256.sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required;
listener.name.secure.scram-sha-512.sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required;
listener.name.secure.plain.sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required user_${KAFKA_USER}=${JSON.stringify(KAFKA_PASSWORD).replaceAll('\\', '\\\\')};
ssl.keystore.type=PEM
ssl.keystore.location=${folder}/broker.pem
log.dirs=${folder}/logs
num.partitions=1
auto.create.topics.enable=false
offsets.topic.replication.factor=1
offsets.topic.num.partitions=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=1
transaction.abort.timed.out.transaction.cleanup.interval.ms=1000
group.initial.rebalance.delay.ms=0
broker.session.timeout.ms=1000
broker.heartbeat.interval.ms=250
log.segment.delete.delay.ms=0
num.network.threads=1
socket.send.buffer.bytes=-1
socket.receive.buffer.bytes=-1
num.io.threads=2
`

function run(program: string, args: readonly string[], cwd: string): void {
  const { status, stdout, stderr } = spawnSync(program, args, { cwd })
  if (status !== 0) throw new Error(`${program} ${args.join(' ')}:\n${stdout}${stderr}`)
}

function makeCertificate(folder: string): void {
  run(
    'openssl',
    // biome-ignore format: one option after another
    ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '3650', '-subj', '/CN=localhost',
      '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1', '-keyout', 'key.pem', '-out', 'cert.pem'],
    folder,
  )
  run('sh', ['-c', 'cat key.pem cert.pem > broker.pem'], folder)
}

export interface TopicOptions {
  readonly partitions?: number
  /** Of the topic, such as `compression.type`. */
  readonly configs?: Readonly<Record<string, string>>
}

export type Record_ = MessageToProduce<Buffer, Buffer, Buffer, Buffer>

const text = (value: string | undefined): Buffer | undefined =>
  value === undefined ? undefined : Buffer.from(value)

/** A message of text. A value that is undefined is a tombstone. */
export function record(topic: string, value: string | undefined, more: Partial<Record_> = {}) {
  return { topic, value: text(value), ...more } as Record_
}

export class KafkaBroker {
  readonly #program: Program
  readonly #ports: Ports
  #admin: Admin | undefined

  private constructor(program: Program, ports: Ports) {
    this.#program = program
    this.#ports = ports
  }

  static async start(): Promise<KafkaBroker> {
    const [clear, secure, controller] = await freePorts(3)
    const ports = { clear, secure, controller }
    const classes = ['-cp', `${jarsFolder}/*`]
    const program = await Program.start({
      path: findProgram('java')!,
      args: () => [
        ...['-Xms256m', '-Xmx512m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1'],
        ...[...classes, 'kafka.Kafka', 'server.properties'],
      ],
      prepare(folder) {
        mkdirSync(join(folder, 'logs'))
        makeCertificate(folder)
        writeFileSync(join(folder, 'server.properties'), properties(folder, ports))
        const scram = ['SCRAM-SHA-256', 'SCRAM-SHA-512'].flatMap((mechanism) => [
          '--add-scram',
          `${mechanism}=[name=${KAFKA_USER},password=${KAFKA_PASSWORD}]`,
        ])
        const format = ['format', '-t', CLUSTER_ID, '-c', 'server.properties', ...scram]
        run('java', [...classes, 'kafka.tools.StorageTool', ...format], folder)
      },
      ready: async () => (await accepts(clear)) && (await answers(clear)),
    })
    return new KafkaBroker(program, ports)
  }

  /** In the clear. */
  get bootstrap(): string {
    return `127.0.0.1:${this.#ports.clear}`
  }

  /** With passwords, over TLS. */
  get secureBootstrap(): string {
    return `localhost:${this.#ports.secure}`
  }

  /** The file of the certificate that `secureBootstrap` shows. */
  get certificate(): string {
    return join(this.#program.folder, 'cert.pem')
  }

  get #client() {
    return { clientId: 'test', bootstrapBrokers: [this.bootstrap], retries: 20, retryDelay: 200 }
  }

  get admin(): Admin {
    this.#admin ??= new Admin({ ...this.#client })
    return this.#admin
  }

  async topic(name: string, { partitions = 1, configs = {} }: TopicOptions = {}): Promise<void> {
    const list = Object.entries(configs).map(([key, value]) => ({ name: key, value }))
    await this.admin.createTopics({ topics: [name], partitions, replicas: 1, configs: list })
  }

  async addPartitions(topic: string, count: number): Promise<void> {
    await this.admin.createPartitions({
      topics: [{ name: topic, count, assignments: null as never }],
    })
  }

  async configure(topic: string, name: string, value: string): Promise<void> {
    const config = { name, configOperation: IncrementalAlterConfigOperationTypes.SET, value }
    await this.admin.incrementalAlterConfigs({
      resources: [
        { resourceType: ConfigResourceTypes.TOPIC, resourceName: topic, configs: [config] },
      ],
    })
  }

  /** Puts messages into their topics, in order; resolves when the broker has them. */
  async send(messages: readonly Record_[], compression?: 'gzip' | 'snappy' | 'lz4' | 'zstd') {
    const producer = this.producer()
    try {
      for (const some of pieces(messages)) {
        await producer.send({ messages: some, acks: -1, ...(compression && { compression }) })
      }
    } finally {
      await producer.close()
    }
  }

  /** Everything that a reader of committed messages finds in the topic now, by partition. (The
   *  library's own consumer misses some aborted transactions.) */
  async read(topic: string): Promise<ReadMessage[]> {
    const [host, port] = this.bootstrap.split(':')
    const connection = new Connection('read')
    await connection.connect(host, Number(port))
    try {
      const { topics } = await this.admin.metadata({ topics: [topic], forceUpdate: true })
      const partitions = [...topics.get(topic)!.partitions.keys()]
      const found = partitions.map((partition) => readPartition(connection, topic, partition))
      return (await Promise.all(found)).flat()
    } finally {
      await connection.close()
    }
  }

  producer(transactionalId?: string) {
    return new Producer<Buffer, Buffer, Buffer, Buffer>({
      ...this.#client,
      ...(transactionalId === undefined ? {} : { idempotent: true, transactionalId }),
    })
  }

  kill(): Promise<void> {
    return this.#program.kill()
  }

  restart(): Promise<void> {
    return this.#program.restart()
  }

  async close(): Promise<void> {
    await this.#admin?.close()
    await this.#program.close()
  }
}

const REQUEST_BYTES = 700_000

/** A broker takes batches of up to a megabyte. */
function* pieces(messages: readonly Record_[]): Generator<Record_[]> {
  let some: Record_[] = []
  let bytes = 0
  for (const message of messages) {
    some.push(message)
    bytes += (message.value?.length ?? 0) + (message.key?.length ?? 0) + 20
    if (bytes < REQUEST_BYTES) continue
    yield some
    some = []
    bytes = 0
  }
  if (some.length > 0) yield some
}

export interface ReadMessage {
  readonly partition: number
  readonly offset: number
  readonly key: string | undefined
  /** undefined: a tombstone. */
  readonly value: string | undefined
  /** null: a header without a value. */
  readonly headers: ReadonlyMap<string, string | null>
  readonly timestampMs: number
}

const READ_COMMITTED = 1
const CONTROL = 1 << 5
const TRANSACTIONAL = 1 << 4

async function readPartition(connection: Connection, topic: string, partition: number) {
  const found: ReadMessage[] = []
  for (let at = 0n; ; ) {
    const place = { partition, currentLeaderEpoch: -1, fetchOffset: at, lastFetchedEpoch: -1 }
    const wanted = [{ topicId: topic, partitions: [{ ...place, partitionMaxBytes: 8 << 20 }] }]
    const args = [1, 0, 8 << 20, READ_COMMITTED, 0, -1, wanted] as const
    const { responses } = await fetchV12.api.async(connection, ...args, [], '')
    const [{ records, abortedTransactions }] = responses[0].partitions
    const aborted = new Set<bigint>()
    const toAbort = [...(abortedTransactions ?? [])]
    for (const batch of records ?? []) {
      const { firstOffset, lastOffsetDelta, attributes, producerId } = batch
      const last = firstOffset + BigInt(lastOffsetDelta)
      for (const { producerId: id, firstOffset: first } of toAbort)
        if (first <= last) aborted.add(id)
      for (let i = toAbort.length - 1; i >= 0; i--)
        if (toAbort[i].firstOffset <= last) toAbort.splice(i, 1)
      const passesOver = (attributes & CONTROL) !== 0
      if (passesOver && batch.records[0].key?.readInt16BE(2) === 0) aborted.delete(producerId)
      else if (!passesOver && !((attributes & TRANSACTIONAL) !== 0 && aborted.has(producerId))) {
        for (const record of batch.records) {
          const offset = firstOffset + BigInt(record.offsetDelta)
          if (offset >= at) found.push(messageOf(record, partition, offset, batch.firstTimestamp))
        }
      }
      at = last + 1n
    }
    if (records === null || records === undefined || records.length === 0) return found
  }
}

function messageOf(
  { key, value, headers, timestampDelta }: KafkaRecord,
  partition: number,
  offset: bigint,
  firstTimestamp: bigint,
): ReadMessage {
  return {
    partition,
    offset: Number(offset),
    key: key?.toString(),
    value: value?.toString(),
    headers: new Map([...headers].map(([name, text]) => [String(name), text && String(text)])),
    timestampMs: Number(firstTimestamp + timestampDelta),
  }
}

/** Whether the broker knows of itself. */
async function answers(port: number): Promise<boolean> {
  const admin = new Admin({
    clientId: 'ready',
    bootstrapBrokers: [`127.0.0.1:${port}`],
    ...{ retries: 0, timeout: 1000, connectTimeout: 1000 },
  })
  try {
    const { brokers } = await admin.metadata({ topics: [] })
    return brokers.size > 0
  } finally {
    await admin.close()
  }
}
