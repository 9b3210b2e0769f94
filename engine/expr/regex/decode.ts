/** UTF-8 character by character, for the matchers. Bytes that are no UTF-8 count as one U+FFFD. */

/** How many bytes the character that begins with `lead` has. */
export const widthOf = (lead: number): number =>
  lead < 0xc0 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4

/** The character (code point) at `at`. */
export function codeAt(bytes: Uint8Array, at: number, end: number): number {
  const lead = bytes[at]
  if (lead < 0x80) return lead
  const width = widthOf(lead)
  if (width === 1 || at + width > end) return 0xfffd
  const second = bytes[at + 1] & 0x3f
  if (width === 2) return ((lead & 0x1f) << 6) | second
  const third = bytes[at + 2] & 0x3f
  if (width === 3) return ((lead & 0x0f) << 12) | (second << 6) | third
  const code = ((lead & 0x07) << 18) | (second << 12) | (third << 6) | (bytes[at + 3] & 0x3f)
  return code > 0x10ffff ? 0xfffd : code
}
