/** JSON values of a result as the text that people read. */

import type { JsonValue } from '../../client/index.ts'
import { printable } from './text-width.ts'

const NUMBERS = /^(TINYINT|SMALLINT|INT|INTEGER|BIGINT|FLOAT|DOUBLE|DECIMAL)/
const ISO_TIMESTAMP = /^(-?\d{4,}-\d\d-\d\d)T(\d\d:\d\d:\d\d)(?:\.(\d+))?Z?$/

/** Numbers stand right, everything else left. `type` is a SQL type's name. */
export const alignOf = (type: string): 'left' | 'right' =>
  NUMBERS.test(type.toUpperCase()) ? 'right' : 'left'

/** One line of text without control characters. Timestamps as `2001-01-31 10:00:00`, with the
 *  fraction if there is one and a Z if the type has a time zone; structures as JSON. */
export function valueText(value: JsonValue | undefined, type = ''): string {
  if (value === null || value === undefined) return 'NULL'
  if (typeof value === 'string') {
    return type.toUpperCase().startsWith('TIMESTAMP')
      ? timestampText(value, type)
      : printable(value)
  }
  if (typeof value === 'number') return numberText(value, type)
  if (typeof value === 'boolean') return value ? 'true' : 'false'
  return printable(JSON.stringify(value))
}

function timestampText(text: string, type: string): string {
  const match = ISO_TIMESTAMP.exec(text)
  if (match === null) return printable(text)
  const fraction = (match[3] ?? '').replace(/0+$/, '')
  const zone = /LTZ|LOCAL/i.test(type) ? 'Z' : ''
  return `${match[1]} ${match[2]}${fraction && `.${fraction}`}${zone}`
}

/** Doubles lose the noise behind 15 digits: 6.338970445007172 stays, 0.30000000000000004 is 0.3. */
function numberText(value: number, type: string): string {
  if (Number.isInteger(value) || !/^(DOUBLE|FLOAT)/i.test(type)) return String(value)
  return String(Number(value.toPrecision(type.toUpperCase() === 'FLOAT' ? 7 : 15)))
}
