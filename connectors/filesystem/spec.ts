/** The filesystem connector as data; the names are Flink's where Flink has the option. */

import { fail } from '../../engine/base/errors.ts'
import { VARCHAR } from '../../engine/batch/types.ts'
import type { ConnectorSpec } from '../../engine/source/connector-spec.ts'
import { TEXT_FORMAT_OPTIONS } from '../../engine/source/format-options.ts'

export const filesystem: ConnectorSpec = {
  name: 'filesystem',
  doc: 'Reads files in the order of their names: a file, all files of a folder, or those that a pattern names; once, or for ever as they grow and others come. Writes files into a folder, each whole or not there. A table that is `PARTITIONED BY (a, b)` has its files in folders `a=…/b=…`.',
  options: {
    path: {
      kind: 'string',
      required: true,
      doc: 'A file or a folder; the last part may hold `*` and `?`. Names that begin with a dot or an underscore are passed over. To write: a folder.',
    },
    ...TEXT_FORMAT_OPTIONS,
    format: {
      kind: 'enum',
      values: ['json', 'csv', 'raw', 'arrow', 'parquet', 'changelog-json', 'debezium-json'],
      required: true,
      doc: 'A record a line, but arrow: files are Arrow IPC streams, and parquet: Parquet files, whose columns go by their names. Records of changelog-json and debezium-json are changes. See [formats](../formats.md).',
    },
    'csv.header': {
      kind: 'boolean',
      default: 'false',
      doc: "Whether the first line of every file has the columns' names.",
    },
    'source.monitor-interval': {
      kind: 'duration',
      min: 1,
      doc: 'How often to look for new lines and new files. Absent: the table ends with the files that are there. A file of lines may grow until a later one is there; if it is cut, another takes its name, or a new one sorts before it, queries end with GONE: they could not read it exactly.',
    },
    'sink.rolling-policy.rollover-interval': {
      kind: 'duration',
      doc: 'Results of so long go into one file. Absent: 1 min for parquet, else 1 s.',
    },
    'sink.rolling-policy.file-size': {
      kind: 'size',
      min: 1,
      default: '64 mb',
      doc: 'Files are written sooner when their rows take so much in memory, which is more than on the disk.',
    },
    'sink.flush-interval': {
      kind: 'duration',
      aliasOf: 'sink.rolling-policy.rollover-interval',
      doc: 'As `sink.rolling-policy.rollover-interval`.',
    },
  },
  metadata: { 'file.name': VARCHAR, 'file.path': VARCHAR },
  source: { replay: 'offset' },
  sink: { delivery: 'exactly-once' },
  partitioned: true,
  check({ name, options, partitionedBy }) {
    if (partitionedBy === undefined || options['source.monitor-interval'] === undefined) return
    fail('UNSUPPORTED', `${name} is PARTITIONED BY columns and cannot be followed`, {
      hint: `New files may come into any of its folders, out of order. Leave 'source.monitor-interval' out: the table is then read as it is.`,
    })
  },
}
