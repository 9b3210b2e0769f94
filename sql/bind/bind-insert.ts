/** INSERT INTO … VALUES -> rows of the table's stored columns, evaluated and converted. */

import type { EpochClock } from '../../engine/base/clock.ts'
import { fail, type Span } from '../../engine/base/errors.ts'
import { type Field, schemaOf } from '../../engine/batch/schema.ts'
import { typeName } from '../../engine/batch/types.ts'
import { coerce } from '../../engine/expr/coerce.ts'
import type { Value } from '../../engine/expr/ir.ts'
import { literal } from '../../engine/expr/literal.ts'
import type { TableSpec } from '../../engine/source/table.ts'
import type { Expression, Name, Statement } from '../ast.ts'
import type { Catalog } from '../catalog/catalog.ts'
import { bindExpression } from './bind-expression.ts'
import { evaluate } from './constant.ts'
import { Scope } from './scope.ts'

export type InsertValues = Extract<Statement, { kind: 'insert-values' }>

export interface BoundInsert {
  readonly table: TableSpec
  /** One value per stored column, in the table's order; columns not named are NULL. */
  readonly rows: readonly (readonly Value[])[]
}

/** Nothing of the statement may be stored if this fails: UNKNOWN_TABLE, UNKNOWN_COLUMN,
 *  DUPLICATE_NAME, INVALID_ARGUMENT (number of values), TYPE_MISMATCH, INVALID_VALUE (a value
 *  that does not fit, NULL in a NOT NULL column), at the value. `clock` is what
 *  CURRENT_TIMESTAMP reads. */
export function bindInsert(
  statement: InsertValues,
  catalog: Catalog,
  clock?: EpochClock,
): BoundInsert {
  const { spec } = catalog.expect('table', statement.table)
  if (spec.connector !== 'log') {
    fail(
      'UNSUPPORTED',
      `INSERT INTO ${spec.name}: ${spec.connector} tables cannot be written yet`,
      {
        at: statement.table.at,
      },
    )
  }
  const targets = targetsOf(statement, spec)
  const stored = spec.schema.fields.slice(0, spec.storedCount)
  refuseMissing(stored, targets, statement)
  const rows = statement.rows.map((values) => {
    checkCount(values, targets.length, statement.table.at)
    const row: Value[] = stored.map(() => null)
    values.forEach((value, i) => {
      row[targets[i]] = valueFor(value, stored[targets[i]], clock)
    })
    return row
  })
  return { table: spec, rows }
}

/** The stored column of each value. */
function targetsOf({ columns }: InsertValues, spec: TableSpec): number[] {
  if (columns.length === 0) return Array.from({ length: spec.storedCount }, (_, i) => i)
  const scope = Scope.of(spec.schema)
  const seen = new Set<number>()
  return columns.map((name) => {
    const { index } = scope.resolve([name])
    if (index >= spec.storedCount) refuseComputed(name)
    if (seen.has(index)) fail('DUPLICATE_NAME', `${name.text} is named twice`, { at: name.at })
    seen.add(index)
    return index
  })
}

function refuseComputed({ text, at }: Name): never {
  fail('INVALID_ARGUMENT', `The column ${text} is computed and takes no value`, { at })
}

function refuseMissing(
  stored: readonly Field[],
  targets: readonly number[],
  { table }: InsertValues,
): void {
  const missing = stored.find(({ nullable }, i) => !nullable && !targets.includes(i))
  if (missing === undefined) return
  fail('INVALID_VALUE', `The column ${missing.name} is NOT NULL and gets no value`, {
    at: table.at,
  })
}

function checkCount(values: readonly Expression[], wanted: number, at: Span): void {
  if (values.length === wanted) return
  const extra = values[Math.min(wanted, values.length - 1)]
  fail('INVALID_ARGUMENT', `A row has ${values.length} values for ${wanted} columns`, {
    at: extra?.at ?? at,
  })
}

const NO_COLUMNS = schemaOf([])
const NOWHERE = { scope: new Scope([]), schema: NO_COLUMNS, clause: 'VALUES' }

function valueFor(expression: Expression, field: Field, clock: EpochClock | undefined): Value {
  const { at } = expression
  const bound = bindExpression(expression, NOWHERE)
  // As a literal it converts by its value: 1 + 1 fits a SMALLINT, 40000 does not.
  const value = literal(bound.type, evaluate(bound, clock), at)
  if (value.value === null) {
    if (field.nullable) return null
    return fail('INVALID_VALUE', `The column ${field.name} is NOT NULL`, { at })
  }
  const converted = coerce(value, field.type)
  if (converted !== undefined) return evaluate(converted, clock)
  return fail(
    'TYPE_MISMATCH',
    `${field.name} is ${typeName(field.type)}; this value does not fit`,
    {
      at,
      hint: `The value is a ${typeName(value.type)}. CAST it if that is what you mean.`,
    },
  )
}
