/** Whole JSON documents: whether a text is one, and reading one without losing digits. */

import { encodeText } from '../utf8.ts'
import { skipDocument } from './scan.ts'

/** Whether the text is one JSON value (RFC 8259), nested at most 1000 deep. */
export function isJson(text: string): boolean {
  const bytes = encodeText(text)
  return skipDocument(bytes, 0, bytes.length)
}

const { rawJSON } = JSON as unknown as { rawJSON(text: string): unknown }

/** The parsed value, where a number whose digits a double does not hold is a `RawNumber`. Raises
 *  SyntaxError. */
export function parseExact(text: string): unknown {
  const keep = (_key: string, value: unknown, { source }: { source?: string }): unknown =>
    typeof value === 'number' && source !== undefined && String(value) !== source
      ? rawJSON(source)
      : value
  return JSON.parse(text, keep as (key: string, value: unknown) => unknown)
}
