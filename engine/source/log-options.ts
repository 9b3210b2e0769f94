/** What every table that is kept in the embedded log takes: streams of the embedded queue, and the
 *  tables of connectors whose messages go through the log. */

import type { OptionTable } from './option.ts'

export const LOG_KEEPING_OPTIONS: OptionTable = {
  'retention.ms': {
    kind: 'duration',
    min: 1,
    doc: 'Records older than this may be removed. Absent: kept for ever.',
  },
  'retention.bytes': {
    kind: 'size',
    min: 1,
    doc: 'The oldest records of a split are removed when it holds more. Absent: no limit.',
  },
  'retention.policy': {
    kind: 'enum',
    values: ['keep', 'drop'],
    default: 'keep',
    doc: 'Whether records stay beyond retention that a query, a checkpoint or a consumer group has yet to read. drop: they go, and who needed them fails with GONE.',
  },
  compression: {
    kind: 'enum',
    values: ['none', 'zstd'],
    default: 'none',
    doc: 'How records are kept on the disk. zstd: three to five times smaller for typical rows, for some processor time.',
  },
  durability: {
    kind: 'enum',
    values: ['sync', 'interval', 'off'],
    doc: 'When records are on the disk: before they are acknowledged, about a second later, or when the system likes. Absent: as the server says (--durability).',
  },
}
