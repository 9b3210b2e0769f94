/** The body of an answer, up to a limit: a server may send without end. */

import { type ErrorCode, SqlError } from '../../engine/base/errors.ts'

/** All bytes of the body; `code` if there are more than `bytesMax`. */
export async function answerBody(
  { body }: Response,
  bytesMax: number,
  code: ErrorCode,
): Promise<Uint8Array> {
  const parts: Uint8Array[] = []
  let bytes = 0
  for await (const part of body ?? []) {
    bytes += part.length
    if (bytes > bytesMax) throw new SqlError(code, `An answer has more than ${bytesMax} bytes`)
    parts.push(part)
  }
  return Buffer.concat(parts)
}
