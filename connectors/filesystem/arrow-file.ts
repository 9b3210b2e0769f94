/** A file that is an Arrow IPC stream. Places are row numbers; the file must be whole when it gets
 *  its name. */

import type { DiskFile } from '../../engine/base/disk.ts'
import { asSqlError, SqlError } from '../../engine/base/errors.ts'
import { type Batch, emptyBatch } from '../../engine/batch/batch.ts'
import { concat } from '../../engine/batch/concat.ts'
import { fromArrowStream } from '../../engine/batch/ipc.ts'
import { schemaOf } from '../../engine/batch/schema.ts'
import { recordColumns, type TableSpec } from '../../engine/source/table.ts'
import type { FileContent, Read, ReadLimit } from './content.ts'

export class ArrowFile implements FileContent {
  readonly #rows: Batch
  readonly waits = false
  readonly isReplaced = false
  growing = false

  constructor(file: DiskFile, table: TableSpec) {
    const bytes = new Uint8Array(file.size())
    file.read(bytes, 0)
    file.close()
    const { fields } = table.schema
    const schema = schemaOf(recordColumns(table).map((column) => fields[column]))
    const policy = { unknownFields: 'ignore', missingFields: 'null' } as const
    try {
      this.#rows = concat([emptyBatch(schema), ...fromArrowStream(bytes, schema, policy)])
    } catch (error) {
      // It may be on its way still.
      const { message } = asSqlError(error)
      throw new SqlError('CONNECTOR_FAILED', `${file.path}: ${message}`, { cause: error })
    }
  }

  end(): number {
    return this.#rows.rowCount
  }

  read(from: number, { rowsMax, until }: ReadLimit): Read {
    const to = Math.min(until ?? this.#rows.rowCount, this.#rows.rowCount, from + rowsMax)
    return { to, rowCount: to - from, records: { batch: this.#rows.slice(from, to) } }
  }

  close(): void {}
}
