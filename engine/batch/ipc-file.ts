/** Arrow IPC files: the messages of a stream behind a mark of 8 bytes, and behind them a footer
 *  with the schema, which some writers leave out of the messages. */

import { Footer } from 'apache-arrow/fb/footer'
import type { Schema as ArrowSchema } from 'apache-arrow/fb/schema'
import { ByteBuffer } from 'flatbuffers'
import { fail } from '../base/errors.ts'

const MAGIC = Buffer.from('ARROW1')
const BEGIN = 8
const END = 4 + MAGIC.length

export interface ArrowFileParts {
  readonly schema: ArrowSchema
  readonly messages: Uint8Array
}

/** undefined if it is no file. INVALID_VALUE if it is one that is not whole. */
export function arrowFile(bytes: Uint8Array): ArrowFileParts | undefined {
  if (!MAGIC.equals(bytes.subarray(0, MAGIC.length))) return undefined
  const end = bytes.length - END
  const isWhole = end >= BEGIN && MAGIC.equals(bytes.subarray(-MAGIC.length))
  const length = isWhole
    ? new DataView(bytes.buffer, bytes.byteOffset + end, 4).getInt32(0, true)
    : -1
  if (length < 4 || end - length < BEGIN) fail('INVALID_VALUE', 'the file is not whole')
  // The footer is read by offsets from its own first byte.
  const footer = Footer.getRootAsFooter(new ByteBuffer(bytes.slice(end - length, end)))
  const schema = footer.schema()
  if (schema === null) fail('INVALID_VALUE', 'the schema is missing')
  return { schema, messages: bytes.subarray(BEGIN, end - length) }
}
