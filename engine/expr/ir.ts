/** Expressions after binding: names are column positions, every node has its type, functions are
 *  resolved to one signature. Plain data: it crosses threads and is printed by EXPLAIN. The
 *  compiler (`compile.ts`) and the slow reference (`interpret.ts`) give the same answer for it. */

import type { Span } from '../base/errors.ts'
import { type DataType, typeName } from '../batch/types.ts'
import type { Value } from '../batch/value.ts'

export type { Value } from '../batch/value.ts'

interface Node {
  readonly type: DataType
  /** Where the expression stands in the statement, for errors at run time. */
  readonly at?: Span | undefined
}

export interface ColumnExpr extends Node {
  readonly kind: 'column'
  readonly index: number
  /** For EXPLAIN only. */
  readonly name: string
  readonly nullable: boolean
}

export interface LiteralExpr extends Node {
  readonly kind: 'literal'
  readonly value: Value
}

/** A function or an operator, by the name of its entry in `functions/index.ts`; the argument types
 *  select the signature. Operators are functions too: `+`, `=`, `AND`, `NOT`, `IS NULL`, `LIKE`. */
export interface CallExpr extends Node {
  readonly kind: 'call'
  readonly name: string
  readonly args: readonly Expr[]
}

/** CAST, or TRY_CAST when `safe`: a value that does not convert becomes NULL. */
export interface CastExpr extends Node {
  readonly kind: 'cast'
  readonly arg: Expr
  readonly safe: boolean
}

/** Searched CASE; the simple form is rewritten to it. Branches are tried in order, lazily. */
export interface CaseExpr extends Node {
  readonly kind: 'case'
  readonly branches: readonly { readonly when: Expr; readonly then: Expr }[]
  readonly otherwise: Expr
}

/** The name of calls of JavaScript functions; the first argument is a literal that carries the
 *  function (see udf.ts). No name that SQL can write. */
export const USER_CALL = 'USER FUNCTION'

export type Expr = ColumnExpr | LiteralExpr | CallExpr | CastExpr | CaseExpr

/** The expression's direct parts. */
export function childrenOf(expr: Expr): readonly Expr[] {
  switch (expr.kind) {
    case 'column':
    case 'literal':
      return []
    case 'call':
      return expr.args
    case 'cast':
      return [expr.arg]
    case 'case':
      return [...expr.branches.flatMap((b) => [b.when, b.then]), expr.otherwise]
  }
}

/** A copy with every part replaced by `change(part)`, bottom-up. */
export function mapExpr(expr: Expr, change: (expr: Expr) => Expr): Expr {
  const map = (part: Expr) => mapExpr(part, change)
  switch (expr.kind) {
    case 'column':
    case 'literal':
      return change(expr)
    case 'call':
      return change({ ...expr, args: expr.args.map(map) })
    case 'cast':
      return change({ ...expr, arg: map(expr.arg) })
    case 'case':
      return change({
        ...expr,
        branches: expr.branches.map((b) => ({ when: map(b.when), then: map(b.then) })),
        otherwise: map(expr.otherwise),
      })
  }
}

/** The parts of a chain of one connective (`AND`, `OR`), however it is nested, in order; of any
 *  other expression, itself. */
export function flattened(expr: Expr, connective: 'AND' | 'OR'): readonly Expr[] {
  const parts: Expr[] = []
  const waiting: Expr[] = [expr]
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    if (next.kind === 'call' && next.name === connective) waiting.push(...next.args.toReversed())
    else parts.push(next)
  }
  return parts
}

/** Positions of all columns the expression reads. */
export function columnsOf(expr: Expr, into: Set<number> = new Set()): Set<number> {
  if (expr.kind === 'column') into.add(expr.index)
  for (const child of childrenOf(expr)) columnsOf(child, into)
  return into
}

/** For EXPLAIN: close to SQL, one line. */
export function printExpr(expr: Expr): string {
  switch (expr.kind) {
    case 'column':
      return expr.name
    case 'literal':
      return printValue(expr.value)
    case 'call':
      return printCall(expr)
    case 'cast':
      return `${expr.safe ? 'TRY_CAST' : 'CAST'}(${printExpr(expr.arg)} AS ${typeName(expr.type)})`
    case 'case': {
      const branches = expr.branches
        .map((b) => `WHEN ${printExpr(b.when)} THEN ${printExpr(b.then)}`)
        .join(' ')
      return `CASE ${branches} ELSE ${printExpr(expr.otherwise)} END`
    }
  }
}

/** Operators that are words and stand between their arguments. */
const INFIX_WORDS = new Set(['AND', 'OR', 'LIKE', 'ILIKE', 'SIMILAR TO'])

function printCall({ name, args }: CallExpr): string {
  if (name === USER_CALL) return printUserCall(args)
  const printed = args.map(printExpr)
  const [first, ...rest] = printed
  if (name === 'NOT') return `(NOT ${first})`
  if (name === '[]') return `${first}[${rest[0]}]`
  if (name === '.' && args[1].kind === 'literal') return `${first}.${args[1].value}`
  if (name === 'IN') return `(${first} IN (${rest.join(', ')}))`
  if (/ (?:ANY|ALL)$/.test(name)) return `(${first} ${name} (${rest[0]}))`
  if (INFIX_WORDS.has(name)) {
    const isPattern = name !== 'AND' && name !== 'OR'
    if (isPattern && rest.length === 2) return `(${first} ${name} ${rest[0]} ESCAPE ${rest[1]})`
    return `(${printed.join(` ${name} `)})`
  }
  if (/^[A-Z]/.test(name) && !name.startsWith('IS ')) {
    return `${name}(${printed.join(', ')})`
  }
  if (rest.length === 1) return `(${first} ${name} ${rest[0]})`
  return name.startsWith('IS ') ? `(${first} ${name})` : `(${name} ${first})`
}

function printUserCall([carried, ...args]: readonly Expr[]): string {
  const { name } = JSON.parse(carried.kind === 'literal' ? String(carried.value) : '{}')
  return `${name}(${args.map(printExpr).join(', ')})`
}

function printValue(value: Value): string {
  if (value === null) return 'NULL'
  if (typeof value === 'string') return `'${value.replaceAll("'", "''")}'`
  if (value instanceof Uint8Array) return `X'${Buffer.from(value).toString('hex')}'`
  if (Array.isArray(value)) return `[${value.map(printValue).join(', ')}]`
  return String(value).toUpperCase()
}
