/** Headers in an option: `Name: value`, a line each or separated by `;`. */

import { fail } from '../engine/base/errors.ts'

const TOKEN = "[!#$%&'*+.^_`|~0-9A-Za-z-]+"
const NAME = new RegExp(`^${TOKEN}$`)
/** A semicolon that no header follows is part of a value, as in cookies. */
const BETWEEN = new RegExp(`[\\r\\n]+|;(?=\\s*${TOKEN}\\s*:)`)

/** By lower-case name. INVALID_OPTION for a line that is no header. */
export function readHeaders(option: string, text = ''): Record<string, string> {
  const headers: Record<string, string> = {}
  for (const line of text.split(BETWEEN).filter((part) => /[^\s;]/.test(part))) {
    const colon = line.indexOf(':')
    const name = line.slice(0, colon).trim()
    if (colon <= 0 || !NAME.test(name)) {
      // The line may be a secret: it is not shown.
      fail('INVALID_OPTION', `'${option}' has a line that is no header`, {
        hint: 'Headers look like Name: value, a line each or separated by ;',
      })
    }
    headers[name.toLowerCase()] = line
      .slice(colon + 1)
      .replace(/[\s;]+$/, '')
      .trimStart()
  }
  return headers
}
