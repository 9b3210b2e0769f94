/** The modules a file names: static and dynamic imports, re-exports, and worker files by URL. */

import type { Token } from './tokens.ts'

export interface Import {
  /** As written: './schema.ts', 'hono', 'node:fs'. */
  readonly specifier: string
  readonly line: number
  /** Erased before the program runs. */
  readonly typeOnly: boolean
  /** `new URL('./worker.ts', import.meta.url)`: run, not linked. */
  readonly byUrl: boolean
}

/** All imports of a file, in order; `code` holds no comments. */
export function importsOf(code: readonly Token[]): Import[] {
  const found: Import[] = []
  for (let at = 0; at < code.length; at++) {
    const { kind, text } = code[at]
    if (kind !== 'word' || code[at - 1]?.text === '.') continue
    if (text === 'import') found.push(...importAt(code, at))
    else if (text === 'export') found.push(...reExportAt(code, at))
    else if (text === 'URL') found.push(...urlAt(code, at))
  }
  return found
}

const unquote = (text: string): string => text.slice(1, -1)

function importAt(code: readonly Token[], at: number): Import[] {
  const next = code[at + 1]
  if (next?.text === '.') return []
  const { line } = code[at]
  if (next?.kind === 'string') {
    return [{ specifier: unquote(next.text), line, typeOnly: false, byUrl: false }]
  }
  if (next?.text === '(') {
    const target = code[at + 2]
    if (target?.kind !== 'string') return []
    return [{ specifier: unquote(target.text), line, typeOnly: false, byUrl: false }]
  }
  return fromClause(code, at)
}

function reExportAt(code: readonly Token[], at: number): Import[] {
  const next = code[at + 1]?.text === 'type' ? code[at + 2] : code[at + 1]
  return next?.text === '*' || next?.text === '{' ? fromClause(code, at) : []
}

/** `import|export [type] … from 'specifier'`. Inline `type` names do not make an import type-only:
 *  the link itself stays at run time. */
function fromClause(code: readonly Token[], at: number): Import[] {
  const after = code[at + 2]?.text
  const typeOnly = code[at + 1]?.text === 'type' && after !== 'from' && after !== ','
  let end = at + 1
  while (end < code.length && code[end].text !== 'from') {
    const { kind, text } = code[end]
    // `export { a }`, or a statement that is no import at all.
    if (kind === 'string' || text === ';' || text === '=') return []
    if (text === '}' && code[end + 1]?.text !== 'from') return []
    end++
  }
  const target = code[end + 1]
  if (target?.kind !== 'string') return []
  return [{ specifier: unquote(target.text), line: code[at].line, typeOnly, byUrl: false }]
}

/** `new URL('./worker.ts', import.meta.url)`. */
function urlAt(code: readonly Token[], at: number): Import[] {
  const [open, target, ...rest] = code.slice(at + 1, at + 10)
  const isOurs = rest.map(({ text }) => text).join('') === ',import.meta.url)'
  if (open?.text !== '(' || target?.kind !== 'string' || !isOurs) return []
  return [{ specifier: unquote(target.text), line: target.line, typeOnly: false, byUrl: true }]
}
