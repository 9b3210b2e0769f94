/** Cuts bytes into lines, as ranges. */

const LF = 10
const CR = 13
const QUOTE = 34

export interface Lines {
  readonly starts: Int32Array
  readonly ends: Int32Array
  /** Bytes that belong to the lines, line ends included. */
  readonly used: number
}

export interface LineRules {
  readonly rowsMax: number
  /** Line ends inside double quotes belong to the line (CSV). */
  readonly quoted: boolean
  /** The bytes end with the file: what stands after the last line end is a line as well. */
  readonly whole: boolean
}

/** The lines of bytes[0, length); empty ones are left out. CR LF ends a line too. */
export function cutLines(bytes: Uint8Array, { rowsMax, quoted, whole }: LineRules): Lines {
  const starts: number[] = []
  const ends: number[] = []
  let used = 0
  while (used < bytes.length && starts.length < rowsMax) {
    const found = quoted ? endOfRecord(bytes, used) : bytes.indexOf(LF, used)
    if (found < 0 && !whole) break
    const end = found < 0 ? bytes.length : found
    const text = end > used && bytes[end - 1] === CR ? end - 1 : end
    if (text > used) {
      starts.push(used)
      ends.push(text)
    }
    used = found < 0 ? end : end + 1
  }
  return { starts: Int32Array.from(starts), ends: Int32Array.from(ends), used }
}

/** The line end that is outside quotes; -1 if there is none. A doubled quote leaves and enters. */
function endOfRecord(bytes: Uint8Array, from: number): number {
  let inside = false
  for (let i = from; i < bytes.length; i++) {
    const c = bytes[i]
    if (c === QUOTE) inside = !inside
    else if (c === LF && !inside) return i
  }
  return -1
}
