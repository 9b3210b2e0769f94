/** GROUP BY without a window, as a changelog.
 *
 *  State: one row of slots per group that has rows, until it has had no news for `stateTtlUs`, or
 *  for ever.
 *  Delta: a group that an epoch touched retracts the row it had and inserts the one it has; a group
 *  whose row is the same says nothing; a group that lost its last row only retracts.
 *  O(rows + touched groups) per epoch. */

import { schemaOf } from '../../batch/schema.ts'
import { printExpr } from '../../expr/ir.ts'
import type { AggregateNode } from '../nodes.ts'
import { defineOperator } from '../operator.ts'
import { ChangedGroups } from './changed-groups.ts'
import { checkAggregates, printCall } from './check-aggregates.ts'
import { GroupProgram } from './group-program.ts'
import { allRows } from './group-rows.ts'

export const aggregate = defineOperator<'aggregate', AggregateNode>({
  kind: 'aggregate',
  inputs: 1,
  check: (node) => checkAggregates(node),
  schema: ({ fields }) => schemaOf(fields),
  appendOnly: ({ aggregates }, [input]) => aggregates.length === 0 && input.appendOnly,
  explain({ keys, aggregates }) {
    const by = keys.length === 0 ? '' : ` by ${keys.map(printExpr).join(', ')}`
    return `Aggregate: ${aggregates.map(printCall).join(', ') || 'distinct'}${by}`
  },
  create({ keys, aggregates, stateTtlUs }, { inputs, schema, batchRowsMax, clock }) {
    const { appendOnly, schema: input } = inputs[0]
    const program = new GroupProgram({ keys, aggregates, input, appendOnly })
    const changed = new ChangedGroups(program, {
      schema,
      global: keys.length === 0,
      appendOnly: inputs[0].appendOnly,
      ttl: stateTtlUs ? { us: stateTtlUs, clock } : undefined,
    })
    const groups = new Int32Array(batchRowsMax)
    // The rows of an epoch come at its end, so its watermark must wait for them.
    let heldUs = -Infinity
    return {
      batch(_input, batch) {
        const rows = allRows(batch.rowCount)
        program.find(batch, changed.table, rows, batch.rowCount, groups, clock)
        changed.touch(groups, rows, batch.rowCount, batch.weights)
        program.add(batch)(batch, changed.table, rows, batch.rowCount, groups, clock)
      },
      watermark(_input, watermarkUs) {
        heldUs = watermarkUs
      },
      epoch(out) {
        changed.emit(out)
        if (heldUs > -Infinity) out.watermark(heldUs)
      },
      dueUs: () => changed.dueUs(),
      holdsAll: () => stateTtlUs === undefined && changed.settled,
      tellAll: (out) => changed.tellAll(out),
      snapshot: () => changed.snapshot(),
      restore: (sections) => changed.restore(sections),
      stateSize: () => changed.stateSize(),
    }
  },
})
