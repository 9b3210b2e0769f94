/** A table's rows: those that its source brings, or with a primary key what becomes of them. */

import { schemaOf } from '../../engine/batch/schema.ts'
import type { Expr } from '../../engine/expr/ir.ts'
import type { InputInfo } from '../../engine/operator/operator.ts'
import type { Plan } from '../../engine/plan/physical.ts'
import { isAppendOnly } from '../../engine/source/table.ts'
import { fieldsOf, type LogicalNode } from '../logical/node.ts'

type ScanNode = Extract<LogicalNode, { kind: 'scan' }>

/** The key's columns are read even if the query does not ask for them. */
export function lowerScan(node: ScanNode): InputInfo & { readonly plan: Plan } {
  const { table, columns, schema } = node
  const appendOnly = isAppendOnly(table)
  const { primaryKey } = table
  if (primaryKey === undefined) {
    return { plan: { kind: 'source', table, columns }, schema, appendOnly }
  }
  const added = primaryKey.filter((key) => !columns.includes(key))
  const read = [...columns, ...added]
  const current: Plan = {
    kind: 'upsert',
    node: {
      keys: primaryKey.map((key) => read.indexOf(key)),
      inOrder: table.watermark !== undefined,
    },
    inputs: [{ kind: 'source', table, columns: read }],
  }
  if (added.length === 0) return { plan: current, schema, appendOnly }
  const { fields } = schemaOf(read.map((column) => table.schema.fields[column]))
  const exprs = columns.map((_, index): Expr => ({ kind: 'column', index, ...fields[index] }))
  const project = { fields: fieldsOf(node), exprs }
  return { plan: { kind: 'project', node: project, inputs: [current] }, schema, appendOnly }
}
