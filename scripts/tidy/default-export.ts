/** A thing has one name everywhere: no default exports, except where a tool asks for one. */

import { sourceRule } from './rule.ts'
import { isConfig } from './tree.ts'

export const defaultExport = sourceRule('default-export', function* ({ path, code }) {
  if (isConfig(path)) return
  for (const [at, { text, line }] of code.entries()) {
    const isDefault = text === 'default' && /^(?:export|as)$/.test(code[at - 1]?.text ?? '')
    if (isDefault) yield { line, message: 'no default export: export it by name' }
  }
})
