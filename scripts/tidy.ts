/** The house rules as a check: `npm run check` runs it. One line per finding, each with the wanted
 *  replacement; exit code 1 if there is any. */

import { resolve } from 'node:path'
import { findingsOf, RULES } from './tidy/rules.ts'
import { readTree } from './tidy/tree.ts'

const tree = readTree(resolve(import.meta.dirname, '..'))
const findings = findingsOf(tree)
for (const finding of findings) console.log(finding)
if (findings.length === 0)
  console.log(`tidy: ${tree.sources.size} files, ${RULES.length} rules, ok`)
else {
  console.log(`tidy: ${findings.length} findings`)
  process.exitCode = 1
}
