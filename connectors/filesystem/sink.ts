/** Files as a sink. The folder itself knows how far the job has come, so nothing is written twice,
 *  and readers see no file that is not whole. */

import { fail } from '../../engine/base/errors.ts'
import { writesChangelog } from '../../engine/format/encode-rows.ts'
import type { SinkConnector } from '../../engine/source/sink.ts'
import type { SinkContext } from '../context.ts'
import { SharedDuckdb } from '../shared-duckdb.ts'
import { FileCommits } from './commit.ts'
import { fileEncoder } from './file-encoder.ts'
import { PartWriter } from './part-writer.ts'
import { filesystem } from './spec.ts'

export const filesystemSink = ({ disk, clock }: SinkContext): SinkConnector => {
  const duckdb = new SharedDuckdb()
  return {
    name: filesystem.name,
    delivery: 'exactly-once',
    takesChangelog: ({ options }) => writesChangelog(options),
    async open(table, { token, appliedSeq }) {
      const folder = table.options.path.replace(/\/$/, '')
      if (/[*?]/.test(folder)) {
        fail('INVALID_OPTION', `'${folder}' cannot be written: it is a pattern`, {
          hint: 'Give the path of a folder.',
        })
      }
      const encode = await fileEncoder(table, disk, duckdb)
      const commits = new FileCommits(disk, folder, token, table.partitionedBy?.length ?? 0)
      return new PartWriter({ table, clock, commits, encode, token, appliedSeq })
    },
  }
}
