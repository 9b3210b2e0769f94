/** Imports run one way, type-only ones too: what is imported knows nothing of its importer. */

import { sourceRule } from './rule.ts'
import { resolveImport } from './tree.ts'

/** What each part may import, besides itself. Engine folders have their own order below. */
const PARTS: Readonly<Record<string, readonly string[]>> = {
  engine: [],
  sql: ['engine'],
  connectors: ['engine'],
  client: [],
  console: ['client'],
  server: ['sql', 'connectors', 'client', 'engine'],
  bench: ['server', 'sql', 'connectors', 'client', 'engine'],
  scripts: ['server', 'sql', 'connectors', 'client', 'engine'],
  test: ['server', 'sql', 'connectors', 'client', 'engine', 'console', 'bench', 'scripts', '.'],
}

/** What is shared although its part is not: how real brokers are started. */
const SHARED: Readonly<Record<string, string>> = { bench: 'test/brokers/' }

/** The engine's folders, lowest first. Folders of one level do not know each other. */
const ENGINE: readonly (readonly string[])[] = [
  ['base'],
  ['batch'],
  ['expr', 'format', 'log', 'state'],
  ['source', 'operator'],
  ['plan'],
  ['checkpoint', 'view'],
  ['graph'],
]

/** Imports between folders of one level that are wanted, with the reason. */
const SIDEWAYS: ReadonlyMap<string, string> = new Map([])

const partOf = (path: string): string => (path.includes('/') ? path.split('/')[0] : '.')
const engineFolder = (path: string): string => path.split('/')[1]
const levelOf = (folder: string): number => ENGINE.findIndex((level) => level.includes(folder))

export const importDirection = sourceRule('import-direction', function* (file) {
  for (const { specifier, line } of file.imports) {
    const target = resolveImport(file.path, specifier)
    if (target === undefined) continue
    const message = partOf(file.path) === 'engine' ? engineRule(file.path, target) : undefined
    const wrong = message ?? partRule(file.path, target)
    if (wrong !== undefined) yield { line, message: wrong }
  }
})

function partRule(from: string, to: string): string | undefined {
  const [source, target] = [partOf(from), partOf(to)]
  if (source === target || source === '.') return undefined
  const allowed = PARTS[source]
  if (allowed === undefined) return `${source}/ is not a known part: add it to import-direction.ts`
  if (allowed.includes(target) || to.startsWith(SHARED[source] ?? '\0')) return undefined
  const list = allowed.length === 0 ? 'only itself' : allowed.join(', ')
  return `${source}/ must not import ${target}/ (it may import ${list}): move the shared part down`
}

function engineRule(from: string, to: string): string | undefined {
  if (partOf(to) !== 'engine') return undefined
  const [source, target] = [engineFolder(from), engineFolder(to)]
  // engine/index.ts is the front door and sees every folder.
  if (source === target || source.endsWith('.ts')) return undefined
  const [sourceLevel, targetLevel] = [levelOf(source), levelOf(target)]
  if (sourceLevel === -1) return `engine/${source}/ has no level: add it to import-direction.ts`
  if (targetLevel >= 0 && targetLevel < sourceLevel) return undefined
  if (SIDEWAYS.has(`${source} -> ${target}`)) return undefined
  const below = ENGINE.slice(0, sourceLevel).flat().join(', ') || 'nothing'
  return `engine/${source}/ must not import engine/${target} (it may import ${below})`
}
