/** The kafka and upsert-kafka connectors as data. The names are Flink's, and behind `properties.`
 *  Kafka's own. */

import { fail } from '../../engine/base/errors.ts'
import { isChangelogFormat } from '../../engine/format/changelog-formats.ts'
import type { ConnectorSpec } from '../../engine/source/connector-spec.ts'
import { FORMAT_OPTIONS } from '../../engine/source/format-options.ts'
import { messageKeyColumns, valueHasKey } from '../../engine/source/keyed-messages.ts'
import type { OptionSpec, OptionTable } from '../../engine/source/option.ts'
import { recordColumns, type TableSpec } from '../../engine/source/table.ts'
import { addressesOf } from './address.ts'
import { METADATA, WRITABLE_METADATA } from './metadata.ts'
import { checkBounds } from './offset-lists.ts'
import { topicNames, topicRegex } from './read-settings.ts'
import { checkSecurity, SECURITY_OPTIONS } from './security.ts'

const CLIENT_OPTIONS: OptionTable = {
  'properties.bootstrap.servers': {
    kind: 'string',
    required: true,
    doc: 'Some brokers of the cluster: `host1:9092,host2:9092`.',
  },
  'properties.group.id': {
    kind: 'string',
    doc: 'The consumer group that hears how far checkpoints have come, for those who watch its lag. Where to go on is kept by us.',
  },
  'properties.client.id': { kind: 'string', default: 'millrace', doc: 'What the brokers call us.' },
  ...SECURITY_OPTIONS,
}

const FETCH_OPTIONS: OptionTable = {
  'properties.isolation.level': {
    kind: 'enum',
    values: ['read_committed', 'read_uncommitted'],
    default: 'read_committed',
    doc: 'Whether messages of transactions wait until they are committed, and those of aborted ones are passed over.',
  },
  'properties.auto.offset.reset': {
    kind: 'enum',
    values: ['none', 'earliest', 'latest'],
    default: 'none',
    doc: 'Where to go on if the broker does not have the offset that is wanted, or the group has committed none. none: the query fails.',
  },
  'properties.check.crcs': {
    kind: 'boolean',
    default: 'true',
    doc: "Whether the messages' checksums are looked at.",
  },
  'properties.fetch.max.wait.ms': {
    kind: 'integer',
    default: '500',
    min: 1,
    max: 5000,
    doc: 'So long a broker waits for `fetch.min.bytes`.',
  },
  'properties.fetch.min.bytes': {
    kind: 'integer',
    default: '1',
    min: 1,
    max: 1 << 24,
    doc: 'A broker answers when it has so much, or the time is over.',
  },
  'properties.fetch.max.bytes': {
    kind: 'integer',
    default: String(16 << 20),
    min: 1024,
    max: 1 << 30,
    doc: 'The largest answer of a broker, unless a single batch is larger.',
  },
  'properties.max.partition.fetch.bytes': {
    kind: 'integer',
    default: String(4 << 20),
    min: 1024,
    max: 1 << 28,
    doc: 'The same for each partition.',
  },
}

const BOUNDED_OPTIONS: OptionTable = {
  'scan.bounded.mode': {
    kind: 'enum',
    values: ['unbounded', 'latest-offset', 'group-offsets', 'timestamp', 'specific-offsets'],
    default: 'unbounded',
    doc: 'Where the table ends. The offsets are those of the time when a query begins.',
  },
  'scan.bounded.timestamp-millis': {
    kind: 'integer',
    min: 0,
    doc: 'For the mode timestamp: the first message that is not older is not read, in milliseconds since 1970.',
  },
  'scan.bounded.specific-offsets': {
    kind: 'string',
    doc: 'For the mode specific-offsets: the first that is not read, `partition:0,offset:42;partition:1,offset:300`.',
  },
}

const DISCOVERY_OPTIONS: OptionTable = {
  'scan.topic-partition-discovery.interval': {
    kind: 'duration',
    default: '5 min',
    doc: 'How often to look for new topics and partitions; they are read from their first message. 0: never.',
  },
}

const SCAN_OPTIONS: OptionTable = {
  'scan.startup.mode': {
    kind: 'enum',
    values: ['earliest-offset', 'latest-offset', 'group-offsets', 'timestamp', 'specific-offsets'],
    doc: 'Where a query begins; it goes on from its checkpoint afterwards. Absent: group-offsets with a `properties.group.id`, else earliest-offset.',
  },
  'scan.startup.timestamp-millis': {
    kind: 'integer',
    min: 0,
    doc: 'For the mode timestamp: the first message that is not older, in milliseconds since 1970.',
  },
  'scan.startup.specific-offsets': {
    kind: 'string',
    doc: 'For the mode specific-offsets: `partition:0,offset:42;partition:1,offset:300`. Others begin with their first message.',
  },
  ...BOUNDED_OPTIONS,
  ...DISCOVERY_OPTIONS,
}

const SINK_OPTIONS: OptionTable = {
  'sink.delivery-guarantee': {
    kind: 'enum',
    values: ['at-least-once', 'exactly-once'],
    default: 'at-least-once',
    doc: 'exactly-once: results are written in transactions, and so is how far they have come. Readers see them with `isolation.level` read_committed.',
  },
  'sink.transactional-id-prefix': {
    kind: 'string',
    default: 'millrace',
    doc: 'For exactly-once: how the transactional ids and the consumer groups that keep the position begin; the job is behind it.',
  },
  'properties.transaction.timeout.ms': {
    kind: 'integer',
    default: '60000',
    min: 1000,
    doc: 'For exactly-once: the broker aborts a transaction that takes longer.',
  },
  'properties.compression.type': {
    kind: 'enum',
    values: ['none', 'gzip', 'snappy', 'lz4', 'zstd'],
    default: 'none',
    doc: 'How written messages are compressed.',
  },
  'sink.flush-interval': {
    kind: 'duration',
    default: '0 ms',
    doc: 'Results of so long are written together; what comes while a write is under way is so anyway.',
  },
}

const KEY_OPTIONS: OptionTable = {
  'key.fields-prefix': {
    kind: 'string',
    default: '',
    doc: "What stands before the key's names in the table and not in the message.",
  },
  'value.fields-include': {
    kind: 'enum',
    values: ['ALL', 'EXCEPT_KEY'],
    default: 'ALL',
    doc: "Whether the value has the key's columns too.",
  },
  ...withPrefix('key.', ({ aliasOf, ...spec }) => ({
    ...{ ...spec, required: false },
    ...(aliasOf !== undefined && { aliasOf: `key.${aliasOf}` }),
  })),
}

/** The options of formats under another name. */
function withPrefix(prefix: string, change: (spec: OptionSpec, name: string) => OptionSpec) {
  const own = Object.entries(FORMAT_OPTIONS).filter(([name]) => name !== 'bad-records')
  return Object.fromEntries(own.map(([name, spec]) => [prefix + name, change(spec, name)]))
}

const VALUE_OPTIONS: OptionTable = {
  ...FORMAT_OPTIONS,
  ...withPrefix('value.', (spec, name) => ({
    ...{ ...spec, required: false, default: undefined, aliasOf: spec.aliasOf ?? name },
    doc: `As \`${name}\`.`,
  })),
}

export const kafka: ConnectorSpec = {
  name: 'kafka',
  doc: 'Apache Kafka, and what speaks its protocol (since version 2.7). Reads topics by offset, also partitions that come later; writes with an idempotent producer, or in transactions.',
  options: {
    topic: {
      kind: 'string',
      doc: 'The topic; to read, also several with `;` between them.',
    },
    'topic-pattern': {
      kind: 'string',
      doc: 'A regular expression for the names of the topics to read, instead of `topic`.',
    },
    ...CLIENT_OPTIONS,
    ...SCAN_OPTIONS,
    ...FETCH_OPTIONS,
    'key.fields': {
      kind: 'string',
      doc: "The columns that are in the message's key, with `;` between them. Written messages with the same key go to the same partition.",
    },
    ...KEY_OPTIONS,
    ...VALUE_OPTIONS,
    ...SINK_OPTIONS,
    'sink.partitioner': {
      kind: 'enum',
      values: ['default', 'fixed', 'round-robin'],
      default: 'default',
      doc: 'Which partition a message goes to. default: by its key, and without one to each in turn. fixed: the first.',
    },
  },
  metadata: METADATA,
  writableMetadata: WRITABLE_METADATA,
  source: { replay: 'offset' },
  sink: {
    option: 'sink.delivery-guarantee',
    of: {
      'at-least-once': { delivery: 'at-least-once' },
      'exactly-once': { delivery: 'exactly-once' },
    },
  },
  check: checkKafka,
}

export const upsertKafka: ConnectorSpec = {
  name: 'upsert-kafka',
  doc: "A table in Kafka: a message is the current row of its key, and one without a value says that there is none any more. The message's key holds the PRIMARY KEY. Reads from the first message on; writes any changing result.",
  options: {
    topic: {
      kind: 'string',
      required: true,
      doc: 'The topic; to read, also several with `;` between them. It should be compacted.',
    },
    ...CLIENT_OPTIONS,
    ...BOUNDED_OPTIONS,
    ...DISCOVERY_OPTIONS,
    ...FETCH_OPTIONS,
    ...KEY_OPTIONS,
    ...VALUE_OPTIONS,
    ...SINK_OPTIONS,
  },
  metadata: METADATA,
  writableMetadata: WRITABLE_METADATA,
  source: { replay: 'offset' },
  sink: kafka.sink,
  keyed: true,
  check: checkUpsert,
}

function checkKafka(table: TableSpec): void {
  const { options } = table
  if ((options.topic === undefined) === (options['topic-pattern'] === undefined)) {
    fail('INVALID_OPTION', "A kafka table needs either 'topic' or 'topic-pattern'")
  }
  if (options['topic-pattern'] !== undefined) topicRegex(options['topic-pattern'])
  checkCommon(table)
  const hasKey = options['key.fields'] !== undefined
  if (hasKey !== (options['key.format'] !== undefined)) {
    fail('INVALID_OPTION', "'key.fields' and 'key.format' belong together")
  }
  if (!hasKey && !valueHasKey(options)) {
    fail('INVALID_OPTION', "'value.fields-include' = 'EXCEPT_KEY' needs 'key.fields'")
  }
  if (messageKeyColumns(table).includes(-1)) {
    fail('INVALID_OPTION', `'key.fields' names a column that is not in the messages`, {
      hint: "It is a list with ';' between the names of columns without METADATA.",
    })
  }
}

function checkUpsert(table: TableSpec): void {
  const { options, primaryKey, name } = table
  checkCommon(table)
  if (primaryKey === undefined) {
    fail('INVALID_OPTION', `The upsert-kafka table ${name} needs a PRIMARY KEY`, {
      hint: "Add PRIMARY KEY (…) NOT ENFORCED; it is in the messages' keys.",
    })
  }
  if (options['key.format'] === undefined) {
    fail('INVALID_OPTION', "The upsert-kafka connector needs the option 'key.format'")
  }
  if (isChangelogFormat(options.format)) {
    fail(
      'INVALID_OPTION',
      `The format '${options.format}' cannot be that of an upsert-kafka table`,
      {
        hint: 'Its messages are rows: what changes is told by their keys.',
      },
    )
  }
}

/** The names that Kafka allows. */
const TOPIC = /^[a-zA-Z0-9._-]{1,249}$/

function checkCommon(table: TableSpec): void {
  const { options, schema } = table
  addressesOf(options['properties.bootstrap.servers'])
  checkSecurity(options)
  checkBounds(
    table.connector === 'kafka' ? options : { ...options, 'scan.startup.mode': 'earliest-offset' },
  )
  for (const name of options.topic === undefined ? [] : topicNames(options.topic)) {
    if (!TOPIC.test(name)) fail('INVALID_OPTION', `'${name}' is no name of a topic`)
  }
  if (options.topic !== undefined && topicNames(options.topic).length === 0) {
    fail('INVALID_OPTION', "'topic' names no topic")
  }
  if (isChangelogFormat(options['key.format'])) {
    fail('INVALID_OPTION', `A key cannot have the format '${options['key.format']}'`, {
      hint: "A key is no change; 'key.format' = 'json' reads its columns.",
    })
  }
  const prefix = options['key.fields-prefix']
  const record = recordColumns(table)
  const names = messageKeyColumns(table).map((column) => schema.fields[record[column]]?.name ?? '')
  const wrong = names.find((name) => name !== '' && !name.startsWith(prefix))
  if (wrong !== undefined) {
    fail('INVALID_OPTION', `The key's column ${wrong} does not begin with '${prefix}'`)
  }
}
