/** The lookup join in processing time: each left row with the rows that a table outside has for its
 *  key when it asks. Later changes outside change nothing. */

import { schemaOf } from '../../batch/schema.ts'
import { printExpr } from '../../expr/ir.ts'
import { checkJoinKeys } from '../join/join-keys.ts'
import { keptJoin } from '../join/kept-join.ts'
import type { LookupJoinNode } from '../nodes.ts'
import { defineOperator } from '../operator.ts'
import { LookupJoin } from './lookup-state.ts'

/** See lookup-state.ts for state and delta. */
export const lookupJoin = defineOperator<'lookup-join', LookupJoinNode>({
  kind: 'lookup-join',
  inputs: 1,
  check({ leftKeys, keys, table }) {
    const { fields } = table.schema
    checkJoinKeys(
      leftKeys,
      keys.map((index) => ({ kind: 'column', index, ...fields[index] })),
    )
  },
  schema: ({ fields }) => schemaOf(fields),
  appendOnly: (_node, [left]) => left.appendOnly,
  explain({ join, table, leftKeys, keys, cache, condition }) {
    const pairs = leftKeys.map(
      (key, i) => `${printExpr(key)} = ${table.schema.fields[keys[i]].name}`,
    )
    const residual = condition === undefined ? [] : [printExpr(condition)]
    const cached = cache === undefined ? '' : `, keeps up to ${cache.maxRows} rows`
    return `LookupJoin: ${join} in ${table.name} (${table.connector}) on ${[...pairs, ...residual].join(' AND ')}${cached}`
  },
  create: (node, context) => keptJoin(node, context, (...parts) => new LookupJoin(...parts)),
})
