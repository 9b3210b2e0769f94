/** The contract of a house rule: it looks at the whole tree and names what is wrong, where, and
 *  what is wanted instead. */

import type { SourceFile, Tree } from './tree.ts'

export interface Finding {
  readonly path: string
  /** Counts from 1. */
  readonly line: number
  /** What is wrong and what would be right, in one line. */
  readonly message: string
}

export interface Rule {
  /** Named like its file. */
  readonly name: string
  check(tree: Tree): readonly Finding[]
}

/** A rule that looks at one source file at a time; `check` gives line and message. */
export function sourceRule(
  name: string,
  check: (file: SourceFile) => Iterable<Omit<Finding, 'path'>>,
): Rule {
  return {
    name,
    check: (tree) =>
      [...tree.sources.values()].flatMap((file) =>
        [...check(file)].map((found) => ({ path: file.path, ...found })),
      ),
  }
}
