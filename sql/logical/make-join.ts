/** Makes the logical nodes of joins: what their columns are, and what is known of their rows. */

import { type Field, schemaOf } from '../../engine/batch/schema.ts'
import type { JoinKind } from '../../engine/operator/nodes.ts'
import { joinParts } from './join-parts.ts'
import { joinTraits, temporalJoinTraits } from './join-traits.ts'
import { fieldsOf, type JoinNode, type LogicalNode, type TemporalJoinNode } from './node.ts'
import { byVersionKey } from './version-key.ts'

export type JoinSides = Pick<JoinNode, 'join' | 'left' | 'right' | 'on'> & {
  readonly nullAware?: boolean | undefined
}

export function makeJoin({ join, left, right, on, nullAware = false }: JoinSides): JoinNode {
  const found = joinParts(on, left, right)
  // NOT IN looks at all rows of the other side, whenever they came.
  const parts = nullAware ? { ...found, interval: undefined } : found
  return {
    kind: 'join',
    join,
    left,
    right,
    on,
    nullAware,
    parts,
    schema: schemaOf(joinFields(join, left, right)),
    traits: joinTraits(join, { left, right, parts }),
  }
}

const nullable = (fields: readonly Field[]): Field[] =>
  fields.map((field) => ({ ...field, nullable: true }))

/** The columns of a side that can be missing are nullable. */
export function joinFields(join: JoinKind, left: LogicalNode, right: LogicalNode): Field[] {
  const [a, b] = [fieldsOf(left), fieldsOf(right)]
  if (join === 'semi' || join === 'anti') return [...a]
  return [
    ...(join === 'right' || join === 'full' ? nullable(a) : a),
    ...(join === 'left' || join === 'full' ? nullable(b) : b),
  ]
}

export type TemporalJoinSides = Pick<TemporalJoinNode, 'join' | 'left' | 'right' | 'on' | 'time'>

export function makeTemporalJoin(sides: TemporalJoinSides): TemporalJoinNode {
  const { join, left, right, on, time } = sides
  const found = joinParts(on, left, right)
  const parts =
    time === undefined ? found : byVersionKey(found, right.traits, fieldsOf(left).length)
  return {
    ...sides,
    kind: 'temporal-join',
    parts,
    schema: schemaOf(joinFields(join, left, right)),
    traits: temporalJoinTraits({ left, right, parts }, time),
  }
}
