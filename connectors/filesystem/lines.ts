/** Cuts bytes into lines, as ranges. */

const LF = 10
const CR = 13
const HASH = 35

import type { CsvForm } from '../../engine/format/csv-form.ts'

export interface Lines {
  readonly starts: Int32Array
  readonly ends: Int32Array
  /** Bytes that belong to the lines, line ends included. */
  readonly used: number
}

export interface LineRules {
  readonly rowsMax: number
  /** Line ends inside its quotes belong to the line. */
  readonly csv: CsvForm | undefined
  /** The bytes end with the file: what stands after the last line end is a line as well. */
  readonly whole: boolean
}

/** The lines of bytes[0, length); empty ones are left out. CR LF ends a line too. */
export function cutLines(bytes: Uint8Array, { rowsMax, csv, whole }: LineRules): Lines {
  const starts: number[] = []
  const ends: number[] = []
  let used = 0
  const quote = csv?.quote
  while (used < bytes.length && starts.length < rowsMax) {
    const found = quote === undefined ? bytes.indexOf(LF, used) : endOfRecord(bytes, used, csv!)
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
function endOfRecord(bytes: Uint8Array, from: number, { quote, escaping, hasComments }: CsvForm) {
  if (hasComments && bytes[from] === HASH) return bytes.indexOf(LF, from)
  const mark = quote!.charCodeAt(0)
  const before = escaping?.charCodeAt(0)
  let inside = false
  for (let i = from; i < bytes.length; i++) {
    const c = bytes[i]
    if (c === before) i++
    else if (c === mark) inside = !inside
    else if (c === LF && !inside) return i
  }
  return -1
}
