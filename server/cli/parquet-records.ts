/** A Parquet file as request bodies: Arrow IPC streams, so that columns stay columns. */

import { toArrowStream } from '../../engine/batch/ipc.ts'
import { ParquetFile } from '../../engine/view/parquet.ts'
import type { FileBatch, RecordFile } from './record-file.ts'

const BATCH_ROWS = 20_000

/** The rows of the file in order, without the first `skip`. Errors: see ParquetFile.open. */
export async function parquetBodies(path: string, skip: number): Promise<RecordFile> {
  const file = await ParquetFile.open(path)
  let row = 0
  async function* bodies(): AsyncGenerator<FileBatch, void, void> {
    for await (const batch of file.batches(BATCH_ROWS)) {
      const from = Math.min(Math.max(skip - row, 0), batch.rowCount)
      row += batch.rowCount
      if (from === batch.rowCount) continue
      const rest = batch.slice(from, batch.rowCount)
      yield {
        body: toArrowStream(rest.schema, [rest]),
        contentType: 'application/vnd.apache.arrow.stream',
        count: rest.rowCount,
      }
    }
    await file.close()
  }
  return { batches: bodies(), progress: () => row / Math.max(file.rowCount, 1) }
}
