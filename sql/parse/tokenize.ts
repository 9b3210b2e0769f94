/** Text to tokens: the only place that looks at characters. Refuses control characters, broken
 *  Unicode and texts over the limits, so that nothing after it meets them. */

import { fail, type Span } from '../../engine/base/errors.ts'
import { pairBrackets } from './brackets.ts'
import { DEFAULT_LIMITS, type ParseLimits } from './limits.ts'
import { type Quoted, readDollarQuoted, readEscaped, readQuoted, skipComment } from './quoted.ts'
import type { Source, Token, TokenKind } from './token.ts'

/** What an ASCII character can be; the patterns are only for what this table cannot tell. */
const BLANK = 1
const LETTER = 2
const DIGIT = 4
const SINGLE = 8
const CLASS = new Uint8Array(128)
const mark = (characters: string, bit: number): void => {
  for (const character of characters) CLASS[character.charCodeAt(0)] |= bit
}
mark(' \t\n\r', BLANK)
mark('abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_', LETTER)
mark('0123456789', DIGIT)
// Symbols that never are the start of a longer one.
mark('()[]{},;.+*%^?', SINGLE)
const SINGLES = Array.from({ length: 128 }, (_, code) => String.fromCharCode(code))

const OTHER_BLANK = /[\s\uFEFF]+/y
const WORD = /[\p{ID_Start}_][\p{ID_Continue}$]*/uy
const NUMBER = /(?:\d+(?:\.(?!\.)\d*)?|\.\d+)(?:[eE][+-]?\d+)?/y
const SYMBOL = /->>|#>>|<=>|\|\||<=|>=|<>|!=|==|::|:=|=>|->|#>|@>|<@|&&|[-/<>=:!|&~@#$\\]/y
// biome-ignore lint/suspicious/noControlCharactersInRegex: it is what we look for
const CONTROL = /[\u0000-\u0008\u000e-\u001f\u007f]/
const SAME: Readonly<Record<string, string>> = { '!=': '<>' }

/** The tokens of `sql`. Errors: SYNTAX with the place; LIMIT_EXCEEDED. */
export function tokenize(sql: string, limits: ParseLimits = DEFAULT_LIMITS): Source {
  checkText(sql, limits)
  const tokens: Token[] = []
  for (let at = skipBlank(sql, 0); at < sql.length; ) {
    const token = readToken(sql, at)
    tokens.push(token)
    if (tokens.length > limits.tokensMax) {
      fail('LIMIT_EXCEEDED', `The text has more than ${limits.tokensMax} words and symbols`, {
        at: { offset: token.offset, length: token.length },
        hint: 'Send it in several statements',
      })
    }
    at = skipBlank(sql, token.offset + token.length)
  }
  tokens.push({ kind: 'end', text: '', key: '', offset: sql.length, length: 0 })
  return { sql, tokens, partner: pairBrackets(tokens, limits.nestingMax), limits }
}

function checkText(sql: string, limits: ParseLimits): void {
  if (sql.length > limits.lengthMax) {
    fail(
      'LIMIT_EXCEEDED',
      `The text has ${sql.length} characters; ${limits.lengthMax} are allowed`,
      {
        hint: 'Send records with POST /v1/streams/{name}/records, not as SQL',
      },
    )
  }
  const offset = sql.search(CONTROL)
  if (offset >= 0) {
    const code = sql.charCodeAt(offset).toString(16).toUpperCase().padStart(4, '0')
    fail('SYNTAX', `The control character U+${code} is not allowed`, {
      at: { offset, length: 1 },
      hint: "In a string, write it as an escape: E'\\u0001'",
    })
  }
  if (!sql.isWellFormed()) {
    const lone = /\p{Surrogate}/u.exec(sql)?.index ?? 0
    fail('SYNTAX', 'The text is not well-formed Unicode', { at: { offset: lone, length: 1 } })
  }
}

/** Where the next token starts: after blanks and comments, but before a hint. */
function skipBlank(sql: string, from: number): number {
  let at = from
  for (;;) {
    const code = sql.charCodeAt(at)
    if (code < 128 && (CLASS[code] & BLANK) !== 0) {
      at++
    } else if (code === 45 && sql.charCodeAt(at + 1) === 45) {
      const lineEnd = sql.indexOf('\n', at)
      at = lineEnd < 0 ? sql.length : lineEnd
    } else if (code === 47 && sql.charCodeAt(at + 1) === 42 && sql[at + 2] !== '+') {
      at = skipComment(sql, at)
    } else {
      OTHER_BLANK.lastIndex = at
      if ((code > 32 && code < 128) || !OTHER_BLANK.test(sql)) return at
      at = OTHER_BLANK.lastIndex
    }
  }
}

function readToken(sql: string, at: number): Token {
  const first = sql.charCodeAt(at)
  const kind = first < 128 ? CLASS[first] : 0
  if ((kind & LETTER) !== 0) return prefixedString(sql, at) ?? asciiWord(sql, at)
  const isFraction = first === 46 && (CLASS[sql.charCodeAt(at + 1)] & DIGIT) !== 0
  if ((kind & DIGIT) !== 0 || isFraction) return number(sql, at)
  if ((kind & SINGLE) !== 0) {
    const text = SINGLES[first]
    return { kind: 'symbol', text, key: text, offset: at, length: 1 }
  }
  if (first === 39) return quoted('string', at, readQuoted(sql, at, "'", 'string'))
  if (first === 34 || first === 96) return name(at, readQuoted(sql, at, sql[at], 'quoted name'))
  if (first === 47 && sql.startsWith('/*+', at)) return hint(sql, at)
  if (first === 36) {
    const text = readDollarQuoted(sql, at)
    if (text !== undefined) return quoted('string', at, text)
  }
  return otherWord(sql, at) ?? symbol(sql, at)
}

const quoted = (kind: TokenKind, at: number, { text, end }: Quoted): Token => ({
  kind,
  text,
  key: '',
  offset: at,
  length: end - at,
})

function name(at: number, text: Quoted): Token {
  if (text.text === '') {
    fail('SYNTAX', 'A quoted name must not be empty', { at: { offset: at, length: 2 } })
  }
  return quoted('quoted', at, text)
}

function hint(sql: string, at: number): Token {
  const end = skipComment(sql, at)
  return quoted('hint', at, { text: sql.slice(at + 3, end - 2), end })
}

/** E'…' with backslash escapes, X'…' with hex digits. */
function prefixedString(sql: string, at: number): Token | undefined {
  if (sql[at + 1] !== "'") return undefined
  const letter = sql[at].toUpperCase()
  if (letter === 'E') return quoted('string', at, readEscaped(sql, at + 1))
  if (letter !== 'X') return undefined
  const { text, end } = readQuoted(sql, at + 1, "'", 'bytes literal')
  if (!/^(?:[0-9a-fA-F]{2})*$/.test(text)) {
    fail('SYNTAX', 'A bytes literal has pairs of hex digits', {
      at: { offset: at, length: end - at },
      hint: "For example X'0AFF'",
    })
  }
  return quoted('bytes', at, { text, end })
}

function match(pattern: RegExp, sql: string, at: number): string | undefined {
  pattern.lastIndex = at
  return pattern.exec(sql)?.[0]
}

function asciiWord(sql: string, at: number): Token {
  let end = at + 1
  while ((CLASS[sql.charCodeAt(end)] & (LETTER | DIGIT)) !== 0) end++
  const code = sql.charCodeAt(end)
  // A word that goes on with a $ or in another alphabet needs the slower pattern.
  if (code === 36 || code > 127) return otherWord(sql, at) as Token
  return wordOf(sql.slice(at, end), at)
}

function otherWord(sql: string, at: number): Token | undefined {
  const text = match(WORD, sql, at)
  return text === undefined ? undefined : wordOf(text, at)
}

const wordOf = (text: string, at: number): Token => ({
  kind: 'word',
  text,
  key: text.toUpperCase(),
  offset: at,
  length: text.length,
})

function number(sql: string, at: number): Token {
  const text = match(NUMBER, sql, at) as string
  const rest = otherWord(sql, at + text.length)
  if (rest !== undefined) {
    const wrong = text + rest.text
    fail('SYNTAX', `"${wrong}" is not a number`, {
      at: { offset: at, length: wrong.length },
      hint: `A name that starts with a digit needs quotes: "${wrong}"`,
    })
  }
  return { kind: 'number', text, key: '', offset: at, length: text.length }
}

function symbol(sql: string, at: number): Token {
  const text = match(SYMBOL, sql, at)
  if (text === undefined) badCharacter(sql, at)
  return { kind: 'symbol', text, key: SAME[text] ?? text, offset: at, length: text.length }
}

function badCharacter(sql: string, offset: number): never {
  const character = String.fromCodePoint(sql.codePointAt(offset) as number)
  const at: Span = { offset, length: character.length }
  const isCurly = /[‘’“”„‚«»´]/.test(character)
  fail('SYNTAX', `The character ${character} has no meaning here`, {
    at,
    hint: isCurly ? 'Use straight quotes: \' for strings, " for names' : undefined,
  })
}
