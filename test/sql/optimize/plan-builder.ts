/** Short names to build logical plans by hand. */

import { schemaOf } from '../../../engine/batch/schema.ts'
import { BIGINT, type DataType, INT, VARCHAR } from '../../../engine/batch/types.ts'
import { isNullable } from '../../../engine/expr/facts.ts'
import type { Expr } from '../../../engine/expr/ir.ts'
import { literal } from '../../../engine/expr/literal.ts'
import { resolveCall } from '../../../engine/expr/resolve.ts'
import type { TableSpec } from '../../../engine/source/table.ts'
import { explainLogical } from '../../../sql/logical/explain.ts'
import { makeFilter, makeProject, makeScan } from '../../../sql/logical/make.ts'
import type { LogicalNode } from '../../../sql/logical/node.ts'

const TIME: DataType = { kind: 'timestamp', precision: 3 }

const field = (name: string, type: DataType, nullable = true) => ({ name, type, nullable })

/** t (name STRING, a INT, b BIGINT, ts TIMESTAMP(3) with a watermark) */
export const table: TableSpec = {
  id: 't1',
  name: 't',
  schema: schemaOf([
    field('name', VARCHAR),
    field('a', INT),
    field('b', BIGINT),
    field('ts', TIME),
  ]),
  storedCount: 4,
  computed: [],
  connector: 'log',
  options: {},
  watermark: {
    column: 3,
    idleTimeoutMs: 0,
    expr: { kind: 'column', index: 3, name: 'ts', type: TIME, nullable: true },
  },
}

export const scan = () => makeScan(table)

/** Column `name` of a node. */
export function col(node: LogicalNode, name: string): Expr {
  const index = node.schema.fields.findIndex((f) => f.name === name)
  if (index < 0) throw new Error(`no column ${name}`)
  return { kind: 'column', index, ...node.schema.fields[index] }
}

export const int = (value: number): Expr => literal(INT, value)
export const call = (name: string, ...args: Expr[]): Expr => resolveCall(name, args)
export const filter = (node: LogicalNode, predicate: Expr) => makeFilter(node, predicate)

/** A projection from names to expressions. */
export const project = (node: LogicalNode, columns: Record<string, Expr>) =>
  makeProject(
    node,
    Object.values(columns),
    Object.entries(columns).map(([name, expr]) => field(name, expr.type, isNullable(expr))),
  )

export const text = (node: LogicalNode): string => explainLogical(node).trimEnd()

/** Lines without their common indentation. */
export function lines(block: string): string {
  const all = block.split('\n').slice(1, -1)
  const indent = Math.min(...all.map((line) => line.length - line.trimStart().length))
  return all.map((line) => line.slice(indent)).join('\n')
}
