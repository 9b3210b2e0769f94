/** Streams whose records can be read by offset: those of the embedded queue, and what consumer
 *  groups of them gave up. */

import type { Disk } from '../../engine/base/disk.ts'
import { fail } from '../../engine/base/errors.ts'
import { sideOwner } from '../../engine/source/side-table.ts'
import type { TableSpec } from '../../engine/source/table.ts'
import { undeliveredName } from '../../engine/source/undelivered-table.ts'
import type { Catalog, Name } from '../../sql/index.ts'
import type { DatabaseParts } from '../database.ts'
import type { SplitStatus } from '../split-writer.ts'
import { streamFolder } from '../streams.ts'
import { StreamRecords } from './stream-records.ts'

export interface ReadableStream {
  readonly table: TableSpec
  readonly records: StreamRecords
  /** Empty if nothing was ever written. */
  readonly splits: readonly SplitStatus[]
  readonly disk: Disk
  /** Of all splits. */
  readonly folder: string
}

/** UNKNOWN_TABLE; UNSUPPORTED for tables that are none of the embedded queue, and those that the
 *  engine keeps, which SELECT reads. */
export function readableStream(parts: DatabaseParts, name: Name): ReadableStream {
  const { disk, catalog, queues, streams, config } = parts
  const entry = catalog.relation(name)
  if (entry.kind !== 'table') fail('UNKNOWN_TABLE', `${entry.name} is no stream`)
  const { spec: table } = entry
  const own = queues.of(table)
  const folder = streamFolder(config.dataFolder, table.id)
  const base = { table, disk, folder }
  if (own !== undefined) return { ...base, records: own.records, splits: streams.status(table.id) }
  const owner = sideOwner(entry.id)
  if (owner !== undefined && entry.id === undeliveredName(owner)) {
    const splits = queues.isGivenUp(owner) ? streams.status(table.id) : []
    return { ...base, records: new StreamRecords(disk, folder, table), splits }
  }
  return fail('UNSUPPORTED', `The records of ${entry.name} have no offsets to read them by`, {
    hint: `SELECT * FROM "${entry.name}" reads it.`,
  })
}

/** Whether the table is a stream of the embedded queue, and not kept by an intake. */
export const isEmbedded = ({ connector }: TableSpec): boolean => connector === 'log'

/** A table of the embedded queue. UNKNOWN_TABLE, or UNSUPPORTED for a table of another kind. */
export function embeddedTable(catalog: Catalog, name: Name): TableSpec {
  const { spec } = catalog.expect('table', name)
  if (isEmbedded(spec)) return spec
  return fail('UNSUPPORTED', `${spec.name} belongs to the ${spec.connector} connector`, {
    hint: 'Only streams of the embedded queue take records over HTTP.',
  })
}
