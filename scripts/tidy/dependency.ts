/** Every dependency is listed in `vendors.ts`, used, and explained in docs/dependencies.md; and
 *  nothing is imported that package.json does not name. */

import type { Finding, Rule } from './rule.ts'
import { packageOf, type Tree } from './tree.ts'
import { VENDORS } from './vendors.ts'

const MANIFEST = 'package.json'
const DOCUMENT = 'docs/dependencies.md'
const TABLE = 'scripts/tidy/vendors.ts'

export const dependency: Rule = {
  name: 'dependency',
  check(tree) {
    const manifest = tree.texts.get(MANIFEST)
    if (manifest === undefined) return []
    const declared = dependenciesOf(manifest)
    const lines = manifest.split('\n')
    const lineOf = (name: string) => lines.findIndex((line) => line.includes(`"${name}":`)) + 1
    const at = (name: string, message: string) => ({ path: MANIFEST, line: lineOf(name), message })
    return [
      ...declared.filter(isUnlisted).map((name) => at(name, `list ${name} in ${TABLE}`)),
      ...declared
        .filter((name) => !isExplained(tree, name))
        .map((name) => at(name, `explain \`${name}\` in ${DOCUMENT}: what for, its home, why`)),
      ...declared
        .filter((name) => !isUsed(tree, name))
        .map((name) => at(name, `${name} is not used: remove it`)),
      ...VENDORS.filter(({ name }) => !declared.includes(name)).map(({ name }) => ({
        path: TABLE,
        line: 1,
        message: `${name} is not in ${MANIFEST}: remove its line`,
      })),
      ...undeclared(tree, declared),
    ]
  },
}

function dependenciesOf(manifest: string): string[] {
  const { dependencies, devDependencies, optionalDependencies } = JSON.parse(manifest)
  return Object.keys({ ...dependencies, ...devDependencies, ...optionalDependencies })
}

const isUnlisted = (name: string): boolean => !VENDORS.some((vendor) => vendor.name === name)

const isExplained = (tree: Tree, name: string): boolean =>
  (tree.texts.get(DOCUMENT) ?? '').includes(`\`${name}\``)

/** Imported, named in a string (a data file's path), or a listed tool. */
function isUsed(tree: Tree, name: string): boolean {
  if (VENDORS.some((vendor) => vendor.name === name && vendor.tool !== undefined)) return true
  for (const file of tree.sources.values()) {
    if (file.path === TABLE) continue
    const named = ({ kind, text }: { kind: string; text: string }) =>
      (kind === 'string' || kind === 'template') && text.includes(name)
    if (file.code.some(named)) return true
  }
  return false
}

function* undeclared(tree: Tree, declared: readonly string[]): Generator<Finding> {
  for (const file of tree.sources.values()) {
    for (const { specifier, line } of file.imports) {
      const name = packageOf(specifier)
      if (name === undefined || declared.includes(name)) continue
      yield { path: file.path, line, message: `${name} is not in ${MANIFEST}: add it or drop it` }
    }
  }
}
