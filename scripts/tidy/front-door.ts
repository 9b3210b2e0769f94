/** A folder's `index.ts` is its front door: for those outside. Inside, files name each other. */

import { sourceRule } from './rule.ts'
import { resolveImport } from './tree.ts'

export const frontDoor = sourceRule('front-door', function* (file) {
  for (const { specifier, line } of file.imports) {
    const target = resolveImport(file.path, specifier)
    if (target === undefined || !target.endsWith('/index.ts')) continue
    const folder = target.slice(0, -'index.ts'.length)
    if (!file.path.startsWith(folder)) continue
    yield { line, message: `import the file itself, not ${target}, from inside ${folder}` }
  }
})
