/** Walks over JSON text in UTF-8 bytes without building anything. Every function takes the position
 *  to begin at and gives the position behind, or -1 if the bytes are not JSON there. */

const QUOTE = 34
const COMMA = 44
const COLON = 58
const BACKSLASH = 92
const OPEN_ARRAY = 91
const CLOSE_ARRAY = 93
const OPEN_OBJECT = 123
const CLOSE_OBJECT = 125

/** Deepest nesting that counts as JSON. */
const DEPTH_MAX = 1000

/** The first position that is no white space. */
export function skipSpace(bytes: Uint8Array, at: number, end: number): number {
  let next = at
  while (next < end) {
    const byte = bytes[next]
    if (byte !== 32 && byte !== 10 && byte !== 13 && byte !== 9) break
    next++
  }
  return next
}

/** Whether bytes[start, end) is one JSON value with nothing but white space around it. */
export function skipDocument(bytes: Uint8Array, start: number, end: number): boolean {
  const behind = skipValue(bytes, skipSpace(bytes, start, end), end)
  return behind >= 0 && skipSpace(bytes, behind, end) === end
}

/** Behind the string whose opening quote is at `at`. */
export function skipString(bytes: Uint8Array, at: number, end: number): number {
  for (let next = at + 1; next < end; next++) {
    const byte = bytes[next]
    if (byte === QUOTE) return next + 1
    if (byte < 32) return -1
    if (byte !== BACKSLASH) continue
    next++
    if (bytes[next] === 117) {
      for (let digit = 1; digit <= 4; digit++) if (!isHex(bytes[next + digit])) return -1
      next += 4
    } else if (next >= end || ESCAPED[bytes[next]] === 0) return -1
  }
  return -1
}

/** 1 for what may stand behind a backslash. */
const ESCAPED = new Uint8Array(256)
for (const sign of '"\\/bfnrt') ESCAPED[sign.charCodeAt(0)] = 1

const isDigit = (byte: number): boolean => byte >= 48 && byte <= 57

const isHex = (byte: number): boolean =>
  isDigit(byte) || (byte >= 65 && byte <= 70) || (byte >= 97 && byte <= 102)

function skipDigits(bytes: Uint8Array, at: number, end: number): number {
  let next = at
  while (next < end && isDigit(bytes[next])) next++
  return next === at ? -1 : next
}

function skipNumber(bytes: Uint8Array, at: number, end: number): number {
  const first = bytes[at] === 45 ? at + 1 : at
  let next = bytes[first] === 48 && first < end ? first + 1 : skipDigits(bytes, first, end)
  if (next < 0) return -1
  if (next < end && bytes[next] === 46) next = skipDigits(bytes, next + 1, end)
  if (next < 0 || next >= end || (bytes[next] | 32) !== 101) return next
  const sign = bytes[next + 1]
  return skipDigits(bytes, next + (sign === 43 || sign === 45 ? 2 : 1), end)
}

function skipWord(bytes: Uint8Array, at: number, end: number): number {
  const word = bytes[at] === 116 ? 'true' : bytes[at] === 102 ? 'false' : 'null'
  if (at + word.length > end) return -1
  for (let i = 0; i < word.length; i++) if (bytes[at + i] !== word.charCodeAt(i)) return -1
  return at + word.length
}

function skipScalar(bytes: Uint8Array, at: number, end: number): number {
  const byte = bytes[at]
  if (byte === QUOTE) return skipString(bytes, at, end)
  return byte === 45 || isDigit(byte) ? skipNumber(bytes, at, end) : skipWord(bytes, at, end)
}

/** Behind the colon of the member whose key begins at `at`, at its value. */
export function skipKey(bytes: Uint8Array, at: number, end: number): number {
  if (at >= end || bytes[at] !== QUOTE) return -1
  const key = skipString(bytes, at, end)
  if (key < 0) return -1
  const colon = skipSpace(bytes, key, end)
  return bytes[colon] === COLON && colon < end ? skipSpace(bytes, colon + 1, end) : -1
}

const isObjectAt = new Uint8Array(DEPTH_MAX)

/** Behind the value that begins at `at`. Not by recursion: nesting comes from outside. */
export function skipValue(bytes: Uint8Array, at: number, end: number): number {
  let depth = 0
  let next = at
  for (;;) {
    // A value begins here.
    if (next >= end) return -1
    const byte = bytes[next]
    if (byte === OPEN_OBJECT || byte === OPEN_ARRAY) {
      if (depth === DEPTH_MAX) return -1
      const isObject = byte === OPEN_OBJECT
      next = skipSpace(bytes, next + 1, end)
      if (bytes[next] !== (isObject ? CLOSE_OBJECT : CLOSE_ARRAY) || next >= end) {
        isObjectAt[depth++] = isObject ? 1 : 0
        if (isObject) next = skipKey(bytes, next, end)
        if (next < 0) return -1
        continue
      }
      next++
    } else {
      next = skipScalar(bytes, next, end)
      if (next < 0) return -1
    }
    // A value ended here.
    for (;;) {
      if (depth === 0) return next
      next = skipSpace(bytes, next, end)
      if (next >= end) return -1
      const isObject = isObjectAt[depth - 1] === 1
      if (bytes[next] === COMMA) {
        next = skipSpace(bytes, next + 1, end)
        if (isObject) next = skipKey(bytes, next, end)
        if (next < 0) return -1
        break
      }
      if (bytes[next] !== (isObject ? CLOSE_OBJECT : CLOSE_ARRAY)) return -1
      depth--
      next++
    }
  }
}
