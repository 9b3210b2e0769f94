/** Windowing table functions: TUMBLE, HOP, CUMULATE and SESSION with their own argument rules. */

import { fail, type Span } from '../../engine/base/errors.ts'
import { nearestName } from '../../engine/base/nearest-name.ts'
import type { Expression, Name, TableRef, WindowCall } from '../ast.ts'
import type { Cursor } from './cursor.ts'
import { startsQuery } from './query-start.ts'
import { spanOf } from './token.ts'

/** The arguments behind the time column, in order; those from `required` on may be left out. */
const WINDOWS: Readonly<Record<string, { args: readonly string[]; required: number }>> = {
  TUMBLE: { args: ['SIZE', 'OFFSET'], required: 1 },
  HOP: { args: ['SLIDE', 'SIZE', 'OFFSET'], required: 2 },
  CUMULATE: { args: ['STEP', 'SIZE', 'OFFSET'], required: 2 },
  SESSION: { args: ['GAP'], required: 1 },
}

const EXAMPLES: Readonly<Record<string, string>> = {
  TUMBLE: "TUMBLE(TABLE s, DESCRIPTOR(ts), INTERVAL '1' MINUTE)",
  HOP: "HOP(TABLE s, DESCRIPTOR(ts), slide, size): INTERVAL '1' MINUTE, INTERVAL '5' MINUTE",
  CUMULATE: "CUMULATE(TABLE s, DESCRIPTOR(ts), step, size): INTERVAL '1' HOUR, INTERVAL '1' DAY",
  SESSION: "SESSION(TABLE s PARTITION BY k, DESCRIPTOR(ts), INTERVAL '5' MINUTE)",
}

/** Whether a windowing function stands at the cursor, before its bracket. */
export const isWindowCall = (cursor: Cursor): boolean =>
  Object.hasOwn(WINDOWS, cursor.key) && cursor.peek().key === '('

interface Parts {
  input?: TableRef
  timeColumn?: Name
  partitionBy: readonly Name[]
  /** By name. */
  readonly args: Map<string, Expression>
}

/** The windowing function at the cursor. SYNTAX if an argument is missing, doubled or unknown. */
export function windowCall(cursor: Cursor): WindowCall {
  const first = cursor.token
  const name = cursor.name('a function name')
  const { args: names, required } = WINDOWS[first.key]
  const order = ['DATA', 'TIMECOL', ...names]
  const parts: Parts = { partitionBy: [], args: new Map() }
  let position = 0
  cursor.expect('(')
  while (!cursor.is(')')) {
    if (position > 0) cursor.expect(',')
    const start = cursor.token
    const argument = argumentName(cursor, order) ?? order[position]
    if (argument === undefined) tooMany(first.key, start)
    readArgument(cursor, argument, parts)
    position++
  }
  cursor.expect(')')
  const at = cursor.spanFrom(first)
  const { input, timeColumn, partitionBy } = parts
  if (input === undefined || timeColumn === undefined) missing(first.key, input, at)
  for (const needed of names.slice(0, required)) {
    if (!parts.args.has(needed)) missingArgument(first.key, needed, at)
  }
  const args = names.flatMap((argument) => parts.args.get(argument) ?? [])
  return { function: name, input, timeColumn, partitionBy, args, at }
}

/** `NAME =>`, also in quotes. */
function argumentName(cursor: Cursor, order: readonly string[]): string | undefined {
  if (cursor.peek().key !== '=>') return undefined
  const { token } = cursor
  const name = token.text.toUpperCase()
  if (!order.includes(name)) {
    const meant = nearestName(name, order)
    fail('SYNTAX', `There is no argument ${token.text}`, {
      at: spanOf(token),
      hint: `Did you mean ${meant ?? order.join(', ')}?`,
    })
  }
  cursor.advance()
  cursor.advance()
  return name
}

function readArgument(cursor: Cursor, argument: string, parts: Parts): void {
  const start = cursor.token
  if (argument === 'DATA') {
    if (parts.input !== undefined) twice(argument, start)
    parts.input = input(cursor)
    parts.partitionBy = cursor.accept('PARTITION', 'BY') ? keys(cursor) : []
  } else if (argument === 'TIMECOL') {
    if (parts.timeColumn !== undefined) twice(argument, start)
    parts.timeColumn = timeColumn(cursor)
  } else {
    if (parts.args.has(argument)) twice(argument, start)
    parts.args.set(argument, cursor.rules.expression(cursor))
  }
}

/** `TABLE s`, `s`, `(SELECT …)` or another window. */
function input(cursor: Cursor): TableRef {
  const first = cursor.token
  const hasTable = cursor.accept('TABLE')
  if (startsQuery(cursor)) {
    cursor.advance()
    const query = cursor.nested(() => cursor.rules.query(cursor))
    cursor.expect(')')
    return { kind: 'query', query, lateral: false, at: cursor.spanFrom(first) }
  }
  if (isWindowCall(cursor)) {
    const window = cursor.nested(() => windowCall(cursor))
    return { kind: 'window', window, at: window.at }
  }
  const name = cursor.name(hasTable ? 'a table name' : 'TABLE and a table name')
  if (cursor.is('(') || cursor.is('.')) cursor.refuse('This input of a window', { first: name.at })
  return { kind: 'table', name, at: name.at }
}

const keys = (cursor: Cursor): Name[] =>
  cursor.is('(') ? cursor.list(() => cursor.name('a column name')) : [cursor.name('a column name')]

/** `DESCRIPTOR(ts)` or `ts`. */
function timeColumn(cursor: Cursor): Name {
  if (!cursor.is('DESCRIPTOR', '(')) return cursor.name('DESCRIPTOR and the time column')
  cursor.expect('DESCRIPTOR', '(')
  const name = cursor.name('the time column')
  cursor.expect(')')
  return name
}

function twice(argument: string, at: Span): never {
  fail('SYNTAX', `The argument ${argument} is given twice`, { at: spanOf(at) })
}

function tooMany(window: string, at: Span): never {
  fail('SYNTAX', `${window} has no more arguments`, { at: spanOf(at), hint: EXAMPLES[window] })
}

function missing(window: string, input: TableRef | undefined, at: Span): never {
  const what = input === undefined ? 'table' : 'time column'
  fail('SYNTAX', `${window} needs a ${what}`, { at, hint: EXAMPLES[window] })
}

function missingArgument(window: string, argument: string, at: Span): never {
  const hint = `For example ${EXAMPLES[window]}`
  fail('SYNTAX', `${window} needs the argument ${argument}`, { at, hint })
}
