/** Makes the logical nodes of UNION, INTERSECT and EXCEPT. */

import { assert } from '../../engine/base/assert.ts'
import { type Field, sameShape, schemaOf } from '../../engine/batch/schema.ts'
import { fieldsOf, type LogicalNode, type SetOperationNode, type UnionNode } from './node.ts'
import { sameWindow } from './same-window.ts'
import { indexes, plainTraits } from './traits.ts'

/** UNION ALL of two inputs of the same types. `fields`: by default the left one's names, nullable
 *  where a side is. */
export function makeUnion(
  left: LogicalNode,
  right: LogicalNode,
  fields: readonly Field[] = fieldsOf(left).map((field, i) => ({
    ...field,
    nullable: field.nullable || fieldsOf(right)[i].nullable,
  })),
): UnionNode {
  assert(sameShape(left.schema, right.schema), 'a union needs the same types on both sides')
  const [a, b] = [left.traits, right.traits]
  const common = (x: readonly number[], y: readonly number[]) => x.filter((c) => y.includes(c))
  return {
    kind: 'union',
    left,
    right,
    schema: schemaOf(fields),
    traits: {
      appendOnly: a.appendOnly && b.appendOnly,
      keys: [],
      watermarked: a.watermarked || b.watermarked,
      timeColumns: common(a.timeColumns, b.timeColumns),
      processingColumns: common(a.processingColumns, b.processingColumns),
      windowColumns: a.windowColumns.filter((mine) =>
        b.windowColumns.some(
          (other) =>
            other.column === mine.column &&
            other.role === mine.role &&
            sameWindow(other.window, mine.window),
        ),
      ),
    },
  }
}

export type SetOperationParts = Pick<SetOperationNode, 'operator' | 'all' | 'left' | 'right'>

/** INTERSECT only grows with inputs that only grow; EXCEPT takes rows back. */
export function makeSetOperation(parts: SetOperationParts): SetOperationNode {
  const { operator, all, left, right } = parts
  assert(sameShape(left.schema, right.schema), 'a set operation needs the same types')
  const [a, b] = [left.traits, right.traits]
  return {
    ...parts,
    kind: 'set-operation',
    schema: left.schema,
    traits: plainTraits({
      appendOnly: operator === 'intersect' && a.appendOnly && b.appendOnly,
      keys: all ? [] : [indexes(left.schema.fields.length)],
      watermarked: a.watermarked || b.watermarked,
    }),
  }
}
