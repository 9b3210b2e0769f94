/** What an MQTT message brings beside its bytes, as values of METADATA columns. Whatever the sender
 *  put there becomes a value or NULL. */

import type { IPublishPacket } from 'mqtt'
import type { Clock } from '../../engine/base/clock.ts'
import type { Value } from '../../engine/batch/value.ts'
import { toMillisecond } from '../../engine/source/stream-frame.ts'

type Read = (packet: IPublishPacket, topic: string, clock: Clock) => Value

const READERS: Readonly<Record<string, Read>> = {
  topic: (_, topic) => topic,
  qos: ({ qos }) => qos,
  retain: ({ retain }) => retain,
  duplicate: ({ dup }) => dup,
  received: (_packet, _topic, clock) => toMillisecond(clock.nowUs()),
  'content-type': ({ properties }) => properties?.contentType ?? null,
  'response-topic': ({ properties }) => properties?.responseTopic ?? null,
  'correlation-data': ({ properties }) => properties?.correlationData?.toString('base64') ?? null,
  'user-properties': ({ properties }) => pairsOf(properties?.userProperties),
}

/** Reads the values of these keys, by key; undefined if there are none. */
export function metadataRecord(
  keys: Iterable<string>,
  clock: Clock,
): (packet: IPublishPacket, topic: string) => Record<string, Value> | undefined {
  const readers = [...keys].map((key) => [key, READERS[key]] as const)
  if (readers.length === 0) return () => undefined
  return (packet, topic) => {
    const record: Record<string, Value> = {}
    for (const [key, read] of readers) record[key] = read(packet, topic, clock)
    return record
  }
}

/** As a MAP, a name that comes twice with its values joined by `, `; NULL if there are none. */
function pairsOf(properties: object | undefined): Value {
  if (properties === undefined) return null
  return Object.entries(properties).map(([name, value]) => [
    name,
    Array.isArray(value) ? value.join(', ') : String(value),
  ])
}
