/** A small scanner for TypeScript: it knows strings, templates, regular expressions and comments,
 *  so that a rule never mistakes text for code. It needs no compiler and survives its upgrades. */

export type TokenKind = 'word' | 'number' | 'string' | 'template' | 'regex' | 'symbol' | 'comment'

export interface Token {
  readonly kind: TokenKind
  readonly text: string
  /** Counts from 1. */
  readonly line: number
  readonly endLine: number
}

const WORD = /[#\p{ID_Start}$_][\p{ID_Continue}$\u200c\u200d]*/uy
const NUMBER = /(?:\d|\.\d)(?:[eE][+-]\d|[\w.])*/y
const STRING = /'(?:\\[\s\S]|[^'\\\n])*'?|"(?:\\[\s\S]|[^"\\\n])*"?/y
const REGEX = /\/(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\[\n])+\/[a-z]*/y
const COMMENT = /\/\/[^\n]*|\/\*[\s\S]*?(?:\*\/|$)/y
const SHEBANG = /#![^\n]*/y
const SYMBOL = /=>|\.\.\.|\?\.(?!\d)|\+\+|--|[\s\S]/y

/** Words after which a slash starts a regular expression. */
const OPERATOR_WORDS = new Set(
  'await case delete do else in instanceof new of return throw typeof void yield'.split(' '),
)

/** The text as tokens, comments included, white space left out. Never fails: text that is not
 *  TypeScript gives odd tokens. */
export function tokenize(text: string): Token[] {
  return new Scanner(text).run()
}

class Scanner {
  readonly #text: string
  readonly #tokens: Token[] = []
  #at = 0
  #line = 1
  /** Depth of braces inside each open `${`; the last is the innermost. */
  readonly #templates: number[] = []

  constructor(text: string) {
    this.#text = text
  }

  run(): Token[] {
    this.#takeIf('comment', SHEBANG)
    while (this.#at < this.#text.length) {
      const char = this.#text[this.#at]
      if (char === '\n') this.#line++
      if (char === ' ' || char === '\n' || char === '\t' || char === '\r') this.#at++
      else this.#next(char)
    }
    return this.#tokens
  }

  #next(char: string): void {
    if (char === '`') this.#template()
    else if (char === '/') this.#slash()
    else if (char === "'" || char === '"') this.#take('string', STRING)
    else if (this.#takeIf('number', NUMBER) || this.#takeIf('word', WORD)) return
    else if (char === '}' && this.#templates.at(-1) === 0) {
      this.#templates.pop()
      this.#template()
    } else {
      const innermost = this.#templates.length - 1
      if (innermost >= 0 && char === '{') this.#templates[innermost]++
      if (innermost >= 0 && char === '}') this.#templates[innermost]--
      this.#take('symbol', SYMBOL)
    }
  }

  /** Takes a piece of a template: from its backtick or `}` to the next `${` or its end. */
  #template(): void {
    let end = this.#at + 1
    while (end < this.#text.length) {
      const char = this.#text[end++]
      if (char === '`') break
      if (char === '\\') end++
      else if (char === '$' && this.#text[end] === '{') {
        end++
        this.#templates.push(0)
        break
      }
    }
    this.#push('template', this.#text.slice(this.#at, end))
  }

  #slash(): void {
    if (this.#takeIf('comment', COMMENT)) return
    if (this.#regexMayStart() && this.#takeIf('regex', REGEX)) return
    this.#take('symbol', SYMBOL)
  }

  /** A slash divides after a value and starts a regular expression elsewhere. */
  #regexMayStart(): boolean {
    const before = this.#tokens.findLast((token) => token.kind !== 'comment')
    if (before === undefined) return true
    if (before.kind === 'word') return OPERATOR_WORDS.has(before.text)
    if (before.kind === 'template') return before.text.endsWith('${')
    if (before.kind !== 'symbol') return false
    return !/^(?:\)|\]|\}|\+\+|--)$/.test(before.text)
  }

  #takeIf(kind: TokenKind, pattern: RegExp): boolean {
    pattern.lastIndex = this.#at
    const text = pattern.exec(this.#text)?.[0]
    if (text !== undefined) this.#push(kind, text)
    return text !== undefined
  }

  #take(kind: TokenKind, pattern: RegExp): void {
    if (!this.#takeIf(kind, pattern)) this.#push(kind, this.#text[this.#at])
  }

  #push(kind: TokenKind, text: string): void {
    const line = this.#line
    for (const char of text) if (char === '\n') this.#line++
    this.#tokens.push({ kind, text, line, endLine: this.#line })
    this.#at += text.length
  }
}
