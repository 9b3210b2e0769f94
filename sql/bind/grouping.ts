/** GROUP BY: collects keys, window and aggregates, and turns expressions over rows into expressions
 *  over groups. While binding, aggregates are columns behind those of the input; `finish` knows
 *  where each ends up. */

import { fail } from '../../engine/base/errors.ts'
import type { Field } from '../../engine/batch/schema.ts'
import { isNullable } from '../../engine/expr/facts.ts'
import { type Expr, printExpr } from '../../engine/expr/ir.ts'
import type { AggregateCall, WindowSpec } from '../../engine/operator/nodes.ts'
import type { Expression } from '../ast.ts'
import { makeAggregate, makeWindow, makeWindowAggregate } from '../logical/make.ts'
import type { LogicalNode, WindowProperty } from '../logical/node.ts'
import { sameExpr } from '../logical/same-expr.ts'
import { mapParts } from '../logical/substitute.ts'
import { WINDOW_COLUMNS } from '../logical/traits.ts'
import {
  aggregateName,
  bindAggregate,
  isAggregateNullable,
  sameAggregate,
} from './bind-aggregate.ts'
import { bindExpression, type CallExpression } from './bind-expression.ts'
import type { PlanMode, Relation } from './context.ts'
import { columnExpr, type Scope, type ScopeColumn } from './scope.ts'
import type { Stage } from './stage.ts'
import { isWindow, timeColumnOf, windowBound, windowSpec } from './window-call.ts'

/** The window of GROUP BY TUMBLE(…). Its columns are the three behind those of FROM. */
interface GroupWindow {
  readonly name: string
  readonly spec: WindowSpec
  readonly timeColumn: number
}

interface Built {
  readonly node: LogicalNode
  /** In which column of the node each key is. */
  readonly keysAt: readonly number[]
  /** The column of the first aggregate. */
  readonly callsAt: number
}

export class Grouping implements Stage {
  #input: LogicalNode
  readonly #scope: Scope
  readonly #mode: PlanMode
  /** Columns of FROM. */
  readonly #width: number
  #window: GroupWindow | undefined
  readonly #keys: Expr[] = []
  readonly #calls: AggregateCall[] = []

  constructor({ node, scope }: Relation, mode: PlanMode) {
    this.#input = node
    this.#scope = scope
    this.#mode = mode
    this.#width = node.schema.fields.length
  }

  /** Adds an item of GROUP BY: a window or a key. */
  addKey(expression: Expression): void {
    if (expression.kind === 'call' && isWindow(expression.name.text.toUpperCase())) {
      this.#addWindow(expression)
    } else this.addKeyExpr(this.#bindRow(expression, 'GROUP BY'))
  }

  addKeyExpr(key: Expr): void {
    if (!this.#keys.some((known) => sameExpr(known, key))) this.#keys.push(key)
  }

  bind(expression: Expression, clause: string): Expr {
    return bindExpression(expression, {
      scope: this.#scope,
      schema: this.#input.schema,
      clause,
      group: (call) => this.#bindBound(call) ?? this.#bindAggregate(call),
    })
  }

  column(column: ScopeColumn, at: Expression['at']): Expr {
    return columnExpr(this.#input.schema, column.index, at)
  }

  #bindRow(expression: Expression, clause: string): Expr {
    return bindExpression(expression, {
      scope: this.#scope,
      schema: this.#input.schema,
      clause,
    })
  }

  /** `TUMBLE(ts, size[, offset])` as a window over the input. */
  #windowOf(call: CallExpression, name: string): GroupWindow {
    const [time, ...rest] = call.args.map((arg) => this.#bindRow(arg, name))
    const spec = windowSpec({ name, args: rest, at: call.at })
    return { name, spec, timeColumn: timeColumnOf(time, this.#input, this.#mode, call.at) }
  }

  #addWindow(call: CallExpression): void {
    const window = this.#windowOf(call, call.name.text.toUpperCase())
    if (this.#window !== undefined) {
      if (sameWindow(window, this.#window)) return
      fail('UNSUPPORTED', 'A query groups by one window only', {
        at: call.at,
        hint: 'Aggregate by the first window in a subquery in FROM.',
      })
    }
    this.#window = window
    this.#input = makeWindow(this.#input, window.spec, window.timeColumn)
    // window_time is a key too, but only when it is asked for.
    for (const column of [0, 1]) this.addKeyExpr(this.#windowColumn(column))
  }

  #windowColumn(position: number, at?: Expression['at']): Expr {
    return columnExpr(this.#input.schema, this.#width + position, at)
  }

  /** `TUMBLE_START(ts, size)`: a column of the window, which must be the one of GROUP BY. */
  #bindBound(call: CallExpression): Expr | undefined {
    const bound = windowBound(call.name.text.toUpperCase(), call.at)
    if (bound === undefined) return undefined
    if (
      this.#window === undefined ||
      !sameWindow(this.#windowOf(call, bound.window), this.#window)
    ) {
      fail('INVALID_AGGREGATE', `${call.name.text} needs the same ${bound.window} in GROUP BY`, {
        at: call.at,
        hint: 'Both take the same column and the same intervals.',
      })
    }
    const column = this.#windowColumn(WINDOW_COLUMNS.indexOf(bound.role), call.at)
    this.addKeyExpr(column)
    return column
  }

  #bindAggregate(call: CallExpression): Expr | undefined {
    const bound = bindAggregate(call, { scope: this.#scope, schema: this.#input.schema })
    if (bound === undefined) return undefined
    let index = this.#calls.findIndex((known) => sameAggregate(known, bound))
    if (index < 0) index = this.#calls.push(bound) - 1
    const { type } = bound
    const name = aggregateName(bound)
    const nullable = isAggregateNullable(bound, this.#keys.length > 0)
    return { kind: 'column', index: FIRST_AGGREGATE + index, name, type, nullable, at: call.at }
  }

  finish(): ReturnType<Stage['finish']> {
    const { node, keysAt, callsAt } = this.#build()
    const rebase = (expr: Expr): Expr => {
      const key = this.#keys.findIndex((known) => sameExpr(known, expr))
      if (key >= 0) return columnExpr(node.schema, keysAt[key], expr.at)
      if (expr.kind !== 'column') return mapParts(expr, rebase)
      if (expr.index >= FIRST_AGGREGATE) {
        return columnExpr(node.schema, callsAt + expr.index - FIRST_AGGREGATE, expr.at)
      }
      return fail('INVALID_AGGREGATE', `${expr.name} is neither grouped nor aggregated`, {
        at: expr.at,
        hint: `Add ${expr.name} to GROUP BY, or aggregate it: MAX(${expr.name}).`,
      })
    }
    return { node, rebase }
  }

  /** What each key is to the window of the input, if it is a bound of it. */
  #boundOf(key: Expr): WindowProperty | undefined {
    if (key.kind !== 'column') return undefined
    return this.#input.traits.windowColumns.find((property) => property.column === key.index)
  }

  /** A GROUP BY is windowed when it has both `window_start` and `window_end`. */
  #build(): Built {
    const bounds = this.#keys.map((key) => this.#boundOf(key))
    const start = bounds.find((bound) => bound?.role === 'window_start')
    const end = bounds.find((bound) => bound?.role === 'window_end')
    return start && end ? this.#buildWindowed(bounds, start) : this.#buildPlain()
  }

  #buildPlain(): Built {
    const parts = { input: this.#input, keys: this.#keys, aggregates: this.#calls }
    return {
      node: makeAggregate(parts, [...this.#keys.map(keyField), ...this.#callFields()]),
      keysAt: this.#keys.map((_, i) => i),
      callsAt: this.#keys.length,
    }
  }

  /** The keys that are bounds move behind the aggregates. */
  #buildWindowed(bounds: readonly (WindowProperty | undefined)[], start: WindowProperty): Built {
    const isBound = (_: unknown, i: number) => bounds[i] !== undefined
    const isPlain = (_: unknown, i: number) => bounds[i] === undefined
    const keys = this.#keys.filter(isPlain)
    const ends = this.#keys.filter(isBound)
    const node = makeWindowAggregate(
      {
        input: this.#input,
        window: start.window,
        timeColumn: start.column,
        keys,
        aggregates: this.#calls,
        windowColumns: bounds.flatMap((bound) => bound?.role ?? []),
      },
      [...keys.map(keyField), ...this.#callFields(), ...ends.map(keyField)],
    )
    const endsAt = keys.length + this.#calls.length
    const keysAt = this.#keys.map((key, i) =>
      bounds[i] === undefined ? keys.indexOf(key) : endsAt + ends.indexOf(key),
    )
    return { node, keysAt, callsAt: keys.length }
  }

  #callFields(): Field[] {
    return this.#calls.map((call) => ({
      name: aggregateName(call),
      type: call.type,
      nullable: isAggregateNullable(call, this.#keys.length > 0),
    }))
  }
}

/** Where aggregates are among the columns until `finish`; no input is that wide. */
const FIRST_AGGREGATE = 1 << 24

const keyField = (key: Expr): Field => ({
  name: key.kind === 'column' ? key.name : printExpr(key),
  type: key.type,
  nullable: isNullable(key),
})

const sameWindow = (a: GroupWindow, b: GroupWindow): boolean =>
  a.name === b.name &&
  a.timeColumn === b.timeColumn &&
  a.spec.sizeUs === b.spec.sizeUs &&
  a.spec.offsetUs === b.spec.offsetUs
