/** No cycles among imports that exist at run time. */

import type { Finding, Rule } from './rule.ts'
import { resolveImport, type SourceFile, type Tree } from './tree.ts'

export const importCycle: Rule = {
  name: 'import-cycle',
  check(tree) {
    const done = new Set<string>()
    const findings: Finding[] = []
    for (const file of tree.sources.values()) visit(tree, file, [], done, findings)
    return findings
  },
}

/** Depth first; `path` is the way from the start to `file`. */
function visit(
  tree: Tree,
  file: SourceFile,
  path: readonly string[],
  done: Set<string>,
  findings: Finding[],
): void {
  if (done.has(file.path)) return
  const way = [...path, file.path]
  for (const { specifier, line, typeOnly, byUrl } of file.imports) {
    const target = resolveImport(file.path, specifier)
    const next = target === undefined ? undefined : tree.sources.get(target)
    if (next === undefined || typeOnly || byUrl) continue
    const start = way.indexOf(next.path)
    if (start === -1) visit(tree, next, way, done, findings)
    else {
      const cycle = [...way.slice(start), next.path].join(' -> ')
      findings.push({ path: file.path, line, message: `cycle ${cycle}: move the shared part out` })
    }
  }
  done.add(file.path)
}
