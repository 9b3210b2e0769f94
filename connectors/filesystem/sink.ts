/** Files as a sink: every write is one file, which gets its name when it is whole. The name says
 *  which results are in it, `part-<job>-<first>-<last>`, so the folder itself knows how far the job
 *  has come, and nothing is written twice. */

import { Buffer } from 'node:buffer'
import { fail } from '../../engine/base/errors.ts'
import { toArrowStream } from '../../engine/batch/ipc.ts'
import { schemaOf } from '../../engine/batch/schema.ts'
import { rowEncoder, writesChangelog } from '../../engine/format/encode-rows.ts'
import type { SinkConnector, SinkFrame, SinkWriter } from '../../engine/source/sink.ts'
import { recordColumns, type TableSpec } from '../../engine/source/table.ts'
import type { SinkContext } from '../context.ts'
import { filesystem } from './spec.ts'

export const filesystemSink = ({ disk }: SinkContext): SinkConnector => ({
  name: filesystem.name,
  delivery: 'exactly-once',
  takesChangelog: ({ options }) => writesChangelog(options),
  async open(table, { token }) {
    const folder = table.options.path.replace(/\/$/, '')
    if (/[*?]/.test(folder)) {
      fail('INVALID_OPTION', `'${folder}' cannot be written: it is a pattern`, {
        hint: 'Give the path of a folder.',
      })
    }
    const encode = fileEncoder(table)
    disk.makeFolder(folder)
    let appliedSeq = lastSeq(disk.list(folder), token)
    const writer: SinkWriter = {
      get appliedSeq() {
        return appliedSeq
      },
      async write(frames) {
        const [first, last] = [frames[0].seq, frames[frames.length - 1].seq]
        const name = `part-${token}-${padded(first)}-${padded(last)}.${table.options.format}`
        disk.replace(`${folder}/${name}`, encode(frames))
        appliedSeq = last
      },
      async close() {},
    }
    return writer
  },
})

/** Names sort in the order of the results. */
const padded = (seq: number): string => String(seq).padStart(12, '0')

function lastSeq(names: readonly string[], token: string): number {
  let last = -1
  for (const name of names) {
    const match = /^part-([0-9a-f]+)-\d+-(\d+)\.[a-z-]+$/.exec(name)
    if (match !== null && match[1] === token) last = Math.max(last, Number(match[2]))
  }
  return last
}

function fileEncoder(table: TableSpec): (frames: readonly SinkFrame[]) => Uint8Array {
  const { schema, options } = table
  const record = schemaOf(recordColumns(table).map((column) => schema.fields[column]))
  if (options.format === 'arrow') {
    return (frames) =>
      toArrowStream(
        record,
        frames.map(({ batch }) => batch.withoutWeights()),
      )
  }
  const encode = rowEncoder(record, options)
  const names = record.fields.map(({ name }) => name).join(options['csv.field-delimiter'])
  const header = options.format === 'csv' && options['csv.header'] === 'true' ? `${names}\n` : ''
  return (frames) => {
    const lines = frames.flatMap(({ batch }) => encode(batch))
    return Buffer.from(header + lines.map((line) => `${line}\n`).join(''))
  }
}
