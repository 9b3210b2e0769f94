/** PATTERN as text, for EXPLAIN. */

import type { MatchTerm } from '../nodes.ts'

/** `A B+? (C | D){2,3}` */
export function printTerm(term: MatchTerm, names: readonly string[]): string {
  switch (term.kind) {
    case 'variable':
      return names[term.variable]
    case 'sequence':
      return term.terms.length === 0
        ? '()'
        : term.terms.map((part) => inBrackets(part, names, ['choice'])).join(' ')
    case 'choice':
      return term.terms.map((part) => printTerm(part, names)).join(' | ')
    case 'repeat': {
      const inner = inBrackets(term.term, names, ['choice', 'sequence', 'repeat'])
      return `${inner}${quantifier(term.from, term.to)}${term.reluctant ? '?' : ''}`
    }
  }
}

function inBrackets(
  term: MatchTerm,
  names: readonly string[],
  kinds: readonly MatchTerm['kind'][],
): string {
  const text = printTerm(term, names)
  return kinds.includes(term.kind) && text !== '()' ? `(${text})` : text
}

function quantifier(from: number, to: number): string {
  if (to === Infinity) return from === 0 ? '*' : from === 1 ? '+' : `{${from},}`
  if (from === 0 && to === 1) return '?'
  return from === to ? `{${from}}` : `{${from},${to}}`
}
