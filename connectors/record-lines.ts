/** Records as lines, in files and in bodies of requests. */

import { Buffer } from 'node:buffer'
import { fail } from '../engine/base/errors.ts'
import { bytesOf } from './row-messages.ts'

const LINE_END = Buffer.from('\n')
const LF = 10
const CR = 13

/** A line for each record. INVALID_VALUE for a record that would not be read from its line as it
 *  is: an empty one, and, but in CSV, where quotes are around it, one with a line end in it. */
export function recordLines(records: readonly (string | Uint8Array)[], format: string): Buffer {
  const parts: Buffer[] = []
  for (const record of records) {
    const bytes = bytesOf(record)
    const isCut = format !== 'csv' && (bytes.includes(LF) || bytes.at(-1) === CR)
    if (bytes.length === 0 || isCut) refuse(isCut)
    parts.push(bytes, LINE_END)
  }
  return Buffer.concat(parts)
}

function refuse(isCut: boolean): never {
  fail(
    'INVALID_VALUE',
    `A record ${isCut ? 'with a line end in it' : 'that is empty'} is no line`,
    {
      hint: isCut
        ? 'REPLACE its line ends, or write it as JSON.'
        : "Write it as JSON, or as CSV with a 'csv.null-literal'.",
    },
  )
}
