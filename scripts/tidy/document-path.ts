/** Documents name files that exist: a path in backticks or in a link leads somewhere. The changelog
 *  is exempt, it tells history. */

import { posix } from 'node:path'
import type { Finding, Rule } from './rule.ts'
import type { Tree } from './tree.ts'

const CODE = /`((?:engine|sql|server|connectors|client|console|bench|scripts|test|docs)\/[^`\s]*)`/g
const LINK = /\]\((?!\w+:)([^)#\s]+)(?:#[^)\s]*)?\)/g

export const documentPath: Rule = {
  name: 'document-path',
  check(tree) {
    const findings: Finding[] = []
    for (const [path, text] of tree.texts) {
      if (!path.endsWith('.md') || path === 'CHANGELOG.md') continue
      for (const [index, line] of text.split('\n').entries()) {
        for (const named of [...namedPaths(line), ...linkedPaths(path, line)]) {
          if (exists(tree, named)) continue
          findings.push({
            path,
            line: index + 1,
            message: `${named} does not exist: name what does`,
          })
        }
      }
    }
    return findings
  },
}

const namedPaths = (line: string): string[] => [...line.matchAll(CODE)].map(([, path]) => path)

const linkedPaths = (from: string, line: string): string[] =>
  [...line.matchAll(LINK)].map(([, target]) => posix.join(posix.dirname(from), target))

/** A file, a folder, a file without `.ts`, a `*` pattern, or a `{a,b}` choice. */
function exists(tree: Tree, path: string): boolean {
  const choice = /\{([^}]*)\}/.exec(path)
  if (choice !== null) {
    return choice[1].split(',').every((part) => exists(tree, path.replace(choice[0], part.trim())))
  }
  const pattern = path.replace(/\/$/, '').replace(/[.+?^$()|[\]\\]/g, '\\$&')
  const regex = new RegExp(`^${pattern.replaceAll('*', '[^/]*')}(?:\\.ts)?(?:/|$)`)
  for (const known of tree.texts.keys()) if (regex.test(known)) return true
  return false
}
