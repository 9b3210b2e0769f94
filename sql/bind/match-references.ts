/** What DEFINE and MEASURES read of a match: columns of single rows (navigation), aggregates,
 *  CLASSIFIER() and MATCH_NUMBER(). Each becomes a column of its own; the expressions around them
 *  are bound over these columns. */

import { fail, type Span } from '../../engine/base/errors.ts'
import { type Field, schemaOf } from '../../engine/batch/schema.ts'
import { BIGINT, isInteger, VARCHAR } from '../../engine/batch/types.ts'
import type { Expr } from '../../engine/expr/ir.ts'
import { findAggregate } from '../../engine/operator/aggregate/index.ts'
import type { MatchPlace, MatchReference } from '../../engine/operator/nodes.ts'
import type { Expression, Name } from '../ast.ts'
import { callText } from '../logical/explain-parts.ts'
import { fieldsOf, type LogicalNode } from '../logical/node.ts'
import { sameExpr } from '../logical/same-expr.ts'
import { bindCalledAggregate, isAggregateNullable } from './bind-aggregate.ts'
import { asBoolean, bindExpression, type CallExpression } from './bind-expression.ts'
import { evaluate } from './constant.ts'
import type { Relation } from './context.ts'
import { mapExpression } from './map-expression.ts'
import {
  containsName,
  isStar,
  type MatchPart,
  noArguments,
  plain,
  semanticsOf,
  starOf,
  takesTwo,
} from './match-calls.ts'
import type { MatchVariables } from './match-variables.ts'
import { Scope } from './scope.ts'
import { computedField, withComputed } from './with-computed.ts'

interface Surroundings {
  readonly input: Relation
  readonly names: MatchVariables
  readonly timeColumn: number
  /** Measures may be about no row at all. */
  readonly mayBeEmpty: boolean
}

type Variables = MatchPlace['variables']

/** The rows of some variables, and the expression over the input's columns alone. */
interface OfRows<Tree> {
  readonly variables: Variables
  readonly tree: Tree
}

export class MatchReferences {
  readonly list: MatchReference[] = []
  readonly #fields: Field[] = []
  /** Positions in `list` by content. */
  readonly #known = new Map<string, number>()
  readonly #around: Surroundings
  /** Expressions over one input row that navigation reads. */
  readonly #computed: Expr[] = []

  constructor(around: Surroundings) {
    this.#around = around
  }

  /** The expression over the references. `variable`: whose condition it is. */
  bind(expression: Expression, name: MatchPart['name'], variable?: number): Expr {
    const replaced = this.#replace(expression, { name, variable, final: false })
    return bindExpression(replaced, {
      scope: new Scope(this.#fields.map((_, index) => ({ name: columnName(index), index }))),
      schema: schemaOf(this.#fields),
      clause: name,
    })
  }

  /** The input with the columns that the references read. */
  inputNode(): LogicalNode {
    return withComputed(this.#around.input.node, this.#computed)
  }

  #replace(expression: Expression, clause: MatchPart): Expression {
    return mapExpression(expression, (part) => {
      if (part.kind === 'name') return this.#column(part, clause)
      if (part.kind !== 'call' || part.user !== undefined || part.over !== undefined) {
        return undefined
      }
      return this.#call(part, clause)
    })
  }

  #call(call: CallExpression, clause: MatchPart): Expression | undefined {
    const name = call.name.text.toUpperCase()
    switch (name) {
      case 'RUNNING':
      case 'FINAL':
        return this.#withSemantics(call, { ...clause, final: name === 'FINAL' })
      case 'FIRST':
      case 'LAST':
      case 'PREV':
      case 'NEXT':
        return this.#navigation(call, clause)
      case 'CLASSIFIER':
        return this.#classifier(call, clause, START)
      case 'MATCH_NUMBER':
        noArguments(call)
        return this.#add({ kind: 'number' }, numberField, call.at)
      case 'MATCH_ROWTIME':
        return this.#rowTime(call, clause)
      case 'MATCH_PROCTIME':
        return this.#processingTime(call, clause)
      default:
        return findAggregate(name) === undefined ? undefined : this.#aggregate(call, clause)
    }
  }

  #withSemantics(call: CallExpression, clause: MatchPart): Expression {
    if (clause.final && clause.name === 'DEFINE') {
      fail('INVALID_ARGUMENT', 'FINAL cannot stand in DEFINE: the match is not complete there', {
        at: call.name.at,
      })
    }
    const [arg] = call.args
    const replaced = arg.kind === 'call' ? this.#call(arg, clause) : undefined
    if (replaced !== undefined) return replaced
    return fail('INVALID_ARGUMENT', `${call.name.text} stands before FIRST, LAST or an aggregate`, {
      at: call.at,
    })
  }

  /** A plain column is that of the last row. */
  #column(name: Extract<Expression, { kind: 'name' }>, clause: MatchPart): Expression {
    const { variables, tree, fields } = this.#stripped(name)
    const index = this.#around.input.scope.resolve(tree.path).index
    const reference = this.#single(index, { ...START, variables, final: clause.final }, clause)
    const added = this.#add(reference, this.#fieldOf(reference, clause), name.at)
    return { ...added, path: [...added.path, ...fields] }
  }

  /** The name without its variable, and the fields of a ROW behind it. */
  #stripped({ path, ...name }: Extract<Expression, { kind: 'name' }>) {
    const variables = path.length > 1 ? this.#around.names.find(path[0]) : undefined
    const own = variables === undefined ? path : path.slice(1)
    const { scope } = this.#around.input
    const found = scope.locate(own) ?? scope.refuse(own)
    const { fields } = found
    const tree = { ...name, path: own.slice(0, own.length - fields.length) }
    return { variables, tree, fields }
  }

  /** FIRST(x, n), LAST(x, n), PREV(x, n), NEXT(x, n); PREV(LAST(x, n), m). */
  #navigation(call: CallExpression, clause: MatchPart): Expression {
    const name = call.name.text.toUpperCase()
    const isPhysical = name === 'PREV' || name === 'NEXT'
    plain(call)
    const [value, count] = takesTwo(call)
    const offset = count === undefined ? Number(isPhysical) : this.#offset(count, name)
    if (!isPhysical) {
      return this.#at(value, { ...START, end: name === 'FIRST' ? 'first' : 'last', offset }, clause)
    }
    const shift = name === 'PREV' ? -offset : offset
    const inner = value.kind === 'call' && value.user === undefined ? value : undefined
    const [around, within] = semanticsOf(inner, clause)
    const innerName = within?.name.text.toUpperCase()
    if (within === undefined || (innerName !== 'FIRST' && innerName !== 'LAST')) {
      return this.#at(value, { ...START, shift }, clause)
    }
    const [innerValue, innerCount] = takesTwo(within)
    const place: MatchPlace = {
      ...START,
      end: innerName === 'FIRST' ? 'first' : 'last',
      offset: innerCount === undefined ? 0 : this.#offset(innerCount, innerName),
      shift,
    }
    return this.#at(innerValue, place, around)
  }

  #offset(expression: Expression, name: string): number {
    const nothing = { scope: new Scope([]), schema: schemaOf([]), clause: `The offset of ${name}` }
    const bound = bindExpression(expression, nothing)
    const value = isInteger(bound.type) ? Number(evaluate(bound) ?? Number.NaN) : Number.NaN
    if (value >= 0 && value <= OFFSET_MAX) return value
    return fail('INVALID_ARGUMENT', `The offset of ${name} is a whole number from 0 on`, {
      at: expression.at,
    })
  }

  /** An expression over one row, at a place. */
  #at(value: Expression, place: MatchPlace, clause: MatchPart): Expression {
    if (value.kind === 'call' && value.name.text.toUpperCase() === 'CLASSIFIER') {
      return this.#classifier(value, clause, place)
    }
    const { variables, tree } = this.#ofRows(value, value.at)
    const reads = containsName(value)
    if (!reads) {
      fail('INVALID_ARGUMENT', 'FIRST, LAST, PREV and NEXT need a column', { at: value.at })
    }
    const bound = this.#overInput(tree, clause.name)
    const placed = { ...place, variables, final: clause.final }
    const reference = this.#single(this.#inputColumn(bound), placed, clause)
    return this.#add(reference, this.#fieldOf(reference, clause), value.at)
  }

  /** The position of an expression over one input row among its columns, computed ones included. */
  #inputColumn(expr: Expr): number {
    if (expr.kind === 'column') return expr.index
    const first = fieldsOf(this.#around.input.node).length
    const known = this.#computed.findIndex((other) => sameExpr(other, expr))
    return first + (known >= 0 ? known : this.#computed.push(expr) - 1)
  }

  #single(column: number, place: MatchPlace, { variable }: MatchPart): MatchReference {
    // In its own condition the variable's last row is the current one, as the last row of all is.
    const isOwn = place.variables?.includes(variable ?? -1) && place.end === 'last'
    const isCurrent = isOwn && place.offset === 0
    return {
      kind: 'column',
      column,
      place: isCurrent ? { ...place, variables: undefined } : place,
    }
  }

  #fieldOf(reference: MatchReference, clause: MatchPart): Field {
    if (reference.kind !== 'column') return numberField
    const { column, place } = reference
    const { name, type, nullable } = this.#inputField(column)
    const { variables, offset, shift } = place
    const isThere =
      variables === undefined &&
      offset === 0 &&
      shift === 0 &&
      (clause.name === 'DEFINE' || !this.#around.mayBeEmpty)
    return { name: this.#placeText(name, place), type, nullable: nullable || !isThere }
  }

  #inputField(column: number): Field {
    const own = fieldsOf(this.#around.input.node)
    return own[column] ?? computedField(this.#computed[column - own.length])
  }

  #placeText(column: string, place: MatchPlace): string {
    const { variables, end, offset, shift, final } = place
    const { names } = this.#around
    const named = variables === undefined ? column : `${names.nameOf(variables)}.${column}`
    const isPlain = end === 'last' && offset === 0
    const own = isPlain && variables === undefined && shift === 0 ? named : ''
    const count = offset === 0 ? '' : `, ${offset}`
    const logical = isPlain ? named : `${end.toUpperCase()}(${named}${count})`
    const steps = Math.abs(shift) === 1 ? '' : `, ${Math.abs(shift)}`
    const whole =
      shift === 0 ? own || logical : `${shift < 0 ? 'PREV' : 'NEXT'}(${logical}${steps})`
    return final ? `FINAL ${whole}` : whole
  }

  /** CLASSIFIER(), CLASSIFIER(a). */
  #classifier(call: CallExpression, clause: MatchPart, place: MatchPlace): Expression {
    plain(call)
    const [arg, ...more] = call.args
    const isName = arg === undefined || (arg.kind === 'name' && arg.path.length === 1)
    if (more.length > 0 || !isName) {
      fail('INVALID_ARGUMENT', 'CLASSIFIER takes a pattern variable or nothing', { at: call.at })
    }
    if (place.shift !== 0) {
      fail('UNSUPPORTED', 'PREV and NEXT of CLASSIFIER are not supported', {
        at: call.at,
        hint: 'Rows outside of the match have none. LAST(CLASSIFIER(), 1) is that of the row before.',
      })
    }
    const variables = arg?.kind === 'name' ? this.#around.names.expect(arg.path[0]) : undefined
    const placed = { ...place, variables, final: clause.final }
    const field = { name: 'CLASSIFIER()', type: VARCHAR, nullable: true }
    return this.#add({ kind: 'classifier', place: placed }, field, call.at)
  }

  #processingTime(call: CallExpression, clause: MatchPart): Expression {
    const { input, timeColumn } = this.#around
    if (!input.node.traits.processingColumns.includes(timeColumn)) {
      fail('INVALID_ARGUMENT', 'MATCH_PROCTIME() needs an ORDER BY of a PROCTIME() column', {
        at: call.at,
        hint: 'MATCH_ROWTIME() is the time of the last row of the match.',
      })
    }
    return this.#rowTime(call, clause)
  }

  #rowTime(call: CallExpression, clause: MatchPart): Expression {
    const [arg] = call.args
    const column = arg?.kind === 'name' ? this.#around.input.scope.resolve(arg.path).index : -1
    const fits = arg === undefined || column === this.#around.timeColumn
    if (call.args.length > 1 || !fits || clause.name === 'DEFINE') {
      fail('INVALID_ARGUMENT', `${call.name.text}() stands in MEASURES, without an argument`, {
        at: call.at,
      })
    }
    const place: MatchPlace = { ...START, final: true }
    const reference: MatchReference = { kind: 'column', column: this.#around.timeColumn, place }
    const field = { ...this.#fieldOf(reference, clause), name: 'MATCH_ROWTIME()' }
    return this.#add(reference, field, call.at)
  }

  #aggregate(call: CallExpression, clause: MatchPart): Expression {
    const found = findAggregate(call.name.text) ?? fail('INTERNAL', 'no aggregate')
    const { variables, tree } = this.#ofRows(starOf(call), call.at)
    if (tree.kind !== 'call') return fail('INTERNAL', 'an aggregate is a call')
    const bound = bindCalledAggregate(found, tree, {
      bind: (part, name) => this.#overInput(part, name),
      condition: (filter) => asBoolean(this.#overInput(filter, 'FILTER'), 'FILTER'),
    })
    const reference: MatchReference = {
      kind: 'aggregate',
      call: bound,
      variables,
      final: clause.final,
    }
    const text = callText(bound)
    const { names } = this.#around
    const field = {
      name: variables === undefined ? text : `${text} of ${names.nameOf(variables)}`,
      type: bound.type,
      nullable: isAggregateNullable(bound, false),
    }
    return this.#add(reference, field, call.at)
  }

  #overInput(expression: Expression, clause: string): Expr {
    const { node, scope } = this.#around.input
    return bindExpression(expression, { scope, schema: node.schema, clause })
  }

  /** The expression without variables. INVALID_ARGUMENT if its columns are of several: then it is
   *  about no single row. */
  #ofRows<Tree extends Expression>(expression: Tree, at: Span): OfRows<Tree> {
    const found: { variables: Variables; at: Span }[] = []
    const tree = mapExpression(expression, (part) => {
      if (part.kind !== 'name') return undefined
      if (isStar(part)) {
        found.push({ variables: this.#around.names.expect(part.path[0]), at: part.at })
        return { kind: 'star', at: part.at }
      }
      const { variables, tree, fields } = this.#stripped(part)
      found.push({ variables, at: part.at })
      return { ...tree, path: [...tree.path, ...fields] }
    }) as Tree
    const [first] = found
    const other = found.find(({ variables }) => variables?.join() !== first.variables?.join())
    if (other !== undefined) {
      fail('INVALID_ARGUMENT', 'All columns here must be of one pattern variable', {
        at: other.at ?? at,
        hint: 'The expression is evaluated on one row at a time: LAST(A.x) * LAST(B.x).',
      })
    }
    return { variables: first?.variables, tree }
  }

  /** The name under which the expression around finds the reference. */
  #add(reference: MatchReference, field: Field, at: Span) {
    const key = JSON.stringify([reference, field.nullable], withoutAt)
    let index = this.#known.get(key)
    if (index === undefined) {
      index = this.list.push(reference) - 1
      this.#known.set(key, index)
      this.#fields.push(field)
      if (index >= REFERENCES_MAX) {
        fail('LIMIT_EXCEEDED', `MATCH_RECOGNIZE reads at most ${REFERENCES_MAX} values`, { at })
      }
    }
    const path: readonly Name[] = [{ text: columnName(index), at }]
    return { kind: 'name' as const, path, at }
  }
}

const START: MatchPlace = { end: 'last', offset: 0, shift: 0, final: false }
const OFFSET_MAX = 1_000_000
const REFERENCES_MAX = 1_000

const numberField: Field = { name: 'MATCH_NUMBER()', type: BIGINT, nullable: false }

const columnName = (index: number): string => `$${index}`

const withoutAt = (key: string, value: unknown): unknown =>
  key === 'at' ? undefined : typeof value === 'bigint' ? `${value}n` : value
