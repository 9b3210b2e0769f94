/** LIKE on bytes: constant patterns that are plain text, a prefix, a suffix or a part are tested
 *  without making a string. */

import type { LoopCode } from '../codegen.ts'
import { literalText } from '../coerce.ts'
import { type Emitted, type Piece, type Slice, scalar } from '../emitted.ts'
import type { CallExpr } from '../ir.ts'
import { type LikePart, splitLike } from '../text-pattern.ts'
import { encodeText, findBytes } from '../utf8.ts'

/** Whether `part` stands at `at`; the caller has checked that it fits. */
function bytesAt(heap: Uint8Array, at: number, part: Uint8Array): boolean {
  for (let i = 0; i < part.length; i++) if (heap[at + i] !== part[i]) return false
  return true
}

/** undefined for patterns with more than one literal text or with _. */
export function likePiece(
  [value]: readonly Emitted[],
  code: LoopCode,
  { args, at }: CallExpr,
): Piece | undefined {
  const [, pattern, markArg] = args
  const fixed = literalText(pattern)
  const mark = markArg === undefined ? undefined : literalText(markArg)
  if (fixed === undefined || (markArg !== undefined && mark === undefined)) return undefined
  const slice = code.asSlice(value)
  if (slice === undefined) return undefined
  const test = testCode(splitLike(fixed, mark, pattern.at ?? at), slice, code)
  return test === undefined ? undefined : scalar(test)
}

function testCode(parts: readonly LikePart[], slice: Slice, code: LoopCode): string | undefined {
  const { heap, start, end } = slice
  const texts = parts.filter((part) => typeof part !== 'string')
  if (parts.includes('one') || texts.length > 1) return undefined
  if (texts.length === 0) return parts.length === 0 ? `${start} === ${end}` : 'true'
  const bytes = encodeText(texts[0].text)
  const constant = code.bytesConstant(texts[0].text).heap
  const here = (position: string) =>
    `${code.bind(bytesAt, 'bytesAt')}(${heap}, ${position}, ${constant})`
  const size = bytes.length
  if (parts.length === 1) return `${end} - ${start} === ${size} && ${here(start)}`
  if (parts.length === 3) {
    return `${code.bind(findBytes, 'findBytes')}(${heap}, ${start}, ${end}, ${constant}) >= 0`
  }
  const position = parts[0] === 'any' ? `${end} - ${size}` : start
  return `${end} - ${start} >= ${size} && ${here(position)}`
}
