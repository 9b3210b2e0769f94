/** Every source file opens by saying what it owns. Tests and configuration are exempt. */

import { sourceRule } from './rule.ts'
import { isConfig, isTest } from './tree.ts'

export const openingComment = sourceRule('opening-comment', function* ({ path, tokens }) {
  if (isTest(path) || isConfig(path)) return
  const first = tokens.find(({ text }) => !text.startsWith('#!'))
  if (first?.kind === 'comment' && first.text.startsWith('/**')) return
  yield { line: 1, message: 'open with a /** comment */ of one to three sentences: what it owns' }
})
