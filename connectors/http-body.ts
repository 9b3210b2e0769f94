/** What stands in an HTTP body: one record, an array of records, or a record a line. */

import { fail } from '../engine/base/errors.ts'
import type { OptionTable } from '../engine/source/option.ts'
import { elementsOf, parsePath, partAt, type Range, wholeJson } from './json-parts.ts'

export const BODY_OPTIONS: OptionTable = {
  body: {
    kind: 'enum',
    values: ['record', 'array', 'lines'],
    default: 'record',
    doc: 'What stands in a body: one record, a JSON array with a record in each element, or a record in each line.',
  },
  'body.path': {
    kind: 'string',
    doc: 'Where in a JSON body the record or the array is: `$.data.items`. Absent: it is all of it. Events of sse and messages of websocket that have nothing there are passed over.',
  },
}

type Options = Readonly<Record<string, string>>

/** INVALID_OPTION if the options do not go together. */
export function checkBody(options: Options): void {
  const path = options['body.path']
  if (/^(avro|protobuf|arrow)/.test(options.format) && options.body !== 'record') {
    fail('INVALID_OPTION', `A body of ${options.format} is one record: 'body' = '${options.body}'`)
  }
  if (options.format === 'csv' && (options.body === 'array' || path !== undefined)) {
    fail('INVALID_OPTION', 'A body of csv is no JSON: it is one record, or a record in each line')
  }
  if (path === undefined) return
  parsePath('body.path', path)
  if (options.body !== 'lines') return
  fail('INVALID_OPTION', `'body.path' does not go with 'body' = 'lines'`)
}

/** The records of a body, as ranges of its bytes. INVALID_VALUE if it is not of the form that the
 *  options say; with `details.missing` if there is nothing at their path. */
export function recordsOf(bytes: Uint8Array, options: Options): readonly Range[] {
  if (options.body === 'lines') return linesOf(bytes)
  const path = options['body.path']
  if (options.body === 'record' && path === undefined) return [{ start: 0, end: bytes.length }]
  const names = parsePath('body.path', path ?? '')
  const part = partAt(bytes, wholeJson(bytes), names)
  if (part === undefined) {
    return fail('INVALID_VALUE', `The body has nothing at ${path}`, { details: { missing: path } })
  }
  if (options.body === 'record') return [part]
  return elementsOf(bytes, part) ?? fail('INVALID_VALUE', `${place(path)} is no array`)
}

const place = (path: string | undefined): string => (path === undefined ? 'The body' : path)

const LF = 10
const CR = 13

/** Empty lines count as nothing. */
function linesOf(bytes: Uint8Array): Range[] {
  const lines: Range[] = []
  for (let start = 0; start < bytes.length; ) {
    const found = bytes.indexOf(LF, start)
    const next = found < 0 ? bytes.length : found
    const end = next > start && bytes[next - 1] === CR ? next - 1 : next
    if (end > start) lines.push({ start, end })
    start = next + 1
  }
  return lines
}
