/** Comments end at column 100. The formatter breaks code there and leaves comments alone; a long
 *  text in code may stay whole, so that it can be found. */

import { sourceRule } from './rule.ts'
import { isTest } from './tree.ts'

const COLUMNS_MAX = 100

export const lineLength = sourceRule('line-length', function* ({ path, lines, tokens }) {
  if (isTest(path)) return
  for (const { kind, line, endLine } of tokens) {
    if (kind !== 'comment') continue
    for (let at = line; at <= endLine; at++) {
      const text = lines[at - 1]
      // A web address can't be broken.
      if (text.length <= COLUMNS_MAX || /https?:\/\/\S{40}/.test(text)) continue
      yield { line: at, message: `${text.length} columns, at most ${COLUMNS_MAX}: break it` }
    }
  }
})
