/** Kafka topics as a source: a split is a partition, and an offset is Kafka's. The positions are
 *  ours; a consumer group only hears of them. */

import type { GrowingConnector } from '../../engine/source/source.ts'
import type { ConnectorContext } from '../context.ts'
import { readSettings } from './read-settings.ts'
import { KafkaReading } from './reading.ts'
import { connectionOptions } from './security.ts'

/** `name`: kafka or upsert-kafka. */
export const kafkaSource = (name: string, { disk, clock }: ConnectorContext): GrowingConnector => ({
  name,
  replay: 'offset',
  read: (table) =>
    new KafkaReading({
      clock,
      settings: readSettings(table),
      connection: () => connectionOptions(disk, table.options),
    }),
})
