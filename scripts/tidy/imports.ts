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

const URL_TOKENS_MAX = 40

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

/** `new URL('./worker.ts', import.meta.url)`; the name may be chosen between by a condition. */
function urlAt(code: readonly Token[], at: number): Import[] {
  const near = code.slice(at, at + URL_TOKENS_MAX)
  const base = near.findIndex((_, i) => readsBase(near.slice(i)))
  if (near[1]?.text !== '(' || base === -1) return []
  return near
    .slice(0, base)
    .filter(({ kind, text }) => kind === 'string' && /^.\.{1,2}\/.*\.ts.$/.test(text))
    .map(({ text, line }) => ({ specifier: unquote(text), line, typeOnly: false, byUrl: true }))
}

/** Whether this is the last argument `import.meta.url`. */
const readsBase = (code: readonly Token[]): boolean =>
  /^import\.meta\.url,?\)/.test(
    code
      .slice(0, 7)
      .map(({ text }) => text)
      .join(''),
  )
