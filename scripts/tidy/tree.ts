/** The repository as the rules see it: every file of it in memory, sources scanned once. */

import { readdirSync, readFileSync } from 'node:fs'
import { join, posix } from 'node:path'
import { type FunctionSpan, functionsOf } from './functions.ts'
import { type Import, importsOf } from './imports.ts'
import { type Token, tokenize } from './tokens.ts'

export interface SourceFile {
  /** From the root, with slashes: 'engine/batch/batch.ts'. */
  readonly path: string
  readonly lines: readonly string[]
  readonly tokens: readonly Token[]
  /** The tokens without comments. */
  readonly code: readonly Token[]
  readonly imports: readonly Import[]
  readonly functions: readonly FunctionSpan[]
}

export interface Tree {
  /** All text files by path. */
  readonly texts: ReadonlyMap<string, string>
  /** The TypeScript files among them. */
  readonly sources: ReadonlyMap<string, SourceFile>
}

const SKIPPED_FOLDERS = new Set(['node_modules', '.git', 'dist', 'data', 'coverage'])
const TEXT = /\.(?:ts|js|mjs|json|md|sql|slt|plan|sh|css|html|yml|yaml|txt)$|^\.ci\/run$|^LICENSE$/

/** Reads the repository at `root`. */
export function readTree(root: string): Tree {
  const texts = new Map<string, string>()
  const visit = (folder: string) => {
    for (const entry of readdirSync(join(root, folder), { withFileTypes: true })) {
      const path = posix.join(folder, entry.name)
      if (entry.isDirectory()) {
        if (!SKIPPED_FOLDERS.has(entry.name)) visit(path)
      } else if (TEXT.test(path)) texts.set(path, readFileSync(join(root, path), 'utf8'))
    }
  }
  visit('')
  return treeOf(texts)
}

/** A tree of texts in memory, so that a test can show a rule what it forbids. */
export function treeOf(texts: ReadonlyMap<string, string>): Tree {
  const sources = new Map<string, SourceFile>()
  for (const [path, text] of texts) {
    if (path.endsWith('.ts') && !path.endsWith('.d.ts')) sources.set(path, sourceOf(path, text))
  }
  return { texts, sources }
}

function sourceOf(path: string, text: string): SourceFile {
  const tokens = tokenize(text)
  const code = tokens.filter((token) => token.kind !== 'comment')
  return {
    path,
    lines: text.split('\n'),
    tokens,
    code,
    imports: importsOf(code),
    functions: functionsOf(code),
  }
}

/** The path in the tree that a relative specifier means; undefined for a package. */
export function resolveImport(from: string, specifier: string): string | undefined {
  return specifier.startsWith('.') ? posix.join(posix.dirname(from), specifier) : undefined
}

/** The npm package of a specifier ('@hono/zod-openapi', 'hono'); undefined for a relative path and
 *  for Node's own modules. */
export function packageOf(specifier: string): string | undefined {
  if (specifier.startsWith('.') || specifier.startsWith('node:')) return undefined
  const parts = specifier.split('/')
  return specifier.startsWith('@') ? parts.slice(0, 2).join('/') : parts[0]
}

export const isTest = (path: string): boolean => path.startsWith('test/')
export const isConfig = (path: string): boolean => /^[^/]+\.config\.ts$/.test(path)
/** What runs for people and not in the product: free of clocks and limits on printing. */
export const isTooling = (path: string): boolean => /^(?:scripts|bench)\//.test(path)
/** Part of the shipped product. */
export const isProduct = (path: string): boolean =>
  !isTest(path) && !isConfig(path) && !isTooling(path)
