/** LIKE behind CREATE TABLE: which parts of the other table are taken over. */

import { fail } from '../../../engine/base/errors.ts'
import type { LikeClause, LikePart, LikeRule } from '../../ast.ts'
import type { Cursor } from '../cursor.ts'

const PARTS: Readonly<Record<string, LikePart>> = {
  CONSTRAINTS: 'constraints',
  GENERATED: 'generated',
  METADATA: 'metadata',
  OPTIONS: 'options',
  PARTITIONS: 'partitions',
  WATERMARKS: 'watermarks',
}

const RULES: Readonly<Record<string, LikeRule>> = {
  INCLUDING: 'including',
  EXCLUDING: 'excluding',
  OVERWRITING: 'overwriting',
}

/** Parts that can only be there or not. */
const NEVER_TWICE: ReadonlySet<string> = new Set(['ALL', 'CONSTRAINTS', 'PARTITIONS'])

/** `LIKE other [(INCLUDING … EXCLUDING … OVERWRITING …)]`. Without a word on a part, and without
 *  ALL, everything is included and its own options win, as in Flink. */
export function likeClause(cursor: Cursor): LikeClause {
  const first = cursor.token
  cursor.expect('LIKE')
  const table = cursor.name('a table name')
  const said = new Map<string, LikeRule>()
  if (cursor.accept('(')) while (!cursor.accept(')')) rule(cursor, said)
  const rest = said.get('ALL')
  const ruleOf = (word: string, otherwise: LikeRule) => said.get(word) ?? rest ?? otherwise
  const rules = {
    constraints: ruleOf('CONSTRAINTS', 'including'),
    generated: ruleOf('GENERATED', 'including'),
    metadata: ruleOf('METADATA', 'including'),
    options: said.get('OPTIONS') ?? (rest === 'excluding' ? rest : 'overwriting'),
    partitions: ruleOf('PARTITIONS', 'including'),
    watermarks: ruleOf('WATERMARKS', 'including'),
  }
  return { table, rules, at: cursor.spanFrom(first) }
}

function rule(cursor: Cursor, said: Map<string, LikeRule>): void {
  const verb = cursor.key
  if (cursor.token.kind !== 'word' || !Object.hasOwn(RULES, verb)) {
    cursor.unexpected({
      what: 'INCLUDING, EXCLUDING or OVERWRITING',
      near: Object.keys(RULES),
      hint: 'LIKE t (INCLUDING ALL OVERWRITING OPTIONS EXCLUDING WATERMARKS)',
    })
  }
  cursor.advance()
  const part = cursor.key
  if (cursor.is('DISTRIBUTION')) {
    cursor.refuse(`${verb} ${part}`, { hint: 'Tables have splits, given in WITH (…)' })
  }
  if (part !== 'ALL' && !Object.hasOwn(PARTS, part)) {
    cursor.unexpected({
      what: 'ALL, CONSTRAINTS, GENERATED, METADATA, OPTIONS, PARTITIONS or WATERMARKS',
      near: ['ALL', ...Object.keys(PARTS)],
    })
  }
  if (verb === 'OVERWRITING' && NEVER_TWICE.has(part)) {
    cursor.refuse(`OVERWRITING ${part}`, { hint: 'Write INCLUDING or EXCLUDING' })
  }
  const { offset, length } = cursor.token
  cursor.advance()
  if (said.has(part)) fail('SYNTAX', `${part} is there twice`, { at: { offset, length } })
  said.set(part, RULES[verb])
}
