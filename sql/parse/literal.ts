/** Literals of every type, and the fast way through lists of them. */

import { fail } from '../../engine/base/errors.ts'
import { parseDate, parseTime, readTimestamp } from '../../engine/base/time-text.ts'
import { BOOLEAN, BYTES, DATE, NULL_TYPE, VARCHAR } from '../../engine/batch/types.ts'
import type { Expression } from '../ast.ts'
import type { Cursor } from './cursor.ts'
import { interval, isInterval } from './interval.ts'
import { type Literal, numberLiteral, withSign } from './number-literal.ts'
import { spanOf, type Token } from './token.ts'

/** The literal here, behind which the cursor moves; undefined, without a move, if there is none.
 *  A sign is not part of a number. */
export function literal(cursor: Cursor): Literal | undefined {
  const { token } = cursor
  switch (token.kind) {
    case 'number':
      return numberLiteral(cursor.advance())
    case 'string':
      return { kind: 'literal', type: VARCHAR, value: cursor.advance().text, at: spanOf(token) }
    case 'bytes':
      return { kind: 'literal', type: BYTES, value: bytesOf(cursor.advance()), at: spanOf(token) }
    case 'word':
      return wordLiteral(cursor)
    default:
      return undefined
  }
}

const bytesOf = (token: Token): Uint8Array => Uint8Array.from(Buffer.from(token.text, 'hex'))

function wordLiteral(cursor: Cursor): Literal | undefined {
  const { token } = cursor
  switch (token.key) {
    case 'NULL':
      return { kind: 'literal', type: NULL_TYPE, value: null, at: spanOf(cursor.advance()) }
    case 'TRUE':
    case 'FALSE':
      cursor.advance()
      return { kind: 'literal', type: BOOLEAN, value: token.key === 'TRUE', at: spanOf(token) }
    case 'INTERVAL':
      return isInterval(cursor) ? interval(cursor) : undefined
    case 'DATE':
    case 'TIME':
    case 'TIMESTAMP':
      return isTimeLiteral(cursor.peek()) ? timeLiteral(cursor) : undefined
    default:
      return undefined
  }
}

/** A text behind DATE; also one in wrong quotes, which then is an error and no alias. */
const isTimeLiteral = ({ kind, text }: Token): boolean =>
  kind === 'string' || (kind === 'quoted' && /^\d+[-:]/.test(text))

const TIME_FORMS: Readonly<Record<string, string>> = {
  DATE: "DATE '2024-05-31'",
  TIME: "TIME '10:30:00'",
  TIMESTAMP: "TIMESTAMP '2024-05-31 10:30:00.000'",
}

/** DATE, TIME or TIMESTAMP with a text. The precision is the number of fractional digits. SYNTAX if
 *  the text names no such day or time. */
function timeLiteral(cursor: Cursor): Literal {
  const first = cursor.advance()
  const text = cursor.string('a text in single quotes')
  const at = cursor.spanFrom(first)
  const fraction = /\.(\d+)$/.exec(text)?.[1].length ?? 0
  if (fraction > 6) {
    fail('SYNTAX', 'Times have at most 6 fractional digits: microseconds', { at })
  }
  if (first.key === 'DATE') {
    const value = parseDate(text)
    if (value !== undefined) return { kind: 'literal', type: DATE, value, at }
  } else if (first.key === 'TIME') {
    const value = parseTime(text)
    if (value !== undefined)
      return { kind: 'literal', type: { kind: 'time', precision: fraction }, value, at }
  } else {
    const read = readTimestamp(text)
    if (read?.offsetUs !== undefined) {
      fail('SYNTAX', 'A TIMESTAMP literal has no time zone', {
        at,
        hint: `Write CAST('${text}' AS TIMESTAMP_LTZ(3))`,
      })
    }
    if (read !== undefined) {
      return {
        kind: 'literal',
        type: { kind: 'timestamp', precision: fraction },
        value: read.localUs,
        at,
      }
    }
  }
  fail('SYNTAX', `'${text}' is not a ${first.key}`, {
    at,
    hint: `For example ${TIME_FORMS[first.key]}`,
  })
}

/** A literal, maybe with a sign, that is all there is up to one of `stops`; undefined, without a
 *  move, if there is more. Long lists of values take this way, which needs no grammar. */
export function lonelyLiteral(cursor: Cursor, stops: ReadonlySet<string>): Expression | undefined {
  const start = cursor.index
  const first = cursor.token
  const sign = first.key === '-' || first.key === '+' ? cursor.advance().key : ''
  const value = sign === '' || cursor.token.kind === 'number' ? literal(cursor) : undefined
  if (value === undefined || !cursor.isAny(stops)) {
    cursor.index = start
    return undefined
  }
  return sign === '' ? value : withSign(sign, value, cursor.spanFrom(first))
}
