/** The filesystem connector as data; the names are Flink's where Flink has the option. */

import { VARCHAR } from '../../engine/batch/types.ts'
import type { ConnectorSpec } from '../../engine/source/connector-spec.ts'
import { FORMAT_OPTIONS } from '../../engine/source/format-options.ts'

export const filesystem: ConnectorSpec = {
  name: 'filesystem',
  doc: 'Reads files in the order of their names: a file, all files of a folder, or those that a pattern names; once, or for ever as they grow and others come. Writes files into a folder, each whole or not there.',
  options: {
    path: {
      kind: 'string',
      required: true,
      doc: 'A file or a folder; the last part may hold `*` and `?`. Names that begin with a dot or an underscore are passed over. To write: a folder.',
    },
    ...FORMAT_OPTIONS,
    format: {
      kind: 'enum',
      values: ['json', 'csv', 'raw', 'arrow', 'changelog-json'],
      required: true,
      doc: 'json, csv and raw: a record a line. arrow: files are Arrow IPC streams. changelog-json: a change a line, `{"op":"+I|-U|+U|-D","row":{…}}`.',
    },
    'csv.header': {
      kind: 'boolean',
      default: 'false',
      doc: "Whether the first line of every file has the columns' names.",
    },
    'source.monitor-interval': {
      kind: 'duration',
      min: 1,
      doc: 'How often to look for new lines and new files. Absent: the table ends with the files that are there. A file may grow until a later one is there.',
    },
    'sink.flush-interval': {
      kind: 'duration',
      default: '1 s',
      doc: 'Results of so long go into one file.',
    },
  },
  metadata: { 'file.name': VARCHAR, 'file.path': VARCHAR },
  source: { replay: 'offset' },
  sink: { delivery: 'exactly-once' },
}
