/** `millrace produce`: appends the records of a file or of stdin to a stream. */

import { randomUUID } from 'node:crypto'
import { Command, InvalidArgumentError, Option } from 'commander'
import { type MillraceClient, MillraceError } from '../../client/index.ts'
import { type ConnectionOptions, connect, withConnection } from './connection.ts'
import { type FileFormat, FORMATS, formatOf, openRecords, type RecordFile } from './record-file.ts'
import { styleOf } from './style.ts'
import { openTransferBar, type TransferBar } from './transfer-bar.ts'

interface ProduceOptions extends ConnectionOptions {
  readonly format?: FileFormat
  readonly skip: number
  readonly end?: boolean
  readonly json?: boolean
}

export function produceCommand(): Command {
  return withConnection(
    new Command('produce')
      .description('append the records of a file (NDJSON, JSON, CSV, Parquet) to a stream')
      .argument('<stream>', 'name of the stream')
      .argument('[file]', 'file to read, - for stdin', '-')
      .addOption(new Option('--format <format>', 'instead of by extension').choices(FORMATS))
      .option('--skip <rows>', 'leave out the first rows: continue an earlier run', wholeNumber, 0)
      .option('--end', 'end the stream after the last record: its windows close')
      .option('--json', 'print the result as JSON'),
  ).action(runProduce)
}

function wholeNumber(text: string): number {
  const value = Number(text)
  if (Number.isSafeInteger(value) && value >= 0) return value
  throw new InvalidArgumentError('Expected a whole number.')
}

interface Tally {
  acknowledged: number
  requests: number
}

async function runProduce(stream: string, path: string, options: ProduceOptions): Promise<void> {
  const client = connect(options)
  const format = options.format ?? formatOf(path)
  // A stream that does not exist should not cost the reading of a file.
  await client.getStream(stream)
  const file = await openRecords(path, format, options.skip)
  const tally: Tally = { acknowledged: 0, requests: 0 }
  const startMs = performance.now()
  const bar = openTransferBar(stream)
  try {
    await sendAll(client, stream, { file, tally, bar })
    if (options.end) await client.endStream(stream)
  } catch (error) {
    bar.close()
    throw error instanceof MillraceError
      ? explain(error, options.skip + tally.acknowledged, tally)
      : error
  }
  bar.close()
  report(stream, tally, performance.now() - startMs, options.json ?? false)
}

interface Transfer {
  readonly file: RecordFile
  readonly tally: Tally
  readonly bar: TransferBar
}

async function sendAll(client: MillraceClient, stream: string, transfer: Transfer): Promise<void> {
  const { file, tally, bar } = transfer
  const run = randomUUID()
  for await (const { body, contentType, count } of file.batches) {
    const idempotencyKey = `${run}-${tally.requests}`
    await client.produceBody(stream, { body, contentType }, { idempotencyKey })
    tally.acknowledged += count
    tally.requests++
    bar.update(tally.acknowledged, file.progress())
  }
}

/** Says what is stored, so that the rest can be sent later. `position` counts the records of the
 *  input that are behind us. */
function explain(error: MillraceError, position: number, { acknowledged }: Tally): MillraceError {
  const index = error.details?.index
  const row = typeof index === 'number' ? ` (record ${position + index + 1} of the input)` : ''
  const rows = acknowledged.toLocaleString('en')
  const stored = `${rows} rows were acknowledged; continue with --skip ${position}`
  return new MillraceError(error.code, error.message + row, {
    ...error,
    hint: error.code === 'UNREACHABLE' || !error.hint ? stored : `${error.hint}; ${stored}`,
    cause: error.cause,
  })
}

function report(stream: string, tally: Tally, tookMs: number, json: boolean): void {
  const { acknowledged, requests } = tally
  if (json) {
    const result = { stream, rows: acknowledged, requests, durationMs: Math.round(tookMs) }
    process.stdout.write(`${JSON.stringify(result)}\n`)
    return
  }
  const rate = Math.round(acknowledged / Math.max(tookMs / 1000, 0.001))
  const style = styleOf(process.stdout)
  const rows = style('bold', `${acknowledged.toLocaleString('en')} rows`)
  const detail = `${(tookMs / 1000).toFixed(1)} s, ${requests} requests, ${rate.toLocaleString('en')} rows/s`
  process.stdout.write(`${rows} in ${stream} ${style('dim', `(${detail})`)}\n`)
}
