/** UNNEST: a row per element of an array or a map, beside the row that it comes from. */

import { fail } from '../../engine/base/errors.ts'
import { didYouMean } from '../../engine/base/nearest.ts'
import type { Field } from '../../engine/batch/schema.ts'
import { BIGINT, type DataType, typeName } from '../../engine/batch/types.ts'
import type { TableRef } from '../ast.ts'
import { makeUnnest } from '../logical/make-rows.ts'
import { fieldsOf } from '../logical/node.ts'
import { bindExpression } from './bind-expression.ts'
import type { BindContext, Relation } from './context.ts'
import { namesFor } from './relation.ts'
import { Scope } from './scope.ts'

interface UnnestParts {
  readonly ref: Extract<TableRef, { kind: 'function' }>
  /** The rows whose columns the argument may read. */
  readonly left: Relation
  /** Rows without elements stay. */
  readonly outer: boolean
  readonly context: BindContext
}

/** UNKNOWN_FUNCTION for other table functions; TYPE_MISMATCH for what has no elements. */
export function bindUnnest({ ref, left, outer, context }: UnnestParts): Relation {
  if (ref.name.text.toUpperCase() !== 'UNNEST') {
    fail('UNKNOWN_FUNCTION', `There is no table function ${ref.name.text}`, {
      at: ref.name.at,
      hint:
        didYouMean(ref.name.text.toUpperCase(), [
          'UNNEST',
          'TUMBLE',
          'HOP',
          'CUMULATE',
          'SESSION',
        ]) ?? 'UNNEST and the windowing functions are.',
    })
  }
  if (ref.args.length !== 1) {
    fail('INVALID_ARGUMENT', 'UNNEST takes one array or map', { at: ref.at })
  }
  const { node, scope } = left
  const around = { scope, schema: node.schema, clause: 'UNNEST', outer: context.outer }
  const value = bindExpression(ref.args[0], around)
  const elements = elementFields(value.type)
  if (elements === undefined) {
    fail('TYPE_MISMATCH', `UNNEST takes an array or a map, not ${typeName(value.type)}`, {
      at: ref.args[0].at,
    })
  }
  const { withOrdinality: ordinality } = ref
  const position = { name: 'ordinality', type: BIGINT, nullable: outer }
  const added = renamed(ordinality ? [...elements, position] : elements, ref)
  const unnested = makeUnnest(node, { value, outer, ordinality }, added)
  const width = fieldsOf(node).length
  const table = ref.alias?.name.text
  const columns = added.map(({ name }, i) => ({ table, name, index: width + i }))
  return { node: unnested, scope: new Scope([...scope.columns, ...columns]) }
}

/** The columns of one element; undefined if the type has none. */
function elementFields(type: DataType): Field[] | undefined {
  if (type.kind === 'map') {
    return [
      { name: 'KEY', type: type.key, nullable: true },
      { name: 'VALUE', type: type.value, nullable: true },
    ]
  }
  if (type.kind !== 'array') return undefined
  const { element } = type
  if (element.kind !== 'row') return [{ name: 'EXPR$0', type: element, nullable: true }]
  return element.fields.map((field) => ({ name: field.name, type: field.type, nullable: true }))
}

/** `AS t (a, b)` names the columns; `AS t` alone names a single one too, as in PostgreSQL. */
function renamed(fields: readonly Field[], { alias }: UnnestParts['ref']): Field[] {
  const names = alias?.columns ?? []
  if (alias !== undefined && names.length === 0 && fields.length === 1) {
    return [{ ...fields[0], name: alias.name.text }]
  }
  if (names.length === 0) return [...fields]
  if (names.length !== fields.length) {
    fail('INVALID_ARGUMENT', namesFor(names.length, fields.length), {
      at: names[Math.min(fields.length, names.length - 1)].at,
    })
  }
  return fields.map((field, i) => ({ ...field, name: names[i].text }))
}
