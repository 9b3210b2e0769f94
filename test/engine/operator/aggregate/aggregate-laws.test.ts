/** Law 2 for every aggregate that DuckDB has too: after every epoch, over inserts and retractions,
 *  with DISTINCT and FILTER and restarts, the changelog adds up to DuckDB's answer. */

import { test } from 'vitest'
import { type Random, random } from '../../../../engine/base/random.ts'
import type { Field } from '../../../../engine/batch/schema.ts'
import { BIGINT, BOOLEAN, type DataType, DOUBLE, VARCHAR } from '../../../../engine/batch/types.ts'
import type { Expr } from '../../../../engine/expr/ir.ts'
import { findAggregate } from '../../../../engine/operator/aggregate/index.ts'
import type { AggregateCall } from '../../../../engine/operator/nodes.ts'
import { seedOf } from '../../../seed.ts'
import { connect, type HistoryCase, runHistory } from '../history.ts'
import { columnOf, fields, literal } from '../run.ts'

const CASES = process.env.MILLRACE_LONG === undefined ? 40 : 4000

const DECIMAL: DataType = { kind: 'decimal', precision: 12, scale: 2 }
const WIDE: DataType = { kind: 'decimal', precision: 30, scale: 4 }
const input = fields({
  k: VARCHAR,
  v: BIGINT,
  d: DOUBLE,
  s: VARCHAR,
  b: BOOLEAN,
  m: DECIMAL,
  w: WIDE,
})
const VALUES = [
  ['a', 'b', null],
  [1, 2, 3, -7, 2n ** 56n, -(2n ** 56n), null],
  [0.5, -0.25, 3, 1000.75, null],
  ['x', 'yy', 'é', '😀', '', 'a longer text that is not short', null],
  [true, false, null],
  [150, -25, 99999999999, null],
  [1, -(10n ** 25n), 10n ** 28n + 7n, null],
]

/** Which columns an aggregate is tried on, and how DuckDB writes it. $ is the argument, ~ stands
 *  where DISTINCT does, @ where FILTER does, & where the filter is a part of another. */
const ENTRIES: readonly [name: string, columns: string, sql: string][] = [
  ['COUNT', 'vdsbmw', 'count(~$)@'],
  ['SUM', 'v', 'CAST(sum(~$)@ AS VARCHAR)'],
  ['SUM', 'd', 'sum(~$)@'],
  ['SUM', 'mw', 'CAST(sum(~$)@ AS VARCHAR)'],
  ['AVG', 'd', 'avg(~$)@'],
  ['AVG', 'v', 'CAST(sum(~$)@ // count(~$)@ AS VARCHAR)'],
  ['MIN', 'vdsbmw', 'min($)@'],
  ['MAX', 'vdsbmw', 'max($)@'],
  ['STDDEV_POP', 'd', 'stddev_pop(~$)@'],
  ['STDDEV_SAMP', 'd', 'stddev_samp(~$)@'],
  ['VAR_POP', 'd', 'var_pop(~$)@'],
  ['VAR_SAMP', 'd', 'var_samp(~$)@'],
  ['BOOL_AND', 'b', 'bool_and($)@'],
  ['BOOL_OR', 'b', 'bool_or($)@'],
  ['ARRAY_AGG', 'vs', 'list(~$ ORDER BY $ DESC NULLS LAST)@'],
  ['LISTAGG', 's', "string_agg(~$, ';' ORDER BY $ DESC NULLS LAST)@"],
  ['FIRST_VALUE', 'vds', 'list($ ORDER BY $ DESC) FILTER ($ IS NOT NULL &)[1]'],
  ['LAST_VALUE', 'vs', 'list($ ORDER BY $ DESC) FILTER ($ IS NOT NULL &)[-1]'],
  ['ARG_MIN', 'vs', 'list($ ORDER BY d, $) FILTER ($ IS NOT NULL AND d IS NOT NULL &)[1]'],
  ['ARG_MAX', 'vs', 'list($ ORDER BY d DESC, $) FILTER ($ IS NOT NULL AND d IS NOT NULL &)[1]'],
]

const POSITIVE: Expr = {
  kind: 'call',
  name: '>',
  type: BOOLEAN,
  args: [columnOf(input, 'v'), literal(1, BIGINT)],
}

function callOf(
  [name, columns, pattern]: (typeof ENTRIES)[number],
  r: Random,
): { call: AggregateCall; sql: string } {
  const column = columns[r.below(columns.length)]
  const entry = findAggregate(name)!
  const own = columnOf(input, column)
  const args = [own]
  if (name === 'LISTAGG') args.push(literal(';', VARCHAR))
  if (name.startsWith('ARG_')) args.push(columnOf(input, 'd'))
  const order = [{ expr: own, descending: true, nullsFirst: false }]
  const orderBy = entry.ordered === true ? order : undefined
  const type = entry.result(args.map((arg) => arg.type))!
  const distinct = r.below(3) === 0
  const filter = r.below(3) === 0 ? POSITIVE : undefined
  const sql = pattern
    .replaceAll('&', filter === undefined ? '' : 'AND v > 1')
    .replaceAll('@', filter === undefined ? '' : ' FILTER (v > 1)')
    .replaceAll('~', distinct ? 'DISTINCT ' : '')
    .replaceAll('$', column)
  return { call: { name, args, distinct, filter, orderBy, type }, sql }
}

function aggregateCase(seed: number): HistoryCase<'aggregate'> {
  const r = random(seed)
  const calls = Array.from({ length: 1 + r.below(5) }, () =>
    callOf(ENTRIES[r.below(ENTRIES.length)], r),
  )
  const isGrouped = r.below(4) > 0
  const results: Field[] = calls.map(({ call }, i) => ({
    name: `a${i}`,
    type: call.type,
    nullable: true,
  }))
  return {
    kind: 'aggregate',
    node: {
      keys: isGrouped ? [columnOf(input, 'k')] : [],
      aggregates: calls.map(({ call }) => call),
      fields: [...(isGrouped ? [input[0]] : []), ...results],
    },
    input,
    appendOnly: r.below(3) === 0,
    values: VALUES,
    sql: `SELECT ${isGrouped ? 'k, ' : ''}${calls.map(({ sql }) => sql).join(', ')} FROM t ${isGrouped ? 'GROUP BY k' : ''}`,
  }
}

test('every aggregate adds up to what DuckDB says, after every epoch', async () => {
  const connection = await connect()
  const first = seedOf('aggregates')
  for (let seed = first; seed < first + CASES; seed++) {
    await runHistory(connection, aggregateCase(seed), seed)
  }
}, 900_000)
