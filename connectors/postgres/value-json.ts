/** PostgreSQL's texts of values as JSON, in the form in which our types are read. */

import { Buffer } from 'node:buffer'
import type { DataType } from '../../engine/batch/types.ts'

/** Settings of a connection under which values have the texts that are read here. */
export const TEXT_SETTINGS = [
  ...['TimeZone=UTC', 'DateStyle=ISO', 'IntervalStyle=iso_8601', 'extra_float_digits=1'],
  ...['bytea_output=hex', 'client_encoding=UTF8'],
]

export type ValueJson = (text: string) => string

/** How a value is written for a column of our type. What does not fit the type is for the decoder
 *  to refuse. */
export function valueJson(type: DataType): ValueJson {
  switch (type.kind) {
    case 'boolean':
      return (text) => (text === 't' ? 'true' : text === 'f' ? 'false' : JSON.stringify(text))
    case 'tinyint':
    case 'smallint':
    case 'int':
    case 'bigint':
      return (text) => (/^-?\d{1,15}$/.test(text) ? text : JSON.stringify(text))
    case 'float':
    case 'double':
      return (text) => (/^-?\d+(\.\d+)?(e[+-]?\d+)?$/.test(text) ? text : JSON.stringify(text))
    case 'bytes':
      return (text) =>
        JSON.stringify(
          text.startsWith('\\x') ? Buffer.from(text.slice(2), 'hex').toString('base64') : text,
        )
    case 'timestamp_ltz':
      return (text) => JSON.stringify(text.replace(/\+00$/, 'Z'))
    case 'json':
    case 'map':
    case 'row':
      return (text) => text
    case 'array':
      return arrayJson(valueJson(type.element))
    default:
      return (text) => JSON.stringify(text)
  }
}

/** From `{a,"b \"c\"",NULL,{…}}`, perhaps with its bounds in front, or from a JSON document. */
function arrayJson(element: ValueJson): ValueJson {
  return (text) => {
    const bounds = /^\[[\d:[\]-]+\]=/.exec(text)?.[0].length ?? 0
    if (text[bounds] !== '{') return text
    return new ArrayText(text, bounds, element).array()
  }
}

class ArrayText {
  readonly #text: string
  readonly #element: ValueJson
  #at: number

  constructor(text: string, at: number, element: ValueJson) {
    this.#text = text
    this.#at = at
    this.#element = element
  }

  /** The array at the place. */
  array(): string {
    const items: string[] = []
    this.#at++
    while (this.#text[this.#at] !== '}' && this.#at < this.#text.length) {
      items.push(this.#item())
      if (this.#text[this.#at] === ',') this.#at++
    }
    this.#at++
    return `[${items.join(',')}]`
  }

  #item(): string {
    const first = this.#text[this.#at]
    // The element's own type is an array as well, and reads it by itself.
    if (first === '{') return this.#element(this.#nested())
    if (first === '"') return this.#element(this.#quoted())
    const end = this.#text.slice(this.#at).search(/[,}]/)
    const word = this.#text.slice(this.#at, end < 0 ? undefined : this.#at + end)
    this.#at += word.length
    return word === 'NULL' ? 'null' : this.#element(word)
  }

  #quoted(): string {
    let value = ''
    for (this.#at++; this.#text[this.#at] !== '"' && this.#at < this.#text.length; this.#at++) {
      if (this.#text[this.#at] === '\\') this.#at++
      value += this.#text[this.#at]
    }
    this.#at++
    return value
  }

  #nested(): string {
    const start = this.#at
    let depth = 0
    do {
      const c = this.#text[this.#at]
      if (c === '{') depth++
      else if (c === '}') depth--
      if (c === '"') this.#quoted()
      else this.#at++
    } while (depth > 0 && this.#at < this.#text.length)
    return this.#text.slice(start, this.#at)
  }
}
