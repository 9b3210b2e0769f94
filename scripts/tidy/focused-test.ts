/** Every test runs. `.only` and `.todo` never stay; a skip says why in a comment beside it. */

import { sourceRule } from './rule.ts'
import { isTest } from './tree.ts'

const RUNNERS = new Set(['test', 'it', 'describe', 'suite'])
const FORBIDDEN = new Set(['only', 'todo'])
const SKIPS = new Set(['skip', 'skipIf', 'runIf'])

export const focusedTest = sourceRule('focused-test', function* ({ path, code, tokens }) {
  if (!isTest(path)) return
  const explained = new Set<number>()
  for (const { kind, line, endLine } of tokens) {
    if (kind === 'comment') explained.add(line).add(endLine + 1)
  }
  for (const [at, { text, line }] of code.entries()) {
    if (code[at - 1]?.text !== '.' || !RUNNERS.has(code[at - 2]?.text)) continue
    if (FORBIDDEN.has(text)) yield { line, message: `.${text}: let the whole suite run` }
    if (SKIPS.has(text) && !explained.has(line)) {
      yield { line, message: `.${text} without a reason: say why in a comment right above` }
    }
  }
})
