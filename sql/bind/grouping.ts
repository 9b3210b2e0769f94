/** GROUP BY: collects keys, window and aggregates, and turns expressions over rows into expressions
 *  over groups. While binding, aggregates are placeholders; `finish` knows where each ends up. */

import { fail } from '../../engine/base/errors.ts'
import { type Expr, printExpr } from '../../engine/expr/ir.ts'
import type { AggregateCall, WindowSpec } from '../../engine/operator/nodes.ts'
import type { Expression } from '../ast.ts'
import { changeCall } from '../logical/change-call.ts'
import { makeWindow } from '../logical/make.ts'
import { fieldsOf, type LogicalNode } from '../logical/node.ts'
import { sameExpr } from '../logical/same-expr.ts'
import { sameWindow } from '../logical/same-window.ts'
import { mapParts } from '../logical/substitute.ts'
import { WINDOW_COLUMNS } from '../logical/traits.ts'
import {
  aggregateName,
  bindAggregate,
  isAggregateNullable,
  sameAggregate,
} from './bind-aggregate.ts'
import { bindExpression, type CallExpression, type ExpressionContext } from './bind-expression.ts'
import { type Built, buildGroups, refuseUngrouped, withEmptySets } from './build-groups.ts'
import { hasSubquery } from './contains-call.ts'
import type { BindContext, Relation } from './context.ts'
import { GroupSets } from './group-sets.ts'
import type { OverCalls } from './over-calls.ts'
import { FIRST_PLACEHOLDER, placeholder, placeOf } from './placeholder.ts'
import { sameExpression } from './same-expression.ts'
import { columnExpr, type Scope, type ScopeColumn } from './scope.ts'
import { type Stage, withOver } from './stage.ts'
import { Subqueries } from './subqueries.ts'
import { isWindow, windowBound, windowInput, windowSpec } from './window-call.ts'

interface WindowArgs {
  readonly name: string
  readonly spec: WindowSpec
  readonly time: Expr
}

/** The window of GROUP BY TUMBLE(…). */
interface GroupWindow {
  readonly name: string
  readonly spec: WindowSpec
  /** The rows with their time. */
  readonly node: LogicalNode
  readonly timeColumn: number
  /** The first of its three columns. */
  readonly first: number
}

const GROUPING_CALLS: ReadonlySet<string> = new Set(['GROUPING', 'GROUPING_ID'])

export class Grouping implements Stage {
  #input: LogicalNode
  readonly #scope: Scope
  readonly #context: BindContext
  #window: GroupWindow | undefined
  readonly #sets = new GroupSets()
  readonly #calls: AggregateCall[] = []
  readonly #joined: { readonly expression: Expression; readonly expr: Expr }[] = []
  /** Those of HAVING and the SELECT list outside of aggregates. */
  readonly #subqueries: Subqueries

  constructor({ node, scope }: Relation, context: BindContext) {
    this.#input = node
    this.#scope = scope
    this.#context = context
    this.#subqueries = new Subqueries(context)
  }

  /** Adds an item of GROUP BY: a window or a key. */
  addKey(expression: Expression): void {
    if (expression.kind === 'call' && isWindow(expression.name.text.toUpperCase())) {
      this.#addWindow(expression)
    } else this.addKeyExpr(this.#bindKey(expression))
  }

  /** A subquery in a key is joined to the rows: it is found again by how it is written. */
  #bindKey(expression: Expression): Expr {
    const expr = this.#bindRow(expression, 'GROUP BY')
    if (hasSubquery(expression)) this.#joined.push({ expression, expr })
    return expr
  }

  addKeyExpr(key: Expr): void {
    this.#sets.add(key)
  }

  /** Adds GROUPING SETS, ROLLUP or CUBE, written out. */
  addSets(sets: readonly (readonly Expression[])[], at: Expression['at']): void {
    this.#sets.addSets(
      sets.map((set) => set.map((key) => this.#bindKey(key))),
      at,
    )
  }

  bind(expression: Expression, clause: string, over?: OverCalls): Expr {
    const around: ExpressionContext = this.#subqueries.within({
      scope: this.#scope,
      schema: this.#input.schema,
      clause,
      outer: this.#context.outer,
      known: (part) =>
        this.#joined.find(({ expression }) => sameExpression(expression, part))?.expr,
      group: (call) =>
        this.#bindBound(call) ?? this.#bindGrouping(call) ?? this.#bindAggregate(call),
    })
    return bindExpression(expression, withOver(around, over))
  }

  column(column: ScopeColumn, at: Expression['at']): Expr {
    return columnExpr(this.#input.schema, column.index, at)
  }

  /** Binds over the rows; subqueries are joined to them at once. */
  #bindRow(expression: Expression, clause: string): Expr {
    return this.#overRows((context) => bindExpression(expression, { ...context, clause }))
  }

  #overRows(bind: (context: Omit<ExpressionContext, 'group'>) => Expr): Expr {
    const subqueries = new Subqueries(this.#context)
    const bound = bind(subqueries.within(this.#rowContext()))
    const { node, rebase } = subqueries.attach(this.#input, (expr) => expr)
    this.#input = node
    return rebase(bound)
  }

  #rowContext(): ExpressionContext {
    const { outer } = this.#context
    return { scope: this.#scope, schema: this.#input.schema, clause: '', outer }
  }

  /** What `TUMBLE(ts, size[, offset])` says. */
  #windowArgs(call: CallExpression, name: string): WindowArgs {
    const [time, ...rest] = call.args.map((arg) => this.#bindRow(arg, name))
    const spec = windowSpec({ name, args: time === undefined ? [] : rest, at: call.at })
    return { name, spec, time }
  }

  #windowOf(call: CallExpression, name: string): GroupWindow {
    const { spec, time } = this.#windowArgs(call, name)
    const { node, timeColumn } = windowInput(time, this.#input, this.#context.mode, call.at)
    return { name, spec, node, timeColumn, first: fieldsOf(this.#input).length }
  }

  #addWindow(call: CallExpression): void {
    const name = call.name.text.toUpperCase()
    if (this.#window !== undefined) {
      if (isSame(this.#windowArgs(call, name), this.#window)) return
      fail('UNSUPPORTED', 'A query groups by one window only', {
        at: call.at,
        hint: 'Aggregate by the first window in a subquery in FROM.',
      })
    }
    const window = this.#windowOf(call, name)
    this.#window = window
    this.#input = makeWindow(window.node, window.spec, window.timeColumn)
    // window_time is a key too, but only when it is asked for.
    for (const column of [0, 1]) this.addKeyExpr(this.#windowColumn(window, column))
  }

  #windowColumn({ first }: GroupWindow, position: number, at?: Expression['at']): Expr {
    return columnExpr(this.#input.schema, first + position, at)
  }

  /** `TUMBLE_START(ts, size)`: a column of the window, which must be the one of GROUP BY. */
  #bindBound(call: CallExpression): Expr | undefined {
    const bound = windowBound(call.name.text.toUpperCase())
    if (bound === undefined) return undefined
    const window = this.#window
    if (window === undefined || !isSame(this.#windowArgs(call, bound.window), window)) {
      fail('INVALID_AGGREGATE', `${call.name.text} needs the same ${bound.window} in GROUP BY`, {
        at: call.at,
        hint: 'Both take the same column and the same intervals.',
      })
    }
    const column = this.#windowColumn(window, WINDOW_COLUMNS.indexOf(bound.role), call.at)
    this.addKeyExpr(column)
    return column
  }

  #bindGrouping(call: CallExpression): Expr | undefined {
    const name = call.name.text.toUpperCase()
    if (!GROUPING_CALLS.has(name)) return undefined
    const args = call.args.map((arg) => this.#bindRow(arg, name))
    const keys = args.length === 0 ? this.#sets.keys : args
    return this.#sets.grouping(keys, name, call.at)
  }

  #bindAggregate(call: CallExpression): Expr | undefined {
    let bound: AggregateCall | undefined
    const subqueries = new Subqueries(this.#context)
    bound = bindAggregate(call, subqueries.within(this.#rowContext()))
    if (bound === undefined) return undefined
    if (subqueries.size > 0) {
      const { node, rebase } = subqueries.attach(this.#input, (expr) => expr)
      this.#input = node
      bound = changeCall(bound, rebase)
    }
    const wanted = bound
    let index = this.#calls.findIndex((known) => sameAggregate(known, wanted))
    if (index < 0) index = this.#calls.push(wanted) - 1
    const { type } = wanted
    const nullable = isAggregateNullable(wanted, this.#isFilled())
    return placeholder('aggregate', index, {
      name: aggregateName(wanted),
      type,
      nullable,
      at: call.at,
    })
  }

  /** Whether every group has a row. */
  #isFilled(): boolean {
    return this.#sets.keys.length > 0 && this.#sets.emptySets.length === 0
  }

  finish(): ReturnType<Stage['finish']> {
    const { node: input, keys, setColumn } = this.#sets.expand(this.#input)
    this.#refusePartialWindow(input)
    const all = setColumn === undefined ? keys : [...keys, setColumn]
    const parts = { calls: this.#calls, filled: this.#isFilled() }
    const grouped = buildGroups({ input, keys: all, ...parts })
    const built = withEmptySets(grouped, this.#sets.emptySets, { input: this.#input, ...parts })
    return this.#subqueries.attach(built.node, (expr) => this.#rebase(expr, built))
  }

  #refusePartialWindow(input: LogicalNode): void {
    const partial = this.#sets.keys.find(
      (key, i) =>
        key.kind === 'column' &&
        input.traits.windowColumns.some(({ column }) => column === key.index) &&
        !this.#sets.isEverywhere(i),
    )
    if (partial === undefined) return
    fail('UNSUPPORTED', `${printExpr(partial)} must be in every grouping set`, {
      at: partial.at,
      hint: 'GROUP BY window_start, window_end, ROLLUP (…)',
    })
  }

  #rebase(expr: Expr, built: Built): Expr {
    const { node, keysAt, callsAt } = built
    const key = this.#sets.keys.findIndex((known) => sameExpr(known, expr))
    if (key >= 0) return columnExpr(node.schema, keysAt[key], expr.at)
    if (expr.kind !== 'column') return mapParts(expr, (part) => this.#rebase(part, built))
    const call = placeOf('aggregate', expr.index)
    if (call !== undefined) return columnExpr(node.schema, callsAt + call, expr.at)
    // The set's number is the last key.
    if (placeOf('set-number', expr.index) !== undefined) {
      return columnExpr(node.schema, keysAt[this.#sets.keys.length], expr.at)
    }
    return expr.index >= FIRST_PLACEHOLDER ? expr : refuseUngrouped(expr)
  }
}

const isSame = ({ name, spec, time }: WindowArgs, window: GroupWindow): boolean =>
  name === window.name &&
  time.kind === 'column' &&
  time.index === window.timeColumn &&
  sameWindow(spec, window.spec)
