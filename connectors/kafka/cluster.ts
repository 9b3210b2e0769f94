/** The brokers of a cluster: asks each for what it alone knows. Spoken are only versions of the
 *  protocol that Kafka has had since 2.7 and has still. */

import type { Connection, ConnectionOptions, ConnectionPool } from '@platformatic/kafka'
import { fail } from '../../engine/base/errors.ts'
import { type Address, addressesOf } from './address.ts'
import { answerOf, refusals } from './kafka-error.ts'
import type { KafkaLibrary } from './library.ts'
import { type PartitionName, splitOf } from './partition.ts'

export const EARLIEST = -2
export const LATEST = -1

/** The topics that were asked for, and who leads their partitions. */
export interface Topics {
  /** Partitions by topic. */
  readonly partitions: ReadonlyMap<string, readonly PartitionName[]>
  /** Node by split. */
  readonly leaders: ReadonlyMap<string, number>
}

export interface TransactionId {
  readonly transactionalId: string
  readonly producerId: bigint
  readonly producerEpoch: number
}

export interface ClusterOptions {
  readonly kafka: KafkaLibrary
  readonly bootstrapServers: string
  readonly clientId: string
  readonly connection: ConnectionOptions
}

const REQUEST_TIMEOUT_MS = 10_000
const GROUP = 0
/** Who commits offsets without being a member of the group. */
const NO_MEMBER = { generation: -1, member: '' } as const
const CONSUMER = -1

export class KafkaCluster {
  readonly kafka: KafkaLibrary
  readonly #bootstrap: readonly Address[]
  readonly #pool: ConnectionPool
  /** Long polls: what waits there must not hold up the rest. */
  readonly #fetching: ConnectionPool
  readonly #nodes = new Map<number, Address>()
  readonly #coordinators = new Map<string, Address>()

  constructor({ kafka, bootstrapServers, clientId, connection }: ClusterOptions) {
    const options = { ...connection, requestTimeout: REQUEST_TIMEOUT_MS, connectTimeout: 5000 }
    this.kafka = kafka
    this.#bootstrap = addressesOf(bootstrapServers)
    this.#pool = new kafka.ConnectionPool(clientId, options)
    this.#fetching = new kafka.ConnectionPool(clientId, options)
  }

  #any(): Promise<Connection> {
    return this.#pool.getFirstAvailable([...this.#bootstrap])
  }

  #node(id: number, pool = this.#pool): Promise<Connection> {
    const address = this.#nodes.get(id)
    if (address === undefined) fail('CONNECTOR_FAILED', `The broker ${id} is not there`)
    return pool.get(address)
  }

  /** The connection for long polls, if it is open already. */
  openConnection(node: number): Connection | undefined {
    const address = this.#nodes.get(node)
    const connection = address && this.#fetching.getEstablishedConnection(address)
    return connection?.isConnected() ? connection : undefined
  }

  /** To the broker of that number, for long polls. CONNECTOR_FAILED. */
  fetchConnection(node: number): Promise<Connection> {
    return this.#node(node, this.#fetching)
  }

  /** Topics by name, or all that are not Kafka's own. CONNECTOR_FAILED if one is not there, or a
   *  partition has no leader now. */
  async topics(names: readonly string[] | undefined): Promise<Topics> {
    const { metadataV9 } = this.kafka
    const asked = metadataV9.api.async(await this.#any(), names ? [...names] : null, false)
    const { brokers, topics } = await asked.catch((error) => {
      const known = answerOf<Awaited<typeof asked>>(error)
      const isKnown = refusals(error).every((id) => id === 'UNKNOWN_TOPIC_OR_PARTITION')
      if (known === undefined || !isKnown) throw error
      return known
    })
    for (const { nodeId, host, port } of brokers) this.#nodes.set(nodeId, { host, port })
    const leaders = new Map<string, number>()
    const partitions = new Map<string, PartitionName[]>()
    for (const { name, errorCode, isInternal, partitions: list } of topics) {
      if (errorCode !== 0) fail('CONNECTOR_FAILED', `Kafka has no topic '${name}'`)
      if (isInternal && names === undefined) continue
      const all = list.map(({ partitionIndex }) => ({ topic: name, partition: partitionIndex }))
      partitions.set(name, all)
      for (const { partitionIndex, leaderId } of list) {
        leaders.set(splitOf({ topic: name, partition: partitionIndex }), leaderId)
      }
    }
    return { partitions, leaders }
  }

  /** The offset of the first record that is not older than `timestampMs`, by split; EARLIEST and
   *  LATEST are the ends. -1: there is none. */
  async offsets(
    partitions: readonly PartitionName[],
    { leaders }: Topics,
    timestampMs: number,
    readsCommitted: boolean,
  ): Promise<Map<string, number>> {
    const { listOffsetsV6 } = this.kafka
    const found = new Map<string, number>()
    const byLeader = Map.groupBy(partitions, (partition) => leaders.get(splitOf(partition)) ?? -1)
    await Promise.all(
      [...byLeader].map(async ([leader, list]) => {
        const wanted = byTopic(list, (partitionIndex) => ({
          partitionIndex,
          currentLeaderEpoch: -1,
          timestamp: BigInt(timestampMs),
        }))
        const connection = await this.#node(leader)
        const isolation = readsCommitted ? 1 : 0
        const answer = await listOffsetsV6.api.async(connection, CONSUMER, isolation, wanted)
        for (const { name: topic, partitions: answers } of answer.topics) {
          for (const { partitionIndex: partition, offset } of answers) {
            found.set(splitOf({ topic, partition }), Number(offset))
          }
        }
      }),
    )
    return found
  }

  async #coordinator(group: string): Promise<Connection> {
    const known = this.#coordinators.get(group)
    if (known !== undefined) return this.#pool.get(known)
    const { findCoordinatorV3 } = this.kafka
    const answer = await findCoordinatorV3.api.async(await this.#any(), GROUP, [group])
    const [{ host, port }] = answer.coordinators
    this.#coordinators.set(group, { host, port })
    return this.#pool.get({ host, port })
  }

  /** What the group has committed, by split; partitions without are left out. Waits for no open
   *  transaction: raises instead, to be asked again. */
  async committed(
    group: string,
    partitions: readonly PartitionName[],
  ): Promise<Map<string, number>> {
    const topics = byTopic(partitions, (partition) => partition).map(({ name, partitions }) => ({
      name,
      partitionIndexes: partitions,
    }))
    const { offsetFetchV7 } = this.kafka
    const answer = await this.#askCoordinator(group, (connection) =>
      offsetFetchV7.api.async(connection, [{ groupId: group, topics }], true),
    )
    const found = new Map<string, number>()
    for (const { name: topic, partitions: list } of answer.topics) {
      for (const { partitionIndex: partition, committedOffset } of list) {
        if (committedOffset >= 0n) found.set(splitOf({ topic, partition }), Number(committedOffset))
      }
    }
    return found
  }

  /** Commits offsets for the group. */
  async commit(
    group: string,
    offsets: readonly (PartitionName & { readonly offset: number })[],
  ): Promise<void> {
    const byName = new Map(offsets.map((entry) => [splitOf(entry), entry.offset]))
    const topics = byTopic(offsets, (partitionIndex, topic) => ({
      partitionIndex,
      committedOffset: BigInt(byName.get(splitOf({ topic, partition: partitionIndex }))!),
      committedLeaderEpoch: -1,
      committedMetadata: null,
    }))
    const { offsetCommitV8 } = this.kafka
    const { generation, member } = NO_MEMBER
    await this.#askCoordinator(group, (connection) =>
      offsetCommitV8.api.async(connection, group, generation, member, null, topics),
    )
  }

  /** Commits an offset for the group when the producer's transaction is committed. */
  async commitInTransaction(
    { transactionalId, producerId, producerEpoch }: TransactionId,
    group: string,
    { topic, partition, offset }: PartitionName & { readonly offset: number },
  ): Promise<void> {
    const { txnOffsetCommitV3 } = this.kafka
    const { generation, member } = NO_MEMBER
    const place = { partitionIndex: partition, committedOffset: BigInt(offset) }
    const topics = [
      {
        name: topic,
        partitions: [{ ...place, committedLeaderEpoch: -1, committedMetadata: null }],
      },
    ]
    await this.#askCoordinator(group, (connection) =>
      txnOffsetCommitV3.api.async(
        connection,
        ...[transactionalId, group, producerId, producerEpoch, generation, member, null, topics],
      ),
    )
  }

  /** If it fails, another broker may coordinate the group by now. */
  async #askCoordinator<T>(group: string, ask: (broker: Connection) => Promise<T>): Promise<T> {
    try {
      return await ask(await this.#coordinator(group))
    } catch (error) {
      this.#coordinators.delete(group)
      throw error
    }
  }

  /** Requests under way are given up. */
  async close(): Promise<void> {
    await Promise.allSettled([this.#pool.close(), this.#fetching.close()])
  }
}

function byTopic<P>(
  partitions: readonly PartitionName[],
  make: (partition: number, topic: string) => P,
): { name: string; partitions: P[] }[] {
  const groups = Map.groupBy(partitions, ({ topic }) => topic)
  return [...groups].map(([name, list]) => ({
    name,
    partitions: list.map(({ partition }) => make(partition, name)),
  }))
}
