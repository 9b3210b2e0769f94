/** Arrow IPC streams that others wrote, read by the apache-arrow library. It is loaded when first
 *  needed: most servers never see such a stream, and it takes a while to load. */

import { createRequire } from 'node:module'
import type { Data, RecordBatch } from 'apache-arrow'
import { asSqlError, fail } from '../base/errors.ts'
import { Batch } from './batch.ts'
import { columnOf } from './builder.ts'
import type { Column } from './column.ts'
import { foreignColumn } from './ipc-foreign-column.ts'
import { messageAt } from './ipc-message.ts'
import type { Field, Schema } from './schema.ts'

export interface ArrowPolicy {
  /** Columns of the stream that the schema does not have. Default: fail. */
  readonly unknownFields?: 'ignore' | 'fail'
  /** Nullable columns that the stream does not have. Default: null. */
  readonly missingFields?: 'null' | 'fail'
}

const require = createRequire(import.meta.url)
const arrow = (): typeof import('apache-arrow') => require('apache-arrow')

/** The record batches of a complete stream under `schema`; columns are matched by name. Types that
 *  hold the same values are converted (smaller integers, other time units, dictionaries); values
 *  are checked, also UTF-8. Raises BAD_RECORD with `details` {index, column, reason}; an index
 *  counts over all batches and is absent if the whole column is at fault. */
export function fromArrowStream(
  bytes: Uint8Array,
  schema: Schema,
  policy: ArrowPolicy = {},
): Batch[] {
  const batches: Batch[] = []
  let rowsBefore = 0
  for (const foreign of readStream(bytes)) {
    const batch = convert(foreign, schema, policy, rowsBefore)
    rowsBefore += batch.rowCount
    batches.push(batch)
  }
  return batches
}

function readStream(bytes: Uint8Array): RecordBatch[] {
  try {
    // The library takes a stream that breaks off for one that ends.
    checkFraming(bytes)
    return [...arrow().RecordBatchReader.from(bytes)]
  } catch (error) {
    return badStream(`this is not a whole Arrow IPC stream (${asSqlError(error).message})`)
  }
}

function checkFraming(bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length; ) {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    const end = at + 8 <= bytes.length && view.getUint32(at + 4, true) === 0
    if (end && view.getUint32(at, true) === 0xffffffff) return
    at = messageAt(bytes, at).end
  }
}

function convert(
  foreign: RecordBatch,
  schema: Schema,
  policy: ArrowPolicy,
  rowsBefore: number,
): Batch {
  const names = foreign.schema.fields.map((field) => field.name)
  refuseUnknown(names, schema, policy)
  const columns = schema.fields.map((field) => {
    const data = foreign.data.children[names.indexOf(field.name)]
    if (data === undefined) return missingColumn(field, foreign.numRows, policy)
    return checkedColumn(data, field, rowsBefore)
  })
  return new Batch(schema, columns, foreign.numRows)
}

function refuseUnknown(names: readonly string[], schema: Schema, policy: ArrowPolicy): void {
  for (const [i, name] of names.entries()) {
    if (names.indexOf(name) !== i) badStream('the column stands there twice', name)
    const known = schema.fields.some((field) => field.name === name)
    if (!known && policy.unknownFields !== 'ignore') badStream('there is no such column', name)
  }
}

function missingColumn(field: Field, rowCount: number, policy: ArrowPolicy): Column {
  const { name, nullable, type } = field
  if (!nullable || policy.missingFields === 'fail') badStream('the column is missing', name)
  return columnOf(type, new Array(rowCount).fill(null))
}

function checkedColumn(data: Data, { name, nullable, type }: Field, rowsBefore: number): Column {
  try {
    const column = foreignColumn(data, type)
    if (!nullable && column.validity !== null) {
      for (let row = 0; row < column.length; row++) {
        if (column.isNull(row)) badStream('the column is NOT NULL', name, rowsBefore + row)
      }
    }
    return column
  } catch (error) {
    const { code, message, details } = asSqlError(error)
    if (code === 'BAD_RECORD') throw error
    const row = details?.row
    return badStream(message, name, typeof row === 'number' ? rowsBefore + row : undefined)
  }
}

function badStream(reason: string, column?: string, index?: number): never {
  const where = `${index === undefined ? '' : ` at record ${index}`}`
  const what = column === undefined ? 'Arrow' : `Column ${column}`
  fail('BAD_RECORD', `${what}${where}: ${reason}`, { details: { index, column, reason } })
}
