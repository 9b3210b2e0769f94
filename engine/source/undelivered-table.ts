/** `"s$undelivered"`: the records of a stream that a consumer group gave up, because they were
 *  delivered too often or rejected. The server writes it; it is read like any stream of the
 *  embedded queue. */

import { type Schema, schemaOf } from '../batch/schema.ts'
import { BIGINT, INT, JSON_TYPE, TIMESTAMP_LTZ, VARCHAR } from '../batch/types.ts'
import type { SideSuffix } from './side-table.ts'
import { STREAM_METADATA } from './stream-frame.ts'
import type { TableSpec } from './table.ts'

const SUFFIX: SideSuffix = '$undelivered'

/** Of a table's id, and likewise of its name. */
export const undeliveredName = (of: string): string => `${of}${SUFFIX}`

export const UNDELIVERED: Schema = schemaOf([
  { name: 'consumer_group', type: VARCHAR, nullable: false },
  { name: 'split', type: INT, nullable: false },
  { name: 'offset', type: BIGINT, nullable: false },
  { name: 'timestamp', type: TIMESTAMP_LTZ, nullable: false },
  { name: 'key', type: VARCHAR, nullable: true },
  { name: 'headers', type: STREAM_METADATA.headers, nullable: false },
  { name: 'priority', type: INT, nullable: false },
  { name: 'record', type: JSON_TYPE, nullable: false },
  { name: 'deliveries', type: INT, nullable: false },
  { name: 'reason', type: VARCHAR, nullable: false },
  { name: 'moved', type: TIMESTAMP_LTZ, nullable: false },
])

/** Oldest records go beyond this. */
const RETENTION_BYTES = 1 << 30

/** The undelivered records of a stream as a table: append-only, without a watermark. */
export const undeliveredTable = ({ id, name, options }: TableSpec): TableSpec => ({
  id: undeliveredName(id),
  name: undeliveredName(name),
  schema: UNDELIVERED,
  storedCount: UNDELIVERED.fields.length,
  computed: [],
  connector: 'log',
  options: {
    'retention.bytes': String(RETENTION_BYTES),
    ...(options.durability === undefined ? {} : { durability: options.durability }),
  },
})
