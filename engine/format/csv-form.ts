/** How CSV is written: what stands between cells and around them. */

import { fail } from '../base/errors.ts'

export interface CsvForm {
  /** One character, as is each of the others. */
  readonly delimiter: string
  /** undefined: cells are never quoted. */
  readonly quote: string | undefined
  /** Before a character that it takes the meaning from; undefined: a quote in quotes is doubled. */
  readonly escaping: string | undefined
  /** The text of NULL; undefined: an empty cell without quotes. */
  readonly nullLiteral: string | undefined
  /** Lines that begin with `#` are passed over. */
  readonly hasComments: boolean
  /** Between the elements of an ARRAY; undefined: arrays are JSON. */
  readonly elementDelimiter: string | undefined
}

/** As RFC 4180 has it. */
export const PLAIN_CSV: CsvForm = {
  ...{ delimiter: ',', quote: '"', hasComments: false },
  ...{ escaping: undefined, nullLiteral: undefined, elementDelimiter: undefined },
}

/** By a table's options. INVALID_OPTION for what is not one character, or the same for two. */
export function csvForm(options: Readonly<Record<string, string>>): CsvForm {
  const one = (name: string): string | undefined => {
    const text = options[`csv.${name}`]
    if (text === undefined) return undefined
    // As Flink's users write it in SQL.
    const character = text === '\\t' ? '\t' : text
    if (character.length === 1 && character !== '\n' && character !== '\r') return character
    return fail('INVALID_OPTION', `'csv.${name}' is one character, not '${text}'`)
  }
  const isQuoted = options['csv.disable-quote-character'] !== 'true'
  const form: CsvForm = {
    delimiter: one('field-delimiter') ?? ',',
    quote: isQuoted ? (one('quote-character') ?? '"') : undefined,
    escaping: one('escape-character'),
    nullLiteral: options['csv.null-literal'],
    hasComments: options['csv.allow-comments'] === 'true',
    elementDelimiter: one('array-element-delimiter'),
  }
  refuseAmbiguous(form)
  return form
}

function refuseAmbiguous(form: CsvForm): void {
  const { delimiter, quote, escaping, elementDelimiter, nullLiteral = '' } = form
  const comment = form.hasComments ? '#' : undefined
  const all = [delimiter, quote, escaping, elementDelimiter, comment].filter((c) => c !== undefined)
  const within =
    all.find((character) => nullLiteral.includes(character)) ?? /[\r\n]/.exec(nullLiteral)
  if (within !== undefined && within !== null) {
    fail('INVALID_OPTION', `'csv.null-literal' has a character with a meaning in it`)
  }
  const twice = all.find((character, i) => all.indexOf(character) !== i)
  if (twice === undefined) return
  fail('INVALID_OPTION', `'${twice}' cannot have two meanings in CSV`, {
    hint: 'Delimiters, the quote, the escape character and the # of comments are different ones.',
  })
}
