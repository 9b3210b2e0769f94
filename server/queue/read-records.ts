/** Reading a stream by offset, from wherever the reader wants: nothing is remembered of it. */

import type { Disk } from '../../engine/base/disk.ts'
import { fail } from '../../engine/base/errors.ts'
import { parseTimestamp } from '../../engine/base/time-text.ts'
import { LogReader } from '../../engine/log/reader.ts'
import { listSegments, segmentHeader } from '../../engine/log/segment.ts'
import { offsetAt, rowFrom } from '../../engine/source/stream-frame.ts'
import type { SplitStatus } from '../split-writer.ts'
import type { ReadableStream } from './readable-stream.ts'
import { RecordTexts } from './record-text.ts'

export interface ReadOptions {
  /** `earliest`, `latest`, an offset, a time, or `split:offset,…` as `next` of an answer has it. */
  readonly from: string
  readonly limit: number
  readonly split?: number | undefined
}

export interface ReadAnswer {
  /** One JSON object a record; of each split in order. */
  readonly texts: readonly string[]
  /** Where to go on. */
  readonly next: string
}

const ANSWER_BYTES_MAX = 8 << 20

/** INVALID_ARGUMENT, GONE for an offset that is no longer kept. */
export function readRecords(
  stream: ReadableStream,
  { from, limit, split }: ReadOptions,
): ReadAnswer {
  const { table, records, splits: all } = stream
  const splits = split === undefined ? all : all.filter((of) => of.split === split)
  if (split !== undefined && splits.length === 0) {
    fail('INVALID_ARGUMENT', `Stream ${table.name} has no split ${split}`, {
      hint: `Its splits are 0 to ${all.length - 1}.`,
    })
  }
  const positions = splits.map((of) => startOf(from, of, splits.length, stream))
  const texts: string[] = []
  let bytes = 0
  const shares = sharesOf(
    limit,
    splits.map(({ end }, i) => end - positions[i]),
  )
  for (const [i, { split: number, end }] of splits.entries()) {
    const most = texts.length + shares[i]
    while (positions[i] < end && texts.length < most && bytes < ANSWER_BYTES_MAX) {
      const frame = records.frame(number, positions[i], end)
      const rows = new RecordTexts(frame, number, table)
      let row = rowFrom(frame, positions[i])
      for (; row < frame.records.rowCount; row++) {
        if (texts.length >= most || bytes >= ANSWER_BYTES_MAX) break
        const text = `{${rows.members(row)}}`
        bytes += text.length
        texts.push(text)
      }
      positions[i] = row < frame.records.rowCount ? offsetAt(frame, row) : frame.next
    }
  }
  records.rest()
  return { texts, next: splits.map((of, i) => `${of.split}:${positions[i]}`).join(',') }
}

/** How many records each split gives: all alike, but what one does not have goes to the others. */
function sharesOf(limit: number, available: readonly number[]): number[] {
  const shares = available.map(() => 0)
  let left = limit
  const order = [...available.keys()].sort((a, b) => available[a] - available[b])
  for (const [done, i] of order.entries()) {
    shares[i] = Math.min(available[i], Math.floor(left / (order.length - done)))
    left -= shares[i]
  }
  return shares
}

function startOf(
  from: string,
  { split, first, end }: SplitStatus,
  splitCount: number,
  { disk, folder }: ReadableStream,
): number {
  if (from === 'earliest') return first
  if (from === 'latest') return end
  const offset = offsetFrom(from, { split, first }, splitCount)
  if (offset === undefined)
    return Math.max(first, offsetOfTime(from, { first, end }, disk, `${folder}/${split}`))
  if (offset < first) {
    fail('GONE', `Offset ${offset} of split ${split} is no longer kept: the oldest is ${first}`, {
      hint: 'from=earliest begins with the oldest.',
      details: { split, offset, first },
    })
  }
  return Math.min(offset, end)
}

/** undefined: it is a time. A split that `split:offset,…` does not name begins at its beginning. */
function offsetFrom(
  from: string,
  { split, first }: { readonly split: number; readonly first: number },
  splitCount: number,
): number | undefined {
  if (/^\d{1,16}$/.test(from)) {
    if (splitCount > 1) {
      fail('INVALID_ARGUMENT', 'An offset belongs to one split', {
        hint: 'Say which one, split=0, or give from=0:…,1:… as an answer\'s "next" has it.',
      })
    }
    return Number(from)
  }
  if (!/^\d+:\d+(,\d+:\d+)*$/.test(from)) return undefined
  const pairs = from.split(',').map((pair) => pair.split(':').map(Number))
  return pairs.find(([of]) => of === split)?.[1] ?? first
}

/** The first record that was stored at that time or later. */
function offsetOfTime(
  text: string,
  { first, end }: { readonly first: number; readonly end: number },
  disk: Disk,
  folder: string,
): number {
  const us = parseTimestamp(text)
  if (us === undefined) {
    fail('INVALID_ARGUMENT', `'${text}' is no position in a stream`, {
      hint: 'from is earliest, latest, an offset, a time such as 2001-01-01T00:00:00Z, or split:offset,…',
    })
  }
  const segments = listSegments(disk, folder)
  const timeUs = Number(us)
  const begunUs = (segment: number) =>
    segmentHeader(disk, folder, segment)?.head.timestampUs ?? Infinity
  const begin = segments.findLast((segment) => begunUs(segment) < timeUs)
  const reader = new LogReader(disk, folder)
  try {
    reader.seek(Math.max(first, begin ?? first))
    for (let frame = reader.next(end); frame !== null; frame = reader.next(end)) {
      if (frame.timestampUs >= timeUs) return frame.first
    }
    return end
  } finally {
    reader.close()
  }
}
