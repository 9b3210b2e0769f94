/** Text functions on bytes: a part of a slice is a slice of the same heap, so nothing is copied. */

import type { LoopCode } from '../codegen.ts'
import type { Emitted, Piece } from '../emitted.ts'
import type { CallExpr } from '../ir.ts'

/** Where the character `count` characters after `at` begins; `end` if there are not so many. */
function skipCharacters(heap: Uint8Array, at: number, end: number, count: number): number {
  let position = at
  for (let left = count; left > 0 && position < end; left--) {
    position++
    while (position < end && (heap[position] & 0xc0) === 0x80) position++
  }
  return position
}

/** Where the last `count` characters begin; -1 if there are not so many. */
function skipBack(heap: Uint8Array, start: number, end: number, count: number): number {
  let position = end
  for (let left = count; left > 0; left--) {
    if (position === start) return -1
    position--
    while (position > start && (heap[position] & 0xc0) === 0x80) position--
  }
  return position
}

/** The start of SUBSTRING(text, start); -1 if it is before the text. */
function substringStart(heap: Uint8Array, from: number, end: number, start: number): number {
  if (start >= 0) return skipCharacters(heap, from, end, start - 1)
  return skipBack(heap, from, end, -start)
}

/** SUBSTRING as a slice. */
export function substringPiece(
  [value, ...numbers]: readonly Emitted[],
  code: LoopCode,
  _call: CallExpr,
): Piece | undefined {
  const slice = code.asSlice(value)
  const [start, length] = numbers.map((number) => (number.form === 'scalar' ? number.value : '0'))
  if (slice === undefined) return undefined
  const { heap, end } = slice
  const find = code.bind(substringStart, 'substringStart')
  const found = code.constant('s', `${find}(${heap}, ${slice.start}, ${end}, ${start})`)
  const from = code.constant('s', `${found} < 0 ? ${end} : ${found}`)
  if (numbers.length === 1) return { form: 'slice', heap, start: from, end }
  const skip = code.bind(skipCharacters, 'skipCharacters')
  return {
    form: 'slice',
    heap,
    start: from,
    end: code.constant('e', `${skip}(${heap}, ${from}, ${end}, ${length})`),
  }
}

function trimStart(heap: Uint8Array, start: number, end: number): number {
  let position = start
  while (position < end && heap[position] === 32) position++
  return position
}

function trimEnd(heap: Uint8Array, start: number, end: number): number {
  let position = end
  while (position > start && heap[position - 1] === 32) position--
  return position
}

/** TRIM of spaces as a slice. */
export function trimPiece(
  args: readonly Emitted[],
  code: LoopCode,
  sides: 'both' | 'left' | 'right',
): Piece | undefined {
  const slice = args.length === 1 ? code.asSlice(args[0]) : undefined
  if (slice === undefined) return undefined
  const { heap } = slice
  let { start, end } = slice
  if (sides !== 'right') {
    start = code.constant('s', `${code.bind(trimStart, 'trimStart')}(${heap}, ${start}, ${end})`)
  }
  if (sides !== 'left') {
    end = code.constant('e', `${code.bind(trimEnd, 'trimEnd')}(${heap}, ${start}, ${end})`)
  }
  return { form: 'slice', heap, start, end }
}
