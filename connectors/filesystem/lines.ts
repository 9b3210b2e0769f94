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
  const endOf = csv && recordEnds(csv)
  while (used < bytes.length && starts.length < rowsMax) {
    const found = endOf === undefined ? bytes.indexOf(LF, used) : endOf(bytes, used)
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

/** Finds the line end after a record that begins at a place, as `CsvReader` reads it: a quote has a
 *  meaning at the beginning of a cell, up to the next one. -1: there is none. undefined: every line
 *  end is one. */
function recordEnds({ delimiter, quote, escaping, hasComments }: CsvForm) {
  if (quote === undefined && escaping === undefined) return undefined
  const [cell, mark, escaper] = [delimiter, quote, escaping].map(bytesOf)
  return (bytes: Uint8Array, from: number): number => {
    if (hasComments && bytes[from] === HASH) return bytes.indexOf(LF, from)
    let isInside = false
    let mayOpen = true
    for (let i = from; i < bytes.length; i++) {
      if (isAt(bytes, i, escaper)) {
        i += escaper.length
        mayOpen &&= isInside
      } else if (isAt(bytes, i, mark) && (isInside || mayOpen)) {
        // After the closing one, another makes both a part of the cell.
        isInside = !isInside
        i += mark.length - 1
      } else if (!isInside) {
        if (bytes[i] === LF) return i
        mayOpen = isAt(bytes, i, cell)
        if (mayOpen) i += cell.length - 1
      }
    }
    return -1
  }
}

const bytesOf = (character: string | undefined): Uint8Array => Buffer.from(character ?? '')

function isAt(bytes: Uint8Array, at: number, mark: Uint8Array): boolean {
  if (bytes[at] !== mark[0] || mark.length === 0) return false
  return mark.length === 1 || mark.every((byte, i) => bytes[at + i] === byte)
}
