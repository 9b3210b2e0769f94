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
    doc: 'How records are kept on the disk. zstd: two to five times smaller, and several times the work for small requests.',
  },
  durability: {
    kind: 'enum',
    values: ['sync', 'interval', 'off'],
    doc: 'When records are on the disk: before they are acknowledged, about a second later, or when the system likes. Absent: as the server says (--durability).',
  },
}

/** What a stream of the embedded queue takes: how its records are kept, which may change while
 *  queries read it. */
export const STREAM_KEEPING_OPTIONS: OptionTable = {
  ...LOG_KEEPING_OPTIONS,
  'cleanup.policy': {
    kind: 'enum',
    values: ['delete', 'compact'],
    doc: 'compact: of a table with a PRIMARY KEY old rows go that later ones of their key have replaced, once everybody has read them. Retention applies as well. Absent: delete, by retention alone.',
  },
  'delete.retention.ms': {
    kind: 'duration',
    min: 0,
    doc: 'How long compaction keeps tombstones. Absent: 1 day.',
  },
}
