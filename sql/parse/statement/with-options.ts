/** WITH ('key' = 'value', …). */

import { fail } from '../../../engine/base/errors.ts'
import type { Name, OptionPair } from '../../ast.ts'
import type { Cursor } from '../cursor.ts'
import { spanOf } from '../token.ts'

/** The options behind WITH; none if it is not there. SYNTAX for a key that is given twice. */
export function withOptions(cursor: Cursor): OptionPair[] {
  if (!cursor.accept('WITH')) return []
  return optionList(cursor)
}

/** `('key' = 'value', …)`; may be empty. */
export function optionList(cursor: Cursor): OptionPair[] {
  if (cursor.accept('(', ')')) return []
  const seen = new Set<string>()
  return cursor.list(() => {
    const first = cursor.token
    const key = optionKey(cursor)
    if (seen.has(key.text)) {
      fail('SYNTAX', `The option '${key.text}' is given twice`, { at: key.at })
    }
    seen.add(key.text)
    cursor.expect('=')
    return { key, value: optionValue(cursor), at: cursor.spanFrom(first) }
  })
}

/** `'a.b'`, or `a.b` without quotes. */
export function optionKey(cursor: Cursor): Name {
  const { token } = cursor
  if (token.kind === 'string') {
    cursor.advance()
    return { text: token.text, at: spanOf(token) }
  }
  if (token.kind === 'quoted') cursor.string('an option name in single quotes')
  if (token.kind !== 'word') {
    cursor.unexpected({ what: 'an option name', hint: "Options are written 'name' = 'value'" })
  }
  let text = cursor.advance().text
  while (cursor.is('.') || cursor.is('-')) {
    const joint = cursor.advance()
    const part = cursor.token
    if (part.kind !== 'word') cursor.unexpected({ what: 'an option name' })
    text += joint.text + cursor.advance().text
  }
  return { text, at: cursor.spanFrom(token) }
}

/** A string; numbers and the words TRUE and FALSE need no quotes. */
export function optionValue(cursor: Cursor): string {
  const { token } = cursor
  const isPlain = token.kind === 'number' || token.key === 'TRUE' || token.key === 'FALSE'
  return isPlain ? cursor.advance().text.toLowerCase() : cursor.string('a value in single quotes')
}
