/** The SQL:2016 JSON functions: `KEY k VALUE v` pairs, and the clauses behind the arguments
 *  (RETURNING, WRAPPER, ON EMPTY, ON ERROR, ON NULL). */

import type { JsonAnswer } from '../../../engine/expr/json/clauses.ts'
import type { JsonClauses } from '../../json-ast.ts'
import type { Cursor } from '../cursor.ts'
import { spanOf, type Token } from '../token.ts'
import { dataType } from '../type.ts'
import type { Rewritten } from './rewritten.ts'

type Clauses = { -readonly [Clause in keyof JsonClauses]: JsonClauses[Clause] }

/** The answers that a function may be told to give. */
interface Answers {
  readonly onEmpty: readonly JsonAnswer[]
  readonly onError: readonly JsonAnswer[]
  readonly wrapper?: true
  readonly returning?: true
}

const SCALAR: readonly JsonAnswer[] = ['null', 'error', 'default']
const NESTED: readonly JsonAnswer[] = ['null', 'error', 'empty array', 'empty object']

const QUERIES: Readonly<Record<string, Answers>> = {
  JSON_VALUE: { onEmpty: SCALAR, onError: SCALAR, returning: true },
  JSON_QUERY: { onEmpty: NESTED, onError: NESTED, returning: true, wrapper: true },
  JSON_EXISTS: { onEmpty: [], onError: ['true', 'false', 'unknown', 'error'] },
}

/** Functions that build JSON and take NULL ON NULL or ABSENT ON NULL. */
const BUILDERS: ReadonlySet<string> = new Set([
  'JSON_OBJECT',
  'JSON_ARRAY',
  'JSON_OBJECTAGG',
  'JSON_ARRAYAGG',
])

/** Reads the clauses behind the arguments of a JSON function; undefined if there are none, or if
 *  it is no JSON function. Defaults become arguments. SYNTAX, UNSUPPORTED. */
export function jsonClauses(cursor: Cursor, out: Rewritten, first: Token): JsonClauses | undefined {
  const answers = Object.hasOwn(QUERIES, first.key) ? QUERIES[first.key] : undefined
  const isBuilder = BUILDERS.has(first.key)
  if (cursor.is(')') || (answers === undefined && !isBuilder)) return undefined
  refuseForeign(cursor)
  const clauses: Clauses = {}
  if (isBuilder) clauses.onNull = onNull(cursor)
  if (answers !== undefined) {
    if (answers.returning) clauses.returning = returning(cursor)
    if (answers.wrapper) clauses.wrapper = wrapper(cursor)
    while (isAnswer(cursor)) answer(cursor, out, answers, clauses, first)
  }
  refuseForeign(cursor)
  return clauses
}

function refuseForeign(cursor: Cursor): void {
  if (cursor.is('PASSING')) cursor.refuse('PASSING', { hint: 'Build the path with ||' })
  if (cursor.is('FORMAT')) cursor.refuse('FORMAT', { hint: 'Documents are JSON or text' })
  if (cursor.is('KEEP') || cursor.is('OMIT')) {
    cursor.refuse('QUOTES', { hint: 'JSON_UNQUOTE(…) takes the quotes off' })
  }
  if ((cursor.is('WITH') || cursor.is('WITHOUT')) && cursor.peek().key === 'UNIQUE') {
    cursor.refuse('UNIQUE KEYS')
  }
}

function returning(cursor: Cursor): JsonClauses['returning'] {
  if (!cursor.accept('RETURNING')) return undefined
  const first = cursor.token
  const type = dataType(cursor)
  return { type, at: cursor.spanFrom(first) }
}

/** WITH [CONDITIONAL | UNCONDITIONAL] [ARRAY] WRAPPER, WITHOUT [ARRAY] WRAPPER. */
function wrapper(cursor: Cursor): JsonClauses['wrapper'] {
  const isWith = cursor.is('WITH')
  if (!isWith && !cursor.is('WITHOUT')) return undefined
  if (cursor.peek().key === 'UNIQUE') return undefined
  cursor.advance()
  const isConditional = isWith && cursor.accept('CONDITIONAL')
  if (isWith && !isConditional) cursor.accept('UNCONDITIONAL')
  cursor.accept('ARRAY')
  cursor.expect('WRAPPER')
  if (!isWith) return undefined
  return isConditional ? 'conditional' : 'unconditional'
}

const ANSWERS: ReadonlySet<string> = new Set([
  'NULL',
  'ERROR',
  'DEFAULT',
  'EMPTY',
  'TRUE',
  'FALSE',
  'UNKNOWN',
])

const isAnswer = (cursor: Cursor): boolean => cursor.isAny(ANSWERS)

/** `answer ON EMPTY` or `answer ON ERROR`. */
function answer(
  cursor: Cursor,
  out: Rewritten,
  allowed: Answers,
  clauses: Clauses,
  { key }: Token,
): void {
  const first = cursor.token
  const said = answerWord(cursor, out)
  cursor.expect('ON')
  const isEmpty = cursor.is('EMPTY')
  if (!isEmpty && !cursor.is('ERROR')) {
    cursor.unexpected({ what: 'EMPTY or ERROR after ON', near: ['EMPTY', 'ERROR'] })
  }
  cursor.advance()
  const clause = isEmpty ? 'onEmpty' : 'onError'
  const text = `${said.toUpperCase()} ON ${isEmpty ? 'EMPTY' : 'ERROR'}`
  if (!allowed[clause].includes(said)) {
    const can = allowed[clause].map((one) => one.toUpperCase()).join(', ')
    const hint = can === '' ? `It has ON ERROR only` : `It takes ${can} there`
    cursor.refuse(`${text} in ${key}`, { first, hint })
  }
  const isLate = isEmpty && clauses.onError !== undefined
  if (clauses[clause] !== undefined || isLate) {
    cursor.refuse(
      isLate ? 'ON EMPTY behind ON ERROR' : `A second ON ${isEmpty ? 'EMPTY' : 'ERROR'}`,
      {
        first,
        hint: 'Write … ON EMPTY … ON ERROR, each once',
      },
    )
  }
  clauses[clause] = said
}

function answerWord(cursor: Cursor, out: Rewritten): JsonAnswer {
  const { key } = cursor.advance()
  if (key === 'DEFAULT') {
    out.word(',', spanOf(cursor.token))
    cursor.rules.sequence(cursor, out)
    return 'default'
  }
  if (key !== 'EMPTY') return key.toLowerCase() as JsonAnswer
  if (cursor.accept('OBJECT')) return 'empty object'
  cursor.accept('ARRAY')
  return 'empty array'
}

/** NULL ON NULL or ABSENT ON NULL. */
function onNull(cursor: Cursor): JsonClauses['onNull'] {
  if (cursor.accept('NULL', 'ON', 'NULL')) return 'null'
  return cursor.accept('ABSENT', 'ON', 'NULL') ? 'absent' : undefined
}

/** Whether a list of arguments has none, only ON NULL. */
export const isOnlyOnNull = (cursor: Cursor): boolean =>
  cursor.is('NULL', 'ON', 'NULL') || cursor.is('ABSENT', 'ON', 'NULL')

/** [KEY] k VALUE v, k : v or k, v; pairs become arguments in turn. */
export function jsonPairs(cursor: Cursor, out: Rewritten): void {
  while (!cursor.is(')') && !isOnlyOnNull(cursor)) {
    if (cursor.is('KEY') && !NO_KEY.has(cursor.peek().key)) cursor.advance()
    cursor.rules.sequence(cursor, out)
    if (!cursor.is('VALUE') && !cursor.is(':') && !cursor.is(',')) {
      cursor.unexpected({ what: '"VALUE"', near: ['VALUE'], hint: 'Write key VALUE value' })
    }
    out.word(',', cursor.advance())
    cursor.rules.sequence(cursor, out)
    if (!cursor.is(',')) break
    out.word(',', cursor.advance())
  }
}

/** What behind KEY shows that it is a column. */
const NO_KEY: ReadonlySet<string> = new Set([',', ')', ':', '.', 'VALUE'])
