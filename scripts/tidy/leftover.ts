/** What is committed is finished: no notes to self. */

import { sourceRule } from './rule.ts'

// Split, so that this file does not find itself.
const NOTE = new RegExp(`\\b(?:TO${''}DO|FIX${''}ME|XX${''}X|HA${''}CK)\\b`)

export const leftover = sourceRule('leftover', function* ({ tokens }) {
  for (const { kind, text, line } of tokens) {
    if (kind !== 'comment') continue
    for (const [offset, part] of text.split('\n').entries()) {
      const note = NOTE.exec(part)?.[0]
      if (note) yield { line: line + offset, message: `${note}: do it now, or file an issue` }
    }
  }
})
