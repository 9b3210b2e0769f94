/** The Fetch request with an answer whose record batches stay bytes: the client library would make
 *  an object for every record. */

import type { Connection, Reader } from '@platformatic/kafka'
import type { AbortedTransaction } from './fetched.ts'
import type { KafkaLibrary } from './library.ts'
import type { PartitionName } from './partition.ts'

export interface FetchRequest {
  readonly partitions: readonly (PartitionName & { readonly fetchOffset: number })[]
  readonly maxWaitMs: number
  readonly minBytes: number
  /** Of the answer; a first batch that is larger comes all the same. */
  readonly maxBytes: number
  readonly partitionMaxBytes: number
  readonly readsCommitted: boolean
}

/** What one partition answers. */
export interface FetchedPartition extends PartitionName {
  /** Kafka's; 0: none. */
  readonly errorCode: number
  /** The offset after the last record that may be read: behind it transactions are open, or
   *  replicas missing. -1: not told. */
  readonly end: number
  readonly aborted: readonly AbortedTransaction[]
  readonly records: Uint8Array
}

const API_KEY = 1
const VERSION = 12
const READ_COMMITTED = 1
const ONLY_ONCE = -1
const UNKNOWN_EPOCH = -1

/** Rejects as the connection does. Kafka's errors are in the answer. */
export function fetchRecords(
  kafka: KafkaLibrary,
  connection: Connection,
  request: FetchRequest,
): Promise<FetchedPartition[]> {
  const { maxWaitMs, minBytes, maxBytes, readsCommitted } = request
  const isolation = readsCommitted ? READ_COMMITTED : 0
  return new Promise((resolve, reject) => {
    connection.send<FetchedPartition[]>(
      API_KEY,
      VERSION,
      () =>
        kafka.fetchV12.createRequest(
          ...[maxWaitMs, minBytes, maxBytes, isolation, 0, ONLY_ONCE, topicsOf(request), [], ''],
        ),
      (_correlation, _key, _version, reader) => readAnswer(reader, readsCommitted),
      true,
      true,
      (error, answer) => (error === null || error === undefined ? resolve(answer!) : reject(error)),
    )
  })
}

function topicsOf({ partitions, partitionMaxBytes }: FetchRequest) {
  const byTopic = Map.groupBy(partitions, ({ topic }) => topic)
  return [...byTopic].map(([topicId, list]) => ({
    topicId,
    partitions: list.map(({ partition, fetchOffset }) => ({
      partition,
      currentLeaderEpoch: UNKNOWN_EPOCH,
      fetchOffset: BigInt(fetchOffset),
      lastFetchedEpoch: UNKNOWN_EPOCH,
      partitionMaxBytes,
    })),
  }))
}

function readAnswer(reader: Reader, readsCommitted: boolean): FetchedPartition[] {
  const answers: FetchedPartition[] = []
  // The time for which the broker held us back.
  reader.readInt32()
  const errorCode = reader.readInt16()
  // The session.
  reader.readInt32()
  reader.readArray((r) => {
    const topic = r.readString()
    r.readArray((p) => answers.push(readPartition(p, topic, { errorCode, readsCommitted })))
  })
  reader.readTaggedFields()
  return answers
}

function readPartition(
  reader: Reader,
  topic: string,
  common: { readonly errorCode: number; readonly readsCommitted: boolean },
): FetchedPartition {
  const partition = reader.readInt32()
  const errorCode = reader.readInt16() || common.errorCode
  const highWatermark = Number(reader.readInt64())
  const lastStable = Number(reader.readInt64())
  // The first offset that the broker has.
  reader.readInt64()
  const aborted = reader.readNullableArray((r) => ({
    producerId: r.readInt64(),
    firstOffset: Number(r.readInt64()),
  }))
  // Another replica to read from.
  reader.readInt32()
  const end = common.readsCommitted ? lastStable : highWatermark
  return { topic, partition, errorCode, end, aborted: aborted ?? [], records: readBytes(reader) }
}

function readBytes(reader: Reader): Uint8Array {
  const size = Math.max(0, reader.readUnsignedVarInt() - 1)
  const { buffer } = reader.buffer.subarray(reader.position, reader.position + size)
  reader.skip(size)
  return new Uint8Array(buffer.buffer, buffer.byteOffset, size)
}
