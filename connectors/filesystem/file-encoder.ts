/** Rows as a file of each format: records a line, Arrow IPC, Parquet. */

import type { Disk } from '../../engine/base/disk.ts'
import type { Batch } from '../../engine/batch/batch.ts'
import { toArrowStream } from '../../engine/batch/ipc.ts'
import { repeatByWeight } from '../../engine/batch/repeat-by-weight.ts'
import { type Schema, schemaOf } from '../../engine/batch/schema.ts'
import { csvForm } from '../../engine/format/csv-form.ts'
import { csvLine } from '../../engine/format/csv-rows.ts'
import { rowEncoder } from '../../engine/format/encode-rows.ts'
import { encodeParts } from '../../engine/source/encode-parts.ts'
import { recordColumns, type TableSpec } from '../../engine/source/table.ts'
import { duckdbLibrary } from '../duckdb-library.ts'
import { recordLines } from '../record-lines.ts'
import type { SharedDuckdb } from '../shared-duckdb.ts'

/** Makes a file of batches with the columns of the record, durably, whatever was there. */
export type FileEncoder = (path: string, batches: readonly Batch[]) => Promise<void>

/** UNSUPPORTED for columns that the format cannot have. */
export async function fileEncoder(
  table: TableSpec,
  disk: Disk,
  duckdb: SharedDuckdb,
): Promise<FileEncoder> {
  const { fields } = table.schema
  const record = schemaOf(recordColumns(table).map((column) => fields[column]))
  if (table.options.format === 'parquet') return parquetEncoder(record, disk, duckdb)
  const encode =
    table.options.format === 'arrow'
      ? (batches: readonly Batch[]) => toArrowStream(record, batches.map(repeatByWeight))
      : await lineEncoder(table, record)
  return async (path, batches) => {
    const file = disk.openWrite(path)
    try {
      file.truncate(0)
      file.write(encode(batches), 0)
      await file.sync()
    } finally {
      file.close()
    }
  }
}

async function lineEncoder(table: TableSpec, record: Schema) {
  const { options } = table
  const encode = await rowEncoder(record, options, encodeParts(table))
  const hasHeader = options.format === 'csv' && options['csv.header'] === 'true'
  const names = record.fields.map(({ name }) => name)
  const header = hasHeader ? [csvLine(names, csvForm(options))] : []
  return (batches: readonly Batch[]): Uint8Array => {
    const lines = [...header, ...batches.flatMap((batch) => encode(batch).records)]
    return recordLines(lines, options.format)
  }
}

async function parquetEncoder(
  record: Schema,
  disk: Disk,
  duckdb: SharedDuckdb,
): Promise<FileEncoder> {
  const { literal, quoted, duckdbType, toOutside, appendBatch } = await duckdbLibrary()
  const columns = record.fields.map(({ type }, i) => `c${i} ${duckdbType(type)}`).join(', ')
  const list = record.fields.map(
    ({ name, type }, i) => `${toOutside(`c${i}`, type)} AS ${quoted(name)}`,
  )
  return async (path, batches) => {
    const { connection, release } = await duckdb.lend()
    try {
      await connection.run(`CREATE OR REPLACE TEMP TABLE rows_of_file (${columns})`)
      for (const batch of batches) {
        await connection.append('rows_of_file', true, (to) =>
          appendBatch(to, repeatByWeight(batch)),
        )
      }
      const select = `SELECT ${list.join(', ')} FROM rows_of_file`
      await connection.run(
        `COPY (${select}) TO ${literal(path)} (FORMAT parquet, COMPRESSION zstd)`,
      )
      await connection.run('DROP TABLE rows_of_file')
    } finally {
      release()
    }
    const file = disk.openWrite(path)
    await file.sync().finally(() => file.close())
  }
}
