/** Every product file is reached from an entry: the package's doors, the command line, scripts or
 *  bench. What only tests reach is dead, except a listed oracle. */

import type { Rule } from './rule.ts'
import { isConfig, isProduct, isTest, resolveImport, type Tree } from './tree.ts'

/** Product code that exists to check other product code, with the reason. */
const ORACLES: ReadonlyMap<string, string> = new Map([
  ['engine/expr/interpret.ts', 'the slow reference that generated code is tested against'],
  ['engine/batch/pretty.ts', 'batches as text, for tests and for debugging'],
])

/** What the console's page loads. */
const CONSOLE = 'console/main.ts'

export const deadFile: Rule = {
  name: 'dead-file',
  check(tree) {
    const live = reachable(tree, [...entries(tree), ...ORACLES.keys()])
    return [...tree.sources.keys()]
      .filter((path) => !isTest(path) && !isConfig(path) && !live.has(path))
      .map((path) => ({ path, line: 1, message: 'nothing imports it: connect it or remove it' }))
  },
}

/** The package's own files (dist/x.js is built from x.ts), then scripts and bench. */
function entries(tree: Tree): string[] {
  const { bin, exports } = JSON.parse(tree.texts.get('package.json') ?? '{}')
  const doors = JSON.stringify([bin, exports]).matchAll(/dist\/([\w/.-]+?)\.js"/g)
  const built = [...doors].map(([, path]) => `${path}.ts`)
  const tools = [...tree.sources.keys()].filter((path) => /^(?:scripts|bench)\/[^/]+$/.test(path))
  return [...built, ...tools.filter((path) => !isProduct(path)), CONSOLE]
}

function reachable(tree: Tree, starts: readonly string[]): Set<string> {
  const live = new Set<string>()
  const queue = [...starts]
  for (let path = queue.pop(); path !== undefined; path = queue.pop()) {
    const file = tree.sources.get(path)
    if (file === undefined || live.has(path)) continue
    live.add(path)
    for (const { specifier } of file.imports) {
      const target = resolveImport(path, specifier)
      if (target !== undefined) queue.push(target)
    }
  }
  return live
}
