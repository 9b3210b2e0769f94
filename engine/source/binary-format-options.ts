/** The options of Avro and Protobuf, as data. */

import type { OptionTable } from './option.ts'

/** How a schema registry is reached. */
const registryOptions = (format: string): OptionTable => ({
  [`${format}.url`]: {
    kind: 'string',
    doc: 'The address of the schema registry: `http://localhost:8081`.',
  },
  [`${format}.subject`]: {
    kind: 'string',
    doc: 'What the schema of written messages is registered under. Kafka: by default the topic with `-value` or `-key` behind it.',
  },
  [`${format}.basic-auth.user-info`]: {
    kind: 'string',
    secret: true,
    doc: 'User and password for the registry, with a colon between them.',
  },
  [`${format}.bearer-auth.token`]: {
    kind: 'string',
    secret: true,
    doc: 'A token for the registry.',
  },
})

const protobufOptions = (format: string): OptionTable => ({
  [`${format}.schema`]: {
    kind: 'string',
    doc:
      format === 'protobuf'
        ? 'The text of the `.proto` file that has the message.'
        : 'The text of the `.proto` file that has the message; needed to write. Messages are read by the schema that they were written with.',
  },
  [`${format}.message-class-name`]: {
    kind: 'string',
    doc: 'The name of the message with its package: `shop.Order`. It may be absent if the file has only one.',
  },
  [`${format}.read-default-values`]: {
    kind: 'boolean',
    default: 'false',
    doc: 'Whether a field that is not there has its default, also where the message can tell; else it is NULL.',
  },
  [`${format}.ignore-parse-errors`]: {
    kind: 'boolean',
    default: 'false',
    doc: "Passes over messages that do not fit, as 'bad-records' = 'skip' does.",
  },
})

/** Whether messages of this format have a schema beside the table's columns. */
export const hasMessageSchema = (format: string | undefined): boolean =>
  format !== undefined && /^(?:avro|protobuf)(?:-confluent)?$/.test(format)

/** What tables with these formats take. */
export const BINARY_FORMAT_OPTIONS: OptionTable = {
  'avro.schema': {
    kind: 'string',
    doc: 'The Avro schema of the messages, as JSON. Absent: the one that the columns have.',
  },
  ...registryOptions('avro-confluent'),
  'avro-confluent.schema': {
    kind: 'string',
    doc: "The table's Avro schema, as JSON: messages are written with it, and those that were written with others are read as the rules of resolution say. Absent: the one that the columns have.",
  },
  ...protobufOptions('protobuf'),
  ...protobufOptions('protobuf-confluent'),
  ...registryOptions('protobuf-confluent'),
}
