/** Kafka topics as a sink. At least once with an idempotent producer; exactly once in transactions
 *  that hold the number of the last result as well (docs/design/0013-kafka.md). */

import { fail } from '../../engine/base/errors.ts'
import { writesChangelog } from '../../engine/format/encode-rows.ts'
import type { SinkConnector } from '../../engine/source/sink.ts'
import type { TableSpec } from '../../engine/source/table.ts'
import type { SinkContext } from '../context.ts'
import { writesByKey } from '../writes-by-key.ts'
import { kafkaAt } from './address.ts'
import { kafkaError } from './kafka-error.ts'
import { loadKafka } from './library.ts'
import { OutgoingMessages } from './outgoing.ts'
import { PlainWriter } from './plain-writer.ts'
import { topicNames } from './read-settings.ts'
import { connectionOptions } from './security.ts'
import { TransactionalWriter } from './transactional-writer.ts'
import type { WriterParts } from './writer-parts.ts'

/** `name`: kafka or upsert-kafka. */
export const kafkaSink = (name: string, { disk, clock }: SinkContext): SinkConnector => ({
  name,
  delivery: 'exactly-once',
  check({ name: table, options }) {
    if (options.topic !== undefined && topicNames(options.topic).length === 1) return
    fail('UNSUPPORTED', `The table ${table} cannot be written: it is not one topic`, {
      hint: "Name one in 'topic'.",
    })
  },
  takesChangelog(table, key) {
    if (table.connector === 'kafka') return writesChangelog(table.options)
    return writesByKey(table, key)
  },
  async open(table, job) {
    const what = kafkaAt(table.options)
    try {
      const kafka = await loadKafka()
      const connection = connectionOptions(disk, table.options)
      const parts: WriterParts = { kafka, table, connection, what }
      const messages = await OutgoingMessages.open(oneTopic(table), clock)
      if (table.options['sink.delivery-guarantee'] !== 'exactly-once') {
        return await PlainWriter.open(parts, messages)
      }
      return await TransactionalWriter.open(parts, messages, job)
    } catch (error) {
      throw kafkaError(what, error)
    }
  },
})

const oneTopic = (table: TableSpec): TableSpec => {
  const [topic] = topicNames(table.options.topic)
  return { ...table, options: { ...table.options, topic } }
}
