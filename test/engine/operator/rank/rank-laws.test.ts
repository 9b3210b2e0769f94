/** Law 2 for ranking: after every epoch the changelog adds up to DuckDB's answer. */

import { test } from 'vitest'
import { random } from '../../../../engine/base/random.ts'
import { BIGINT, DOUBLE, VARCHAR } from '../../../../engine/batch/types.ts'
import type { RankNode, SortKey } from '../../../../engine/operator/nodes.ts'
import { seedOf } from '../../../seed.ts'
import { connect, type HistoryCase, runHistory } from '../history.ts'
import { columnOf, fields } from '../run.ts'

const CASES = process.env.MILLRACE_LONG === undefined ? 50 : 4000

const input = fields({ k: VARCHAR, v: BIGINT, d: DOUBLE, s: VARCHAR, id: BIGINT })
const VALUES = [
  ['a', 'b', null],
  [1, 2, 3, 2n ** 60n, null],
  [0.5, -0.25, Number.NaN, null],
  ['x', 'yy', 'é', '😀', '', null],
  Array.from({ length: 40 }, (_, i) => i),
]

function rankCase(seed: number): HistoryCase<'rank'> {
  const r = random(seed)
  const pick = <T>(values: readonly T[]): T => values[r.below(values.length)]
  const orderBy: SortKey[] = Array.from({ length: r.below(3) }, () => ({
    expr: columnOf(input, pick(['v', 'd', 's'])),
    descending: r.below(2) === 0,
    nullsFirst: r.below(2) === 0,
  }))
  const ranking = pick(['row_number', 'rank', 'dense_rank'] as const)
  const from = r.below(4) === 0 ? 2 : 1
  const to = pick([from, from + 1, 4, Infinity])
  const node: RankNode = {
    ranking,
    partitionBy: r.below(4) === 0 ? [] : [columnOf(input, 'k')],
    orderBy,
    from,
    to,
    withRank: r.below(2) === 0,
    fields: [],
  }
  const rank = { name: 'rank', type: BIGINT, nullable: false }
  const order = orderBy.map(({ expr, descending, nullsFirst }) => {
    const name = (expr as { name: string }).name
    return `${name} ${descending ? 'DESC' : 'ASC'} NULLS ${nullsFirst ? 'FIRST' : 'LAST'}`
  })
  const all = ranking === 'row_number' ? [...order, 'seq'] : order
  const by = node.partitionBy.length === 0 ? '' : 'PARTITION BY k'
  const sorted = all.length === 0 ? '' : `ORDER BY ${all.join(', ')}`
  const last = to === Infinity ? '' : `AND rank <= ${to}`
  return {
    kind: 'rank',
    node: { ...node, fields: node.withRank ? [...input, rank] : input },
    input,
    appendOnly: r.below(2) === 0,
    values: r.below(2) === 0 ? VALUES : [...VALUES.slice(0, 4), [1]],
    sql: `SELECT k, v, d, s, id${node.withRank ? ', rank' : ''} FROM (
      SELECT *, ${ranking}() OVER (${by} ${sorted}) AS rank FROM t) WHERE rank >= ${from} ${last}`,
  }
}

test('ranking adds up to what DuckDB says, after every epoch', async () => {
  const connection = await connect()
  const first = seedOf('rank')
  for (let seed = first; seed < first + CASES; seed++) {
    await runHistory(connection, rankCase(seed), seed)
  }
}, 900_000)
