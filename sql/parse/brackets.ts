/** Pairs the brackets of a text once, so that every later step can jump over a bracketed part, and
 *  nesting is bounded before any recursion. */

import { fail } from '../../engine/base/errors.ts'
import { spanOf, type Token, tokenLabel } from './token.ts'

const CLOSING: Readonly<Record<string, string>> = { '(': ')', '[': ']', '{': '}' }

/** For each bracket the index of its partner, -1 for other tokens. Errors: SYNTAX at a bracket that
 *  has none, LIMIT_EXCEEDED at the first that is nested too deep. */
export function pairBrackets(tokens: readonly Token[], nestingMax: number): Int32Array {
  const partner = new Int32Array(tokens.length).fill(-1)
  const open: number[] = []
  for (const [index, token] of tokens.entries()) {
    if (token.kind !== 'symbol') continue
    if (CLOSING[token.key] !== undefined) {
      open.push(index)
      if (open.length > nestingMax) tooDeep(token, nestingMax)
    } else if (token.key === ')' || token.key === ']' || token.key === '}') {
      const start = open.pop()
      if (start === undefined || CLOSING[tokens[start].key] !== token.key) {
        unmatched(tokens, start, token)
      }
      partner[start] = index
      partner[index] = start
    } else if (token.key === ';' && open.length > 0) {
      notClosed(tokens[open[open.length - 1]])
    }
  }
  if (open.length > 0) notClosed(tokens[open[open.length - 1]])
  return partner
}

/** LIMIT_EXCEEDED: something is nested more than `nestingMax` deep. */
export function tooDeep(token: Token, nestingMax: number): never {
  fail('LIMIT_EXCEEDED', `The statement is nested more than ${nestingMax} levels deep`, {
    at: spanOf(token),
    hint: 'Name inner queries in a WITH clause or a view',
  })
}

function notClosed(token: Token): never {
  fail('SYNTAX', `The "${token.key}" is never closed`, {
    at: spanOf(token),
    hint: `Add the missing "${CLOSING[token.key]}"`,
  })
}

function unmatched(tokens: readonly Token[], start: number | undefined, token: Token): never {
  fail('SYNTAX', `Unexpected ${tokenLabel(token)}`, {
    at: spanOf(token),
    hint:
      start === undefined
        ? `There is no "${openerOf(token.key)}" before it`
        : `The "${tokens[start].key}" before it needs a "${CLOSING[tokens[start].key]}"`,
  })
}

const openerOf = (closing: string): string => (closing === ')' ? '(' : closing === ']' ? '[' : '{')
