/** The list of house rules. Adding one: its file, a line here, a sample in test/tidy.test.ts. */

import { bannedCall } from './banned-call.ts'
import { deadFile } from './dead-file.ts'
import { defaultExport } from './default-export.ts'
import { dependency } from './dependency.ts'
import { documentPath } from './document-path.ts'
import { explicitAny } from './explicit-any.ts'
import { fileLength } from './file-length.ts'
import { fileName } from './file-name.ts'
import { focusedTest } from './focused-test.ts'
import { frontDoor } from './front-door.ts'
import { functionLength } from './function-length.ts'
import { importCycle } from './import-cycle.ts'
import { importDirection } from './import-direction.ts'
import { leftover } from './leftover.ts'
import { lineLength } from './line-length.ts'
import { machinePath } from './machine-path.ts'
import { openingComment } from './opening-comment.ts'
import type { Rule } from './rule.ts'
import type { Tree } from './tree.ts'
import { vendorHome } from './vendor-home.ts'

export const RULES: readonly Rule[] = [
  // what may know what
  importDirection,
  frontDoor,
  importCycle,
  vendorHome,
  dependency,
  deadFile,
  documentPath,
  // what may not be said
  bannedCall,
  explicitAny,
  defaultExport,
  leftover,
  focusedTest,
  machinePath,
  // how it looks
  fileName,
  openingComment,
  fileLength,
  functionLength,
  lineLength,
]

/** One line per finding, `path:line rule: message`, ordered by path and line. */
export function findingsOf(tree: Tree, rules: readonly Rule[] = RULES): string[] {
  return rules
    .flatMap((rule) => rule.check(tree).map((finding) => ({ rule: rule.name, ...finding })))
    .sort((a, b) => a.path.localeCompare(b.path) || a.line - b.line)
    .map(({ rule, path, line, message }) => `${path}:${line} ${rule}: ${message}`)
}
