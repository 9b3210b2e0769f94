/** Strings between JavaScript and a column's bytes. Most strings in streams are short and ASCII,
 *  so that case has its own path. */

const SHORT = 12

/** The UTF-8 bytes [start, end) as a string. `heap` is reusable: make it once per column. */
export function textAt(heap: Buffer, start: number, end: number): string {
  if (end - start <= SHORT) {
    let text = ''
    let i = start
    for (; i < end && heap[i] < 128; i++) text += String.fromCharCode(heap[i])
    if (i === end) return text
  }
  return heap.toString('utf8', start, end)
}

/** A view with Buffer's text functions on the same memory. */
export const asBuffer = (bytes: Uint8Array): Buffer =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)

/** Writes `text` as UTF-8 at `at` and returns the end. There must be room for three bytes per
 *  UTF-16 unit. A lone surrogate becomes U+FFFD. */
export function writeText(heap: Buffer, at: number, text: string): number {
  const { length } = text
  if (length <= SHORT * 2) {
    let i = 0
    for (; i < length; i++) {
      const unit = text.charCodeAt(i)
      if (unit > 127) break
      heap[at + i] = unit
    }
    if (i === length) return at + length
  }
  return at + heap.write(text, at, 'utf8')
}
