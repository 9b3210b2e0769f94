/** Binary messages into columns, whatever the format: one reader for each message, columns that
 *  are filled in step, and what becomes of a message that breaks off. */

import { asSqlError, fail } from '../base/errors.ts'
import { Batch } from '../batch/batch.ts'
import type { Column } from '../batch/column.ts'
import type { Schema } from '../batch/schema.ts'
import { refuseRecord } from './bad-record.ts'
import { ByteCursor } from './byte-cursor.ts'
import { ByteWriter } from './byte-writer.ts'
import { type ColumnTarget, columnTarget, settle } from './column-target.ts'
import {
  type BadMessage,
  badMessage,
  type DecodedMessages,
  type Messages,
  withoutBad,
} from './messages.ts'
import { ViewHeap } from './view-builder.ts'

/** Reads a message from the cursor's position to its end, and puts one value into each target.
 *  INVALID_VALUE or OUT_OF_RANGE for a message that does not fit; `cursor.field` says where. */
export type ReadMessage = (cursor: ByteCursor) => void

/** The columns of a table while messages are read into them. */
export class RowTarget {
  readonly schema: Schema
  readonly #heap = new ViewHeap()
  /** One per column. */
  readonly columns: readonly ColumnTarget[]

  constructor(schema: Schema) {
    this.schema = schema
    this.columns = schema.fields.map(({ type }) => columnTarget(type, this.#heap))
  }

  /** All messages by one reader. */
  decode({ bytes, starts, ends }: Messages, read: ReadMessage): DecodedMessages {
    const cursor = new ByteCursor(bytes)
    const bad: BadMessage[] = []
    this.#heap.start(bytes)
    for (let i = 0; i < starts.length; i++) {
      cursor.enter(starts[i], ends[i])
      try {
        read(cursor)
      } catch (error) {
        bad.push(refusal(i, error, cursor.field))
        for (const column of this.columns) settle(column, i + 1)
      }
    }
    const columns = this.columns.map(({ builder }) => builder.finish())
    return withoutBad(new Batch(this.schema, columns, starts.length), bad)
  }
}

function refusal(index: number, error: unknown, column: string | undefined): BadMessage {
  try {
    return refuseRecord(error, { index: 0, column })
  } catch (refused) {
    return badMessage(index, refused)
  }
}

/** The reader, or one that refuses every message for the reason why there is none. */
export function refusing(what: string, make: () => ReadMessage): ReadMessage {
  try {
    return make()
  } catch (error) {
    const reason =
      error instanceof RangeError ? 'it is nested too deeply' : asSqlError(error).message
    return () => fail('INVALID_VALUE', `${what} does not fit: ${reason}`)
  }
}

/** Writes a row of several columns as a message. */
export type WriteRow = (columns: readonly Column[], row: number, out: ByteWriter) => void

/** The same, but what is wrong with a value says whose it is. `names`: of the columns, by step. */
export function inFields(writes: readonly WriteRow[], names: readonly string[]): WriteRow {
  return (columns, row, out) => {
    let i = 0
    try {
      for (; i < writes.length; i++) writes[i](columns, row, out)
    } catch (error) {
      const { code, message } = asSqlError(error)
      fail(code, `field ${names[i]}: ${message}`, { cause: error })
    }
  }
}

/** One message per row. `header` stands before each. */
export function encodeRows(
  { columns, rowCount }: Batch,
  write: WriteRow,
  header?: Uint8Array,
): Uint8Array[] {
  const out = new ByteWriter()
  return Array.from({ length: rowCount }, (_, row) => {
    if (header !== undefined) out.range(header)
    write(columns, row, out)
    return out.take()
  })
}
