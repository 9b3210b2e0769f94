/** Makes the logical nodes of one input: works out each one's schema and traits. */

import { assert } from '../../engine/base/assert.ts'
import { type Field, type Schema, schemaOf } from '../../engine/batch/schema.ts'
import type { Expr, Value } from '../../engine/expr/ir.ts'
import { operatorOf } from '../../engine/operator/index.ts'
import type { SortKey, WindowSpec } from '../../engine/operator/nodes.ts'
import { declaredColumns, type TableSpec } from '../../engine/source/table.ts'
import type {
  AggregateNode,
  FilterNode,
  LogicalNode,
  ProjectNode,
  ScanNode,
  SortNode,
  ValuesNode,
  WindowAggregateNode,
  WindowNode,
} from './node.ts'
import {
  aggregateTraits,
  projectTraits,
  scanTraits,
  valuesTraits,
  windowAggregateTraits,
  windowTraits,
} from './traits.ts'

/** Default: all columns, as declared, of a table of which no unique columns are known. */
export function makeScan(
  table: TableSpec,
  columns: readonly number[] = declaredColumns(table),
  tableKeys: readonly (readonly number[])[] = [],
): ScanNode {
  return {
    kind: 'scan',
    table,
    columns,
    tableKeys,
    schema: schemaOf(columns.map((column) => table.schema.fields[column])),
    traits: scanTraits(table, columns, tableKeys),
  }
}

export const makeValues = (schema: Schema, rows: readonly (readonly Value[])[]): ValuesNode => ({
  kind: 'values',
  rows,
  schema,
  traits: valuesTraits(rows.length),
})

export const makeFilter = (input: LogicalNode, predicate: Expr): FilterNode => ({
  kind: 'filter',
  input,
  predicate,
  schema: input.schema,
  traits: input.traits,
})

export function makeProject(
  input: LogicalNode,
  exprs: readonly Expr[],
  fields: readonly Field[],
): ProjectNode {
  assert(exprs.length === fields.length, 'a projection has a field per expression')
  return {
    kind: 'project',
    input,
    exprs,
    schema: schemaOf(fields),
    traits: projectTraits(input.traits, exprs),
  }
}

/** `partitionBy`: of SESSION. */
export function makeWindow(
  input: LogicalNode,
  window: WindowSpec,
  timeColumn: number,
  partitionBy?: readonly number[],
): WindowNode {
  return {
    kind: 'window',
    input,
    window,
    timeColumn,
    partitionBy,
    schema: operatorOf('window').schema({ window, timeColumn }, [input.schema]),
    traits: windowTraits(input.traits, input.schema.fields.length, window),
  }
}

/** `fields`: keys, then aggregates. */
export function makeAggregate(
  parts: Pick<AggregateNode, 'input' | 'keys' | 'aggregates'>,
  fields: readonly Field[],
): AggregateNode {
  const { input, keys, aggregates } = parts
  assert(fields.length === keys.length + aggregates.length, 'a field per key and aggregate')
  return {
    kind: 'aggregate',
    input,
    keys,
    aggregates,
    schema: schemaOf(fields),
    traits: aggregateTraits(input.traits, keys.length, aggregates.length === 0),
  }
}

export type WindowAggregateParts = Omit<WindowAggregateNode, 'kind' | 'schema' | 'traits'>

/** `fields`: keys, aggregates, then window columns. */
export function makeWindowAggregate(
  parts: WindowAggregateParts,
  fields: readonly Field[],
): WindowAggregateNode {
  const { input, keys, aggregates, windowColumns, window, emit } = parts
  const first = keys.length + aggregates.length
  assert(fields.length === first + windowColumns.length, 'a field per output column')
  return {
    ...parts,
    kind: 'window-aggregate',
    schema: schemaOf(fields),
    traits: windowAggregateTraits(input.traits, {
      keyCount: keys.length,
      first,
      window,
      columns: windowColumns,
      atClose: emit === undefined || emit.kind === 'close',
      attached: parts.attached !== undefined,
    }),
  }
}

export interface SortParts {
  readonly keys: readonly SortKey[]
  readonly limit?: number | undefined
  readonly offset?: number | undefined
}

export const makeSort = (input: LogicalNode, parts: SortParts): SortNode => ({
  kind: 'sort',
  input,
  keys: parts.keys,
  limit: parts.limit,
  offset: parts.offset,
  schema: input.schema,
  traits: parts.limit === 1 ? { ...input.traits, keys: [[]] } : input.traits,
})
