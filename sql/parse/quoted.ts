/** Reads what stands between quotes: strings, quoted names, dollar quotes and comments. An
 *  unterminated one is an error that points at its opening. */

import { fail } from '../../engine/base/errors.ts'

/** A piece of text and where the tokenizer goes on. */
export interface Quoted {
  readonly text: string
  readonly end: number
}

function unterminated(what: string, offset: number, length: number, hint: string): never {
  fail('SYNTAX', `${what} that starts here is not closed`, { at: { offset, length }, hint })
}

/** A text in `quote`s that stands at `open`; a doubled quote inside is one. SYNTAX if it is not
 *  closed. */
export function readQuoted(sql: string, open: number, quote: string, what: string): Quoted {
  let end = sql.indexOf(quote, open + 1)
  while (end >= 0 && sql[end + 1] === quote) end = sql.indexOf(quote, end + 2)
  if (end < 0) unterminated(`The ${what}`, open, 1, `Add the closing ${quote}`)
  const text = sql.slice(open + 1, end)
  return { text: text.includes(quote) ? text.replaceAll(quote + quote, quote) : text, end: end + 1 }
}

const ESCAPES: Readonly<Record<string, string>> = { b: '\b', f: '\f', n: '\n', r: '\r', t: '\t' }
const HEX_LENGTHS: Readonly<Record<string, number>> = { x: 2, u: 4, U: 8 }

/** The string after `E` at `open`, in which a backslash escapes. SYNTAX as in `readQuoted`, or if
 *  an escape is not a character. */
export function readEscaped(sql: string, open: number): Quoted {
  let text = ''
  let at = open + 1
  while (at < sql.length) {
    if (sql[at] === "'") {
      if (sql[at + 1] !== "'") return { text, end: at + 1 }
      text += "'"
      at += 2
    } else if (sql[at] === '\\') {
      const escaped = readEscape(sql, at)
      text += escaped.text
      at = escaped.end
    } else {
      text += sql[at++]
    }
  }
  unterminated('The string', open - 1, 2, "Add the closing '")
}

function readEscape(sql: string, at: number): Quoted {
  const letter = sql[at + 1] ?? ''
  const digits = HEX_LENGTHS[letter]
  if (digits === undefined) return { text: ESCAPES[letter] ?? letter, end: at + 2 }
  const hex = sql.slice(at + 2, at + 2 + digits)
  const point = /^[0-9a-fA-F]+$/.test(hex) && hex.length === digits ? Number.parseInt(hex, 16) : -1
  const isSurrogate = point >= 0xd800 && point <= 0xdfff
  if (point < 1 || point > 0x10ffff || isSurrogate) {
    fail('SYNTAX', `\\${letter} must be followed by ${digits} hex digits of a character`, {
      at: { offset: at, length: 2 },
    })
  }
  return { text: String.fromCodePoint(point), end: at + 2 + digits }
}

const DOLLAR_TAG = /\$(?:[A-Za-z_][A-Za-z_0-9]*)?\$/y

/** A dollar-quoted text at `open`, `$$…$$` or `$tag$…$tag$`; undefined if there is none. SYNTAX if
 *  it is not closed. */
export function readDollarQuoted(sql: string, open: number): Quoted | undefined {
  DOLLAR_TAG.lastIndex = open
  const tag = DOLLAR_TAG.exec(sql)?.[0]
  if (tag === undefined) return undefined
  const from = open + tag.length
  const end = sql.indexOf(tag, from)
  if (end < 0) unterminated('The text', open, tag.length, `Add the closing ${tag}`)
  return { text: sql.slice(from, end), end: end + tag.length }
}

/** The end of a comment at `open`; comments nest. SYNTAX if it is not closed. */
export function skipComment(sql: string, open: number): number {
  const mark = /\/\*|\*\//g
  mark.lastIndex = open + 2
  for (let depth = 1, match = mark.exec(sql); match !== null; match = mark.exec(sql)) {
    depth += match[0] === '/*' ? 1 : -1
    if (depth === 0) return mark.lastIndex
  }
  return unterminated('The comment', open, 2, 'Add the closing */')
}
