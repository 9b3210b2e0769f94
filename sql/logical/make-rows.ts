/** Makes the logical nodes that multiply rows, let them age out, or change what their time is. */

import { type Field, schemaOf } from '../../engine/batch/schema.ts'
import type {
  ExpandNode,
  LogicalNode,
  ProcessingTimeNode,
  TemporalFilterNode,
  UnnestNode,
} from './node.ts'
import { fieldsOf } from './node.ts'

/** `added`: the keys, then the set's number. Rows keep their times and windows. */
export function makeExpand(
  input: LogicalNode,
  { keys, sets }: Pick<ExpandNode, 'keys' | 'sets'>,
  added: readonly Field[],
): ExpandNode {
  const schema = schemaOf([...fieldsOf(input), ...added])
  const set = schema.fields.length - 1
  return {
    kind: 'expand',
    input,
    keys,
    sets,
    schema,
    traits: { ...input.traits, keys: input.traits.keys.map((key) => [...key, set]) },
  }
}

/** `added`: the element's columns, then its position if asked for, which makes keys. */
export function makeUnnest(
  input: LogicalNode,
  { value, outer, ordinality }: Pick<UnnestNode, 'value' | 'outer' | 'ordinality'>,
  added: readonly Field[],
): UnnestNode {
  const schema = schemaOf([...fieldsOf(input), ...added])
  const position = schema.fields.length - 1
  const keys = ordinality ? input.traits.keys.map((key) => [...key, position]) : []
  return {
    kind: 'unnest',
    input,
    value,
    outer,
    ordinality,
    schema,
    traits: { ...input.traits, keys },
  }
}

/** Rows that come or go when the clock says so come and go behind the watermark. */
export const makeTemporalFilter = (
  input: LogicalNode,
  { from, until }: Pick<TemporalFilterNode, 'from' | 'until'>,
): TemporalFilterNode => ({
  kind: 'temporal-filter',
  input,
  from,
  until,
  schema: input.schema,
  traits: {
    ...input.traits,
    appendOnly: input.traits.appendOnly && until === undefined,
    timeColumns: [],
    processingColumns: [],
    windowColumns: [],
  },
})

/** The rows with `timeColumn`, which holds `PROCTIME()`, as their time attribute. Event time means
 *  nothing above: its watermark ends here. */
export const makeProcessingTime = (input: LogicalNode, timeColumn: number): ProcessingTimeNode => ({
  kind: 'processing-time',
  input,
  timeColumn,
  schema: input.schema,
  traits: {
    ...input.traits,
    timeColumns: [timeColumn],
    windowColumns: [],
    watermarked: true,
  },
})
