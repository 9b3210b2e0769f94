/** Random texts in bytes, from a small generator that is seeded for each. */

const SPACE = 32

/** For each byte a letter; the second table has a space for one byte in 13. */
const LETTERS = Uint8Array.from({ length: 256 }, (_, byte) => 97 + ((byte * 26) >> 8))
const WORDS = Uint8Array.from(LETTERS, (letter, byte) => (byte % 13 === 0 ? SPACE : letter))

/** xorshift32 (Marsaglia 2003): the numbers behind a seed that is not 0. */
function nextOf(state: number): number {
  let s = state
  s ^= s << 13
  s ^= s >>> 17
  return s ^ (s << 5)
}

/** Fills target[at, at + length) with letters. */
export function writeLetters(target: Uint8Array, at: number, length: number, seed: number): void {
  let state = seed | 1
  const end = at + length
  let p = at
  for (; p + 4 <= end; p += 4) {
    state = nextOf(state)
    target[p] = LETTERS[state & 255]
    target[p + 1] = LETTERS[(state >>> 8) & 255]
    target[p + 2] = LETTERS[(state >>> 16) & 255]
    target[p + 3] = LETTERS[state >>> 24]
  }
  state = nextOf(state)
  for (let shift = 0; p < end; p++, shift += 8) target[p] = LETTERS[(state >>> shift) & 255]
}

/** As `writeLetters`, with `gap` between the words; neither the first nor the last byte is one. */
export function writeWords(
  target: Uint8Array,
  at: number,
  length: number,
  { seed, gap = SPACE }: { readonly seed: number; readonly gap?: number },
): void {
  let state = seed | 1
  for (let i = 0; i < length; i++) {
    if ((i & 3) === 0) state = nextOf(state)
    const byte = (state >>> ((i & 3) * 8)) & 255
    const inner = i > 0 && i < length - 1
    const letter = inner ? WORDS[byte] : LETTERS[byte]
    target[at + i] = letter === SPACE ? gap : letter
  }
}
