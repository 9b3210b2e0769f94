/** The types are never switched off: no `any`, no comment that silences the compiler. */

import { sourceRule } from './rule.ts'

/** What stands before `any` where it is a type. */
const BEFORE_TYPE = new Set([
  ':',
  '<',
  ',',
  '|',
  '&',
  '=',
  '=>',
  '(',
  '[',
  'as',
  'keyof',
  'readonly',
])
const SILENCER = /@ts-(?:ignore|nocheck|expect-error)/

export const explicitAny = sourceRule('explicit-any', function* ({ tokens, code }) {
  for (const [at, { kind, text, line }] of code.entries()) {
    if (kind !== 'word' || text !== 'any' || !BEFORE_TYPE.has(code[at - 1]?.text)) continue
    if (code[at + 1]?.text === '(' || code[at + 1]?.text === ':') continue
    yield { line, message: '`any` is banned: write the type, or `unknown` and check it' }
  }
  for (const { kind, text, line } of tokens) {
    if (kind !== 'comment' || !SILENCER.test(text)) continue
    yield { line, message: `${SILENCER.exec(text)?.[0]} is banned: make the types right` }
  }
})
