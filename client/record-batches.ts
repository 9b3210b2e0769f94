/** Groups records into request bodies of NDJSON: whole lines, bounded in rows and bytes. */

import type { Row } from './results.ts'

/** Rows as objects, or pieces of NDJSON text or bytes that may be cut anywhere. */
export type RecordSource =
  | Iterable<Row | string | Uint8Array>
  | AsyncIterable<Row | string | Uint8Array>

export interface RecordBatch {
  /** NDJSON, every line ended by a line feed. */
  readonly body: string
  readonly count: number
}

export interface BatchLimit {
  readonly rowsMax: number
  /** In UTF-16 code units: close enough to bytes for a limit. */
  readonly charsMax: number
  /** Leave out so many records at the beginning. */
  readonly skip?: number
}

/** Yields the records in order. Empty lines are dropped. A row longer than the limit travels
 *  alone. */
export async function* recordBatches(
  source: RecordSource,
  { rowsMax, charsMax, skip = 0 }: BatchLimit,
): AsyncGenerator<RecordBatch, void, void> {
  let body = ''
  let count = 0
  let skipped = 0
  for await (const line of recordLines(source)) {
    if (skipped < skip) {
      skipped++
      continue
    }
    if (count > 0 && (count >= rowsMax || body.length + line.length >= charsMax)) {
      yield { body, count }
      body = ''
      count = 0
    }
    body += `${line}\n`
    count++
  }
  if (count > 0) yield { body, count }
}

async function* recordLines(source: RecordSource): AsyncGenerator<string, void, void> {
  const decoder = new TextDecoder()
  let rest = ''
  for await (const piece of source) {
    if (typeof piece === 'object' && !(piece instanceof Uint8Array)) {
      yield JSON.stringify(piece)
      continue
    }
    const text = typeof piece === 'string' ? piece : decoder.decode(piece, { stream: true })
    const lines = (rest + text).split('\n')
    rest = lines.pop()!
    for (const line of lines) if (line.trim() !== '') yield line
  }
  rest += decoder.decode()
  if (rest.trim() !== '') yield rest
}
