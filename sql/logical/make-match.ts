/** Makes the logical node of MATCH_RECOGNIZE, and what rules need to rebuild it. */

import { assert } from '../../engine/base/assert.ts'
import { type Field, schemaOf } from '../../engine/batch/schema.ts'
import { columnsOf, type Expr } from '../../engine/expr/ir.ts'
import type { MatchReference } from '../../engine/operator/nodes.ts'
import type { LogicalNode, MatchNode, Traits } from './node.ts'
import { moveColumns } from './substitute.ts'
import { plainTraits } from './traits.ts'

export type MatchParts = Omit<MatchNode, 'kind' | 'input' | 'schema' | 'traits'>

/** `fields`: one per output. */
export function makeMatch(
  input: LogicalNode,
  parts: MatchParts,
  fields: readonly Field[],
): MatchNode {
  assert(fields.length === parts.output.length, 'a field per output column')
  return {
    ...parts,
    kind: 'match',
    input,
    schema: schemaOf(fields),
    traits: matchTraits(input.traits, parts),
  }
}

export const matchPartsOf = ({
  kind: _kind,
  input: _input,
  schema: _schema,
  traits: _traits,
  ...parts
}: MatchNode): MatchParts => parts

/** A match is said when it is certain, and its times are not before its first row's, which holds
 *  the watermark back. Matches can overlap, so no column is unique. */
function matchTraits(input: Traits, parts: MatchParts): Traits {
  return {
    ...plainTraits({ appendOnly: true, keys: [], watermarked: input.watermarked }),
    timeColumns: parts.output.flatMap((from, i) => {
      const isTime =
        from.kind === 'column'
          ? parts.rows === 'all' && from.column === parts.timeColumn
          : isLastTime(parts.measures[from.measure], parts)
      return isTime ? [i] : []
    }),
  }
}

/** MATCH_ROWTIME(): the time of the match's last row. */
function isLastTime(measure: Expr, { references, timeColumn }: MatchParts): boolean {
  if (measure.kind !== 'column') return false
  const reference = references[measure.index]
  if (reference.kind !== 'column' || reference.column !== timeColumn) return false
  const { variables, end, offset, shift } = reference.place
  return variables === undefined && end === 'last' && offset === 0 && shift === 0
}

/** The expressions over the input's columns. */
export const inputExprsOf = ({ partitionBy, orderBy, references }: MatchParts): Expr[] => [
  ...partitionBy,
  ...orderBy.map((key) => key.expr),
  ...references.flatMap((reference) => {
    if (reference.kind !== 'aggregate') return []
    const { args, filter, orderBy: sorted = [] } = reference.call
    return [...args, ...(filter ? [filter] : []), ...sorted.map((key) => key.expr)]
  }),
]

/** The columns of the input that are read. */
export function inputColumnsOf(parts: MatchParts): Set<number> {
  const reads = new Set([parts.timeColumn])
  for (const expr of inputExprsOf(parts)) columnsOf(expr, reads)
  for (const reference of parts.references) {
    if (reference.kind === 'column') reads.add(reference.column)
  }
  for (const from of parts.output) if (from.kind === 'column') reads.add(from.column)
  return reads
}

/** The same over an input whose columns are at other places. */
export function moveMatch(parts: MatchParts, to: (column: number) => number): MatchParts {
  const moved = changeInputExprs(parts, (expr) => moveColumns(expr, to))
  return {
    ...moved,
    timeColumn: to(parts.timeColumn),
    references: moved.references.map((reference) =>
      reference.kind === 'column' ? { ...reference, column: to(reference.column) } : reference,
    ),
    output: parts.output.map((from) =>
      from.kind === 'column' ? { ...from, column: to(from.column) } : from,
    ),
  }
}

/** With all expressions replaced, those over the references too. */
export function changeMatch(parts: MatchParts, expr: (expr: Expr) => Expr): MatchParts {
  return {
    ...changeInputExprs(parts, expr),
    variables: parts.variables.map(({ name, condition }) => ({
      name,
      condition: condition && expr(condition),
    })),
    measures: parts.measures.map(expr),
  }
}

function changeInputExprs(parts: MatchParts, expr: (expr: Expr) => Expr): MatchParts {
  return {
    ...parts,
    partitionBy: parts.partitionBy.map(expr),
    orderBy: parts.orderBy.map((key) => ({ ...key, expr: expr(key.expr) })),
    references: parts.references.map((reference) => changeReference(reference, expr)),
  }
}

function changeReference(reference: MatchReference, expr: (expr: Expr) => Expr): MatchReference {
  if (reference.kind !== 'aggregate') return reference
  const { call } = reference
  return {
    ...reference,
    call: {
      ...call,
      args: call.args.map(expr),
      filter: call.filter && expr(call.filter),
      orderBy: call.orderBy?.map((key) => ({ ...key, expr: expr(key.expr) })),
    },
  }
}

/** Only these outputs, and nothing that is only there for others. */
export function keepOutputs(parts: MatchParts, kept: readonly number[]): MatchParts {
  const output = kept.map((i) => parts.output[i])
  const measures = new Map<number, number>()
  const references = new Map<number, number>()
  for (const from of output) {
    if (from.kind === 'measure' && !measures.has(from.measure)) {
      measures.set(from.measure, measures.size)
    }
  }
  const exprs = [...measures.keys()].map((i) => parts.measures[i])
  const conditions = parts.variables.flatMap(({ condition }) => condition ?? [])
  for (const expr of [...conditions, ...exprs]) {
    for (const i of columnsOf(expr)) if (!references.has(i)) references.set(i, references.size)
  }
  const to = (i: number) => references.get(i)!
  return {
    ...parts,
    variables: parts.variables.map(({ name, condition }) => ({
      name,
      condition: condition && moveColumns(condition, to),
    })),
    references: [...references.keys()].map((i) => parts.references[i]),
    measures: exprs.map((expr) => moveColumns(expr, to)),
    output: output.map((from) =>
      from.kind === 'measure' ? { ...from, measure: measures.get(from.measure)! } : from,
    ),
  }
}
