/** The SELECT list over rows that can be taken back, where it asks the clock or chance: a row
 *  goes with the values that it came with.
 *
 *  State: every row that is there, with what was drawn for it. Delta: an inserted row draws; a
 *  retracted one says again what it said. Of equal rows the one that came last goes first.
 *  O(rows). */

import { Batch } from '../batch/batch.ts'
import { hashRows } from '../batch/row-hash.ts'
import { type Schema, schemaOf } from '../batch/schema.ts'
import { compileProject } from '../expr/compile-project.ts'
import { isDeterministic, isNullable } from '../expr/facts.ts'
import { type Expr, printExpr } from '../expr/ir.ts'
import { PinnedRows } from '../state/pinned-rows.ts'
import type { ProjectNode } from './nodes.ts'
import { defineOperator } from './operator.ts'

export const pinnedProject = defineOperator<'pinned-project', ProjectNode>({
  kind: 'pinned-project',
  inputs: 1,
  check() {},
  schema: ({ fields }) => schemaOf(fields),
  appendOnly: () => false,
  explain: ({ exprs }) => `Project, kept with each row: ${exprs.map(printExpr).join(', ')}`,
  create({ exprs }, { inputs: [input], schema, batchRowsMax, clock }) {
    const { drawn, rest } = splitDrawn(exprs, input.schema)
    const wide = wideSchema(input.schema, drawn)
    const draw = compileProject(drawn, input.schema)
    const finish = compileProject(rest, wide)
    const rows = new PinnedRows(wide)
    return {
      batch(_input, batch, out) {
        const { rowCount } = batch
        const all = new Batch(wide, [...batch.columns, ...draw(batch, clock)], rowCount)
        const hashes = hashRows(batch.columns, rowCount)
        const picks = rows.apply(batch, all, hashes)
        for (let from = 0; from < picks.count; from += batchRowsMax) {
          const to = Math.min(picks.count, from + batchRowsMax)
          const kept = rows.view.keep(picks.slots.subarray(from, to), to - from)
          const weights = picks.weights.slice(from, to)
          const made = new Batch(schema, finish(kept, clock), to - from, weights, marksOf(from, to))
          out.emit(made)
        }
        function marksOf(from: number, to: number): Float64Array | null {
          const { watermarks } = batch
          const sources = picks.rows.subarray(from, to)
          return watermarks && Float64Array.from(sources, (row) => watermarks[row])
        }
      },
      watermark: (_input, watermarkUs, out) => out.watermark(watermarkUs),
      epoch: () => rows.settle(),
      snapshot: () => rows.snapshot(),
      restore: (sections) => rows.restore(sections, input.schema.fields.length),
      stateSize: () => ({ rows: rows.live, bytes: rows.bytes }),
    }
  },
})

/** What asks, and the list with columns behind the input's in its place. */
function splitDrawn(exprs: readonly Expr[], { fields }: Schema) {
  const drawn: Expr[] = []
  const rest = exprs.map((expr): Expr => {
    if (isDeterministic(expr)) return expr
    const index = fields.length + drawn.push(expr) - 1
    const { type, at } = expr
    return { kind: 'column', index, name: printExpr(expr), type, nullable: isNullable(expr), at }
  })
  return { drawn, rest }
}

const wideSchema = ({ fields }: Schema, drawn: readonly Expr[]): Schema =>
  schemaOf([
    ...fields,
    ...drawn.map((expr, i) => ({
      name: `$drawn${i}`,
      type: expr.type,
      nullable: isNullable(expr),
    })),
  ])
