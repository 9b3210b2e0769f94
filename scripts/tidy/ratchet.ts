/** Exceptions to the length limits. They may only shrink: an entry that is larger than it needs to
 *  be is a finding, and so is one that is needed no more. */

import type { Finding } from './rule.ts'
import type { Tree } from './tree.ts'

export const RATCHET = 'scripts/tidy/ratchet.json'

export interface Measured {
  /** The entry's key in the ratchet file. */
  readonly key: string
  readonly path: string
  readonly line: number
  readonly length: number
}

/** Compares what was measured with the limit and with the ratchet entries of `rule`. */
export function checkLengths(
  tree: Tree,
  rule: string,
  measured: readonly Measured[],
  limit: { readonly lines: number; readonly advice: string },
): Finding[] {
  const allowed: Record<string, number> = JSON.parse(tree.texts.get(RATCHET) ?? '{}')[rule] ?? {}
  const findings: Finding[] = []
  for (const { key, path, line, length } of measured) {
    const most = allowed[key] ?? limit.lines
    if (length > most) {
      findings.push({ path, line, message: `${length} lines, at most ${most}: ${limit.advice}` })
    }
  }
  for (const [key, most] of Object.entries(allowed)) {
    const length = Math.max(0, ...measured.filter((m) => m.key === key).map((m) => m.length))
    const stale = { path: RATCHET, line: 1 }
    if (length <= limit.lines) findings.push({ ...stale, message: `remove ${rule} "${key}"` })
    else if (length < most) {
      findings.push({ ...stale, message: `lower ${rule} "${key}" from ${most} to ${length}` })
    }
  }
  return findings
}
