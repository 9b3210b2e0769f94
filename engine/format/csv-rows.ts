/** Rows as CSV records, as a reader of the same form takes them back. */

import { fail } from '../base/errors.ts'
import type { Batch } from '../batch/batch.ts'
import { type JsonValue, jsonValue } from '../batch/json-value.ts'
import { valueAt } from '../batch/rows.ts'
import type { CsvForm } from './csv-form.ts'

/** One text per row. INVALID_VALUE for a cell that cannot be told from its surroundings, because
 *  the form has no quotes. */
export const csvTexts = ({ columns, rowCount }: Batch, form: CsvForm): string[] => {
  const cell = cellWriter(form)
  return Array.from({ length: rowCount }, (_, row) =>
    columns
      .map((column) => cell(jsonValue(valueAt(column, row), column.type), column.type.kind))
      .join(form.delimiter),
  )
}

/** One record of texts, as the first line of a file has. INVALID_VALUE likewise. */
export const csvLine = (texts: readonly string[], form: CsvForm): string => {
  const cell = cellWriter(form)
  return texts.map((text) => cell(text, 'varchar')).join(form.delimiter)
}

function cellWriter(form: CsvForm): (value: JsonValue, kind: string) => string {
  const { delimiter, quote, escaping, nullLiteral, hasComments, elementDelimiter } = form
  const special = new Set(['\r', '\n', delimiter, quote, escaping])
  const isPlain = (text: string) =>
    (nullLiteral === undefined ? text !== '' : text !== nullLiteral) &&
    !(hasComments && text.startsWith('#')) &&
    ![...text].some((character) => special.has(character))
  const quoted = (text: string): string => {
    if (quote === undefined) return escaped(text)
    const before = escaping ?? quote
    const inner = [...text].map((c) => (c === quote || c === escaping ? before + c : c))
    return quote + inner.join('') + quote
  }
  const escaped = (text: string): string => {
    const isLine = /[\r\n]/.test(text)
    if (escaping === undefined || isLine || isPlain(text) || !isEscapable(text)) refuseCell(text)
    return [...text].map((c) => (special.has(c) ? escaping + c : c)).join('')
  }
  const isEscapable = (text: string) =>
    text !== '' && text !== nullLiteral && !(hasComments && text.startsWith('#'))
  return (value, kind) => {
    if (value === null) return nullLiteral ?? ''
    const text = textOf(value, kind === 'array' ? elementDelimiter : undefined, nullLiteral)
    return isPlain(text) ? text : quoted(text)
  }
}

function textOf(value: JsonValue, elementDelimiter?: string, nullLiteral?: string): string {
  if (!Array.isArray(value) || elementDelimiter === undefined) {
    return value !== null && typeof value === 'object' ? JSON.stringify(value) : String(value)
  }
  const elements = value.map((element) => {
    if (element !== null) return textOf(element)
    return nullLiteral ?? refuseCell('NULL in an array')
  })
  const wrong = elements.find((text) => text.includes(elementDelimiter))
  const isAmbiguous = elements.length === 1 && elements[0] === ''
  if (wrong !== undefined || isAmbiguous) refuseCell(wrong ?? 'an array of one empty text')
  return elements.join(elementDelimiter)
}

function refuseCell(text: string): never {
  fail('INVALID_VALUE', `CSV of this form cannot hold the cell ${JSON.stringify(text)}`, {
    hint: "Leave 'csv.disable-quote-character' or 'csv.array-element-delimiter' out.",
  })
}
