/** Payloads whose content tells which offset and try they belong to. */

import { random } from '../../../engine/base/random.ts'
import type { Append } from '../../../engine/log/writer.ts'

/** A frame of `count` offsets with `size` bytes that depend on `seed`. */
export function frameOf(seed: number, count: number, size: number): Append {
  const next = random(seed)
  const bytes = Uint8Array.from({ length: size }, () => next.below(256))
  const half = size >> 1
  return {
    kind: 1 + (seed % 200),
    flags: seed % 3,
    count,
    timestampUs: 1_700_000_000_000_000 + seed,
    epoch: seed,
    watermarkUs: seed % 5 === 0 ? Number.NEGATIVE_INFINITY : -seed,
    payload: [bytes.subarray(0, half), bytes.subarray(half)],
  }
}

export const joined = (frame: Append): Uint8Array => new Uint8Array(Buffer.concat(frame.payload))
