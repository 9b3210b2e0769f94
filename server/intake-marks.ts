/** What an intake's log says to its connector: the messages themselves, and by their marks where it
 *  stopped and which groups came lately. The marks are in the same frames as the messages, so they
 *  are as durable. */

import { createHash } from 'node:crypto'
import type { Disk } from '../engine/base/disk.ts'
import { fail } from '../engine/base/errors.ts'
import type { Column } from '../engine/batch/column.ts'
import { valueAt } from '../engine/batch/rows.ts'
import { LogReader } from '../engine/log/reader.ts'
import { intakeSchema } from '../engine/source/intake.ts'
import { decodeStreamFrame } from '../engine/source/stream-frame.ts'
import type { TableSpec } from '../engine/source/table.ts'

/** Messages back from the end in which a group is found again. */
export const MESSAGES_REMEMBERED = 250_000

export interface MarkedLog {
  readonly disk: Disk
  readonly folder: string
  readonly table: TableSpec
  /** Offsets [first, end) are kept. */
  readonly first: number
  readonly end: number
}

/** The last mark; undefined if there is none. Reads back frame by frame. */
export function lastMark({ disk, folder, table, first, end }: MarkedLog): string | undefined {
  const schema = intakeSchema(table)
  const reader = new LogReader(disk, folder)
  try {
    for (let before = end; before > first; ) {
      reader.seek(before - 1)
      const frame = reader.next(end)
      if (frame === null) return undefined
      const found = marksOf(decodeStreamFrame(frame, schema).records.columns.at(-1)!).at(-1)
      if (found !== undefined) return found.mark
      before = frame.first
    }
    return undefined
  } finally {
    reader.close()
  }
}

/** The messages of the log, in order, a frame at a time. GONE if the first are no longer there. */
export function* storedMessages(log: MarkedLog): Generator<Uint8Array> {
  const { disk, folder, table, first, end } = log
  if (first > 0) {
    fail('GONE', `${first} messages of ${table.name} were removed, and are needed`, {
      hint: 'Its retention must keep all. Drop the table and create it again.',
    })
  }
  const schema = intakeSchema(table)
  const reader = new LogReader(disk, folder)
  try {
    for (;;) {
      const frame = reader.next(end)
      if (frame === null) return
      const [{ values, starts, ends, length }] = decodeStreamFrame(frame, schema).records.columns
      const bytes = values as Uint8Array
      for (let row = 0; row < length; row++) yield bytes.subarray(starts[row], ends[row])
    }
  } finally {
    reader.close()
  }
}

/** The ids of the groups that came lately. */
export class RecentIds {
  /** Oldest first; the value is the offset of the group's last message. */
  readonly #ids = new Map<string, number>()

  /** Reads those of the log's last messages back. */
  static load({ disk, folder, table, first, end }: MarkedLog): RecentIds {
    const ids = new RecentIds()
    const schema = intakeSchema(table)
    const reader = new LogReader(disk, folder)
    try {
      reader.seek(Math.max(first, end - MESSAGES_REMEMBERED))
      for (;;) {
        const frame = reader.next(end)
        if (frame === null) return ids
        for (const { row, mark } of marksOf(
          decodeStreamFrame(frame, schema).records.columns.at(-1)!,
        )) {
          ids.add(mark, frame.first + row)
        }
      }
    } finally {
      reader.close()
    }
  }

  has(id: string): boolean {
    return this.#ids.has(shortened(id))
  }

  /** `offset`: about where the group's messages are. */
  add(id: string, offset: number): void {
    this.#ids.set(shortened(id), offset)
    for (const [old, at] of this.#ids) {
      if (at > offset - MESSAGES_REMEMBERED) return
      this.#ids.delete(old)
    }
  }

  delete(id: string): void {
    this.#ids.delete(shortened(id))
  }
}

function marksOf(column: Column): { row: number; mark: string }[] {
  const marks: { row: number; mark: string }[] = []
  for (let row = 0; row < column.length; row++) {
    if (!column.isNull(row)) marks.push({ row, mark: valueAt(column, row) as string })
  }
  return marks
}

const ID_LENGTH_MAX = 44

/** Long ids are remembered by their digest. */
const shortened = (id: string): string =>
  id.length <= ID_LENGTH_MAX ? id : createHash('sha256').update(id).digest('base64')
