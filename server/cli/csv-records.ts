/** Cuts CSV text into request bodies of whole records, each with the header line again. */

import type { BatchLimit, RecordBatch } from '../../client/record-batches.ts'

/** `text` comes in pieces cut anywhere. A line end inside a quoted field does not end a record.
 *  The first record is the header; it is not counted. */
export async function* csvBatches(
  text: AsyncIterable<string>,
  { rowsMax, charsMax, skip = 0 }: BatchLimit,
): AsyncGenerator<RecordBatch, void, void> {
  let header: string | undefined
  let body = ''
  let count = 0
  let skipped = 0
  for await (const record of csvRecords(text)) {
    if (header === undefined) {
      header = `${record.replace(/^\uFEFF/, '')}\n`
      continue
    }
    if (skipped < skip) {
      skipped++
      continue
    }
    if (count > 0 && (count >= rowsMax || body.length + record.length >= charsMax)) {
      yield { body: header + body, count }
      body = ''
      count = 0
    }
    body += `${record}\n`
    count++
  }
  if (count > 0) yield { body: header + body, count }
}

/** Records without their line end; empty lines are dropped. */
async function* csvRecords(text: AsyncIterable<string>): AsyncGenerator<string, void, void> {
  let rest = ''
  for await (const piece of text) {
    rest += piece
    let start = 0
    for (let end = recordEnd(rest, start); end >= 0; end = recordEnd(rest, start)) {
      const record = rest.slice(start, end).replace(/\r$/, '')
      if (record !== '') yield record
      start = end + 1
    }
    rest = rest.slice(start)
  }
  const last = rest.replace(/\r$/, '')
  if (last !== '') yield last
}

/** Where the line feed that ends the record stands; -1 if it has not come yet. Quotes inside a
 *  quoted field are doubled, so that counting them tells whether we are inside. */
function recordEnd(text: string, start: number): number {
  let from = start
  for (;;) {
    const end = text.indexOf('\n', from)
    if (end < 0) return -1
    let quotes = 0
    for (let at = text.indexOf('"', start); at >= 0 && at < end; at = text.indexOf('"', at + 1)) {
      quotes++
    }
    if (quotes % 2 === 0) return end
    from = end + 1
  }
}
