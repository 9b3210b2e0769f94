/** Finds the place where a text stops being JSON. Only called when it is known not to be: the
 *  engine's own parser does not always tell where. */

export interface JsonError {
  /** UTF-16 units from the start. */
  readonly position: number
  readonly reason: string
}

const SPACE = /[ \t\n\r]*/y
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y
const WORD = /true|false|null/y
const ESCAPE = /\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/y

class JsonScanner {
  readonly #text: string
  #at = 0

  constructor(text: string) {
    this.#text = text
  }

  find(): JsonError {
    const open: ('[' | '{')[] = []
    for (;;) {
      const opened = this.#value(open)
      if (typeof opened === 'object') return opened
      if (opened) continue
      const closed = this.#afterValue(open)
      if (closed !== null) return closed
    }
  }

  /** Passes a value, or the opening of one (then true). In an object, its key comes first. */
  #value(open: ('[' | '{')[]): JsonError | boolean {
    if (open.at(-1) === '{') {
      const error = this.#key()
      if (error !== null) return error
    }
    this.#match(SPACE)
    const next = this.#text[this.#at]
    if (next === '"') return this.#string() ?? false
    if (next === '[' || next === '{') {
      this.#at++
      this.#match(SPACE)
      if (this.#text[this.#at] === (next === '[' ? ']' : '}')) {
        this.#at++
        return false
      }
      open.push(next)
      return true
    }
    if (this.#match(NUMBER) || this.#match(WORD)) return false
    return this.#error('a value is expected')
  }

  #key(): JsonError | null {
    this.#match(SPACE)
    if (this.#text[this.#at] !== '"') return this.#error('a field name in quotes is expected')
    const error = this.#string()
    if (error !== null) return error
    this.#match(SPACE)
    if (this.#text[this.#at] !== ':') return this.#error("':' is expected")
    this.#at++
    return null
  }

  /** Passes closing brackets up to a comma (then null): another value follows. */
  #afterValue(open: ('[' | '{')[]): JsonError | null {
    for (;;) {
      this.#match(SPACE)
      const next = this.#text[this.#at]
      const inside = open.at(-1)
      if (inside === undefined) return this.#error('the text goes on after its value')
      const close = inside === '[' ? ']' : '}'
      if (next !== ',' && next !== close) return this.#error(`',' or '${close}' is expected`)
      this.#at++
      if (next === ',') return null
      open.pop()
    }
  }

  #string(): JsonError | null {
    for (this.#at++; this.#at < this.#text.length; ) {
      const unit = this.#text.charCodeAt(this.#at)
      if (unit === 34) {
        this.#at++
        return null
      }
      if (unit < 32) return this.#error('a control character stands in a string')
      if (unit !== 92) this.#at++
      else if (!this.#match(ESCAPE)) return this.#error('the escape is not valid')
    }
    return this.#error('the string does not end')
  }

  #match(pattern: RegExp): boolean {
    pattern.lastIndex = this.#at
    const found = pattern.test(this.#text)
    if (found) this.#at = pattern.lastIndex
    return found
  }

  #error(reason: string): JsonError {
    const end = this.#at >= this.#text.length
    const found = end ? 'the text ends' : `found ${JSON.stringify(this.#text[this.#at])}`
    return { position: this.#at, reason: `${reason}, ${found}` }
  }
}

/** The first place in `text`, which is not valid JSON, and what is wrong there. */
export const findJsonError = (text: string): JsonError => new JsonScanner(text).find()
