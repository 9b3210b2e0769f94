/** The options of the formats csv and raw. What they mean is in format/csv-form.ts and
 *  format/raw.ts. */

import { CHARSET_NAMES } from '../format/charset.ts'
import type { OptionTable } from './option.ts'

export const CSV_OPTIONS: OptionTable = {
  'csv.field-delimiter': {
    kind: 'string',
    default: ',',
    doc: 'The one character between two cells; `\\t` is a tab.',
  },
  'csv.quote-character': {
    kind: 'string',
    default: '"',
    doc: 'The one character around cells that need it.',
  },
  'csv.disable-quote-character': {
    kind: 'boolean',
    default: 'false',
    doc: 'Whether no character has the meaning of a quote. A cell that would need one cannot be written.',
  },
  'csv.escape-character': {
    kind: 'string',
    doc: 'The one character that takes its meaning from the next. Absent: a quote in quotes is doubled.',
  },
  'csv.null-literal': {
    kind: 'string',
    doc: 'The text of NULL, without quotes. Absent: an empty cell without quotes.',
  },
  'csv.array-element-delimiter': {
    kind: 'string',
    doc: 'The one character between the elements of an ARRAY. Absent: arrays are JSON, as other nested values are.',
  },
  'csv.allow-comments': {
    kind: 'boolean',
    default: 'false',
    doc: 'Whether lines that begin with `#` are passed over.',
  },
  'csv.ignore-parse-errors': {
    kind: 'boolean',
    default: 'false',
    doc: "Passes over messages that do not fit, as 'bad-records' = 'skip' does.",
  },
}

export const RAW_OPTIONS: OptionTable = {
  'raw.charset': {
    kind: 'enum',
    values: CHARSET_NAMES,
    default: 'UTF-8',
    doc: 'How the text of a STRING column is written.',
  },
  'raw.endianness': {
    kind: 'enum',
    values: ['big-endian', 'little-endian'],
    default: 'big-endian',
    doc: 'The order of the bytes of a number.',
  },
}
