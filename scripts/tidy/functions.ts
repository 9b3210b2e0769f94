/** Finds the functions of a file by their body's brace, from tokens alone. It agrees with the
 *  TypeScript parser wherever a body is written as the formatter writes it. */

import type { Token } from './tokens.ts'

export interface FunctionSpan {
  /** For messages; '(anonymous)' if it has none. */
  readonly name: string
  readonly line: number
  readonly endLine: number
}

const OPEN = '([{'
const CLOSE = ')]}'
const STATEMENTS = new Set(['if', 'for', 'while', 'switch', 'catch', 'await'])
/** Words that a return type may not contain: they mean that the brace opens something else. */
const NOT_A_TYPE = new Set([
  ...STATEMENTS,
  ...'class extends implements interface return case default else do try finally of'.split(' '),
  ...'const let var throw yield delete'.split(' '),
])

/** Every function with a block body, outer ones first. The first line is the line of its name or
 *  its parameters. */
export function functionsOf(code: readonly Token[]): FunctionSpan[] {
  const partner = partners(code)
  const spans: FunctionSpan[] = []
  for (let at = 0; at < code.length; at++) {
    if (code[at].text !== '{' || code[at].kind !== 'symbol') continue
    const close = partner[at]
    const head = headOf(code, partner, at)
    if (close === undefined || head === undefined) continue
    spans.push({ ...head, endLine: code[close].line })
  }
  return spans
}

/** For every bracket the position of the one it belongs to. */
function partners(code: readonly Token[]): (number | undefined)[] {
  const partner: (number | undefined)[] = new Array(code.length)
  const open: number[] = []
  for (let at = 0; at < code.length; at++) {
    const { kind, text } = code[at]
    // The `${` and `}` of a template are inside template tokens and need no partner.
    if (kind !== 'symbol' || text.length !== 1) continue
    if (OPEN.includes(text)) open.push(at)
    else if (CLOSE.includes(text)) {
      const start = open.pop()
      if (start === undefined) continue
      partner[start] = at
      partner[at] = start
    }
  }
  return partner
}

type Head = Pick<FunctionSpan, 'name' | 'line'>

/** What stands before a body's brace: `) {`, `): Type {` or `=> {`. undefined: not a function. */
function headOf(
  code: readonly Token[],
  partner: readonly (number | undefined)[],
  brace: number,
): Head | undefined {
  if (code[brace - 1]?.text === '=>') return arrowHead(code, partner, brace - 1)
  const paren = parametersBefore(code, partner, brace)
  if (paren === undefined) return undefined
  const before = beforeGenerics(code, paren - 1)
  const token = code[before]
  if (token === undefined || STATEMENTS.has(token.text)) return undefined
  if (token.kind === 'word' || token.kind === 'string') {
    return { name: token.text === 'function' ? '(anonymous)' : token.text, line: token.line }
  }
  return token.text === ']' || token.text === '*'
    ? { name: '(computed)', line: token.line }
    : undefined
}

/** `name = (parameters) => {`; the name may be missing. */
function arrowHead(
  code: readonly Token[],
  partner: readonly (number | undefined)[],
  arrow: number,
): Head {
  const paren = parametersBefore(code, partner, arrow) ?? arrow - 1
  let at = beforeGenerics(code, paren - 1)
  if (code[at]?.text === 'async') at--
  const assigned = code[at]?.text === '=' || code[at]?.text === ':'
  const name = assigned && code[at - 1]?.kind === 'word' ? code[at - 1].text : '(anonymous)'
  return { name, line: code[paren]?.line ?? code[arrow].line }
}

/** The opening parenthesis of the parameters that end right before `at`, with or without a return
 *  type between. */
function parametersBefore(
  code: readonly Token[],
  partner: readonly (number | undefined)[],
  at: number,
): number | undefined {
  if (code[at - 1]?.text === ')' && code[at - 1].kind === 'symbol') {
    const start = partner[at - 1]
    // `): asserts x is (A | B) {` ends in a parenthesis too, but has a colon further left.
    return typedParameters(code, partner, at) ?? start
  }
  return typedParameters(code, partner, at)
}

/** Walks left over a return type to its `):`. */
function typedParameters(
  code: readonly Token[],
  partner: readonly (number | undefined)[],
  end: number,
): number | undefined {
  let angles = 0
  for (let at = end - 1; at > 0; at--) {
    const { kind, text } = code[at]
    if (kind === 'word' || kind === 'string' || kind === 'number') {
      if (NOT_A_TYPE.has(text)) return undefined
    } else if (kind !== 'symbol') return undefined
    else if (CLOSE.includes(text)) {
      const start = partner[at]
      if (start === undefined) return undefined
      at = start
    } else if (text === '>') angles++
    else if (text === '<') angles--
    else if (text === ':') {
      if (angles > 0) continue
      const isParameters = code[at - 1]?.text === ')' && at !== end - 1
      return isParameters ? partner[at - 1] : undefined
    } else if (text === ',' || text === '=') {
      if (angles <= 0) return undefined
    } else if (!/^(?:[|&.?]|=>)$/.test(text)) return undefined
    if (angles < 0) return undefined
  }
  return undefined
}

/** The position before `<…>` if `at` closes type parameters, else `at`. */
function beforeGenerics(code: readonly Token[], at: number): number {
  if (code[at]?.text !== '>') return at
  let angles = 0
  for (let i = at; i >= 0; i--) {
    if (code[i].text === '>') angles++
    if (code[i].text === '<' && --angles === 0) return i - 1
  }
  return at
}
