/** A file, or stdin, as request bodies for a stream: NDJSON, JSON array, CSV, Parquet. */

import { createReadStream, readFileSync, statSync } from 'node:fs'
import { extname } from 'node:path'
import { recordBatches } from '../../client/record-batches.ts'
import { csvBatches } from './csv-records.ts'
import { CliFailure } from './failure.ts'

export const FORMATS = ['ndjson', 'json', 'csv', 'parquet'] as const
export type FileFormat = (typeof FORMATS)[number]

/** Records of one request. */
export interface FileBatch {
  readonly body: string | Uint8Array
  readonly contentType: string
  readonly count: number
}

export interface RecordFile {
  readonly batches: AsyncIterable<FileBatch>
  /** How much of the input has been read, 0..1; undefined if its size is not known. */
  progress(): number | undefined
}

/** Of one request. */
const LIMIT = { rowsMax: 5000, charsMax: 1_000_000 }

const BY_EXTENSION: Record<string, FileFormat> = {
  '.ndjson': 'ndjson',
  '.jsonl': 'ndjson',
  '.json': 'json',
  '.csv': 'csv',
  '.parquet': 'parquet',
}

/** The format by the file's extension; stdin is NDJSON. Raises CliFailure if nothing tells it. */
export function formatOf(path: string): FileFormat {
  if (path === '-') return 'ndjson'
  const format = BY_EXTENSION[extname(path).toLowerCase()]
  if (format !== undefined) return format
  throw new CliFailure(
    `Cannot tell the format of ${path} by its name`,
    `name it: --format ${FORMATS.join('|')}`,
  )
}

/** Opens the input, without its first `skip` records. Raises the operating system's error if there
 *  is no such file. */
export async function openRecords(
  path: string,
  format: FileFormat,
  skip: number,
): Promise<RecordFile> {
  if (format === 'parquet') return openParquet(path, skip)
  if (format === 'json') return openJson(path, skip)
  const size = path === '-' ? undefined : statSync(path).size
  const input = path === '-' ? process.stdin : createReadStream(path)
  let bytesRead = 0
  const text = decode(input, (bytes) => {
    bytesRead += bytes
  })
  const limit = { ...LIMIT, skip }
  const parts = format === 'csv' ? csvBatches(text, limit) : recordBatches(text, limit)
  const contentType = format === 'csv' ? 'text/csv' : 'application/x-ndjson'
  return {
    batches: withType(parts, contentType),
    progress: () => (size === undefined ? undefined : size === 0 ? 1 : bytesRead / size),
  }
}

async function* withType(
  parts: AsyncIterable<{ readonly body: string; readonly count: number }>,
  contentType: string,
): AsyncGenerator<FileBatch, void, void> {
  for await (const part of parts) yield { ...part, contentType }
}

async function* decode(
  input: AsyncIterable<Uint8Array>,
  onRead: (bytes: number) => void,
): AsyncGenerator<string, void, void> {
  const decoder = new TextDecoder()
  for await (const chunk of input) {
    onRead(chunk.length)
    yield decoder.decode(chunk, { stream: true })
  }
  yield decoder.decode()
}

/** A JSON array is read whole; a file of JSON lines with this name works too. */
function openJson(path: string, skip: number): RecordFile {
  const text = readFileSync(path === '-' ? 0 : path, 'utf8').trim()
  const records = text.startsWith('[') ? (JSON.parse(text) as object[]) : undefined
  const pieces = records?.map((record) => `${JSON.stringify(record)}\n`) ?? [text]
  return {
    batches: withType(recordBatches(pieces, { ...LIMIT, skip }), 'application/x-ndjson'),
    progress: () => undefined,
  }
}

async function openParquet(path: string, skip: number): Promise<RecordFile> {
  if (path === '-') throw new CliFailure('Parquet cannot be read from stdin', 'give a file')
  statSync(path)
  const { parquetBodies } = await import('./parquet-records.ts')
  return parquetBodies(path, skip)
}
