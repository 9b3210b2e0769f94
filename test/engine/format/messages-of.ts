/** Messages for decoders under test. */

import type { Messages } from '../../../engine/format/messages.ts'

/** One after the other, with a byte between them that belongs to none. */
export function messagesOf(parts: readonly Uint8Array[]): Messages {
  const starts = new Int32Array(parts.length)
  const ends = new Int32Array(parts.length)
  let at = 1
  for (const [i, part] of parts.entries()) {
    starts[i] = at
    ends[i] = at + part.length
    at = ends[i] + 1
  }
  const bytes = new Uint8Array(at).fill(0xaa)
  for (const [i, part] of parts.entries()) bytes.set(part, starts[i])
  return { bytes, starts, ends }
}
