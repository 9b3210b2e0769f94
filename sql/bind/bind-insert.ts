/** INSERT INTO: the VALUES form gives rows of the table's stored columns, evaluated and converted;
 *  the SELECT form a node with the columns that the table's records have. */

import type { EpochClock } from '../../engine/base/clock.ts'
import { fail, type Span } from '../../engine/base/errors.ts'
import { type Field, schemaOf } from '../../engine/batch/schema.ts'
import { typeName } from '../../engine/batch/types.ts'
import { coerce } from '../../engine/expr/coerce.ts'
import { isNullable } from '../../engine/expr/facts.ts'
import { inZone } from '../../engine/expr/in-zone.ts'
import type { Expr, Value } from '../../engine/expr/ir.ts'
import { literal } from '../../engine/expr/literal.ts'
import { ENVELOPE_KEYS } from '../../engine/source/stream-frame.ts'
import { insertColumns, recordColumns, type TableSpec } from '../../engine/source/table.ts'
import type { Expression, Name, Statement } from '../ast.ts'
import type { Catalog } from '../catalog/catalog.ts'
import { makeProject } from '../logical/make.ts'
import type { LogicalNode } from '../logical/node.ts'
import { withoutPlace } from '../logical/visit.ts'
import { bindExpression } from './bind-expression.ts'
import { evaluate } from './constant.ts'
import { columnExpr, Scope } from './scope.ts'
import { withUserFunctions } from './user-functions.ts'

export type InsertValues = Extract<Statement, { kind: 'insert-values' }>

export interface BoundInsert {
  readonly table: TableSpec
  /** One value per stored column, in the table's order; columns not named are NULL. Of metadata,
   *  NULL means that nothing is said of it. */
  readonly rows: readonly (readonly Value[])[]
}

/** Nothing of the statement may be stored if this fails: UNKNOWN_TABLE, UNKNOWN_COLUMN,
 *  DUPLICATE_NAME, INVALID_ARGUMENT (number of values), TYPE_MISMATCH, INVALID_VALUE (a value
 *  that does not fit, NULL in a NOT NULL column), at the value. `clock` is what
 *  CURRENT_TIMESTAMP reads, `timeZone` the session's. */
export function bindInsert(
  statement: InsertValues,
  catalog: Catalog,
  clock?: EpochClock,
  timeZone = 'UTC',
): BoundInsert {
  const { spec } = catalog.expect('table', statement.table)
  if (spec.connector !== 'log') {
    fail(
      'UNSUPPORTED',
      `INSERT INTO ${spec.name} VALUES: rows go into streams of the embedded queue only`,
      {
        at: statement.table.at,
        hint: `INSERT INTO ${spec.name} SELECT … writes a query's results to the ${spec.connector} connector.`,
      },
    )
  }
  const targets = targetsOf(statement, spec, writableMetadata(spec))
  const stored = spec.schema.fields.slice(0, spec.storedCount)
  const record = recordColumns(spec)
  refuseMissing(
    stored.map((field, i) => (record.includes(i) ? field : { ...field, nullable: true })),
    targets,
    statement,
  )
  const rowOf = (values: InsertValues['rows'][number]): Value[] => {
    checkCount(values, targets.length, statement.table.at)
    const row: Value[] = stored.map(() => null)
    values.forEach((value, i) => {
      row[targets[i]] = valueFor(value, stored[targets[i]], { clock, timeZone })
    })
    return row
  }
  const around = { catalog, dependsOn: new Set<string>() }
  const rows = withUserFunctions(statement.rows, around, (given) => given.map(rowOf))
  return { table: spec, rows }
}

/** Metadata columns that a producer can give, unless they are VIRTUAL. */
const writableMetadata = ({ metadata = [] }: TableSpec): number[] =>
  metadata
    .filter(({ key, virtual }) => !virtual && ENVELOPE_KEYS.some((known) => known === key))
    .map(({ column }) => column)

/** The stored column of each value. `more`: columns beside the record's that can be named. */
function targetsOf(
  { columns }: { columns: readonly Name[] },
  spec: TableSpec,
  more: readonly number[] = [],
): number[] {
  const record = insertColumns(spec)
  if (columns.length === 0) return record
  const wanted = [...record, ...more]
  const scope = Scope.of(spec.schema)
  const seen = new Set<number>()
  return columns.map((name) => {
    const { index } = scope.resolve([name])
    if (index >= spec.storedCount) refuseComputed(name)
    if (!wanted.includes(index)) refuseMetadata(name)
    if (seen.has(index)) fail('DUPLICATE_NAME', `${name.text} is named twice`, { at: name.at })
    seen.add(index)
    return index
  })
}

function refuseComputed({ text, at }: Name): never {
  fail('INVALID_ARGUMENT', `The column ${text} is computed and takes no value`, { at })
}

function refuseMetadata({ text, at }: Name): never {
  fail('UNSUPPORTED', `The column ${text} is metadata, which cannot be written here`, {
    at,
    hint: 'INSERT INTO … VALUES can give timestamp, key, headers and priority of a stream, unless they are VIRTUAL.',
  })
}

function refuseMissing(
  stored: readonly Field[],
  targets: readonly number[],
  { table }: { readonly table: Name },
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

interface Surroundings {
  readonly clock: EpochClock | undefined
  readonly timeZone: string
}

function valueFor(expression: Expression, field: Field, { clock, timeZone }: Surroundings): Value {
  const { at } = expression
  const bound = inZone(bindExpression(expression, NOWHERE), timeZone)
  // As a literal it converts by its value: 1 + 1 fits a SMALLINT, 40000 does not.
  const value = literal(bound.type, evaluate(bound, clock), at)
  if (value.value === null) {
    if (field.nullable) return null
    return fail('INVALID_VALUE', `The column ${field.name} is NOT NULL`, { at })
  }
  const converted = coerce(value, field.type)
  if (converted !== undefined) return evaluate(inZone(converted, timeZone), clock)
  return fail(
    'TYPE_MISMATCH',
    `${field.name} is ${typeName(field.type)}; this value does not fit`,
    {
      at,
      hint: `The value is a ${typeName(value.type)}. CAST it if that is what you mean.`,
    },
  )
}

export type InsertSelect = Extract<Statement, { kind: 'insert-select' }>

/** The rows of `node` as records of the table: its record columns in order, converted to their
 *  types; a column that is not named is NULL. UNKNOWN_COLUMN, DUPLICATE_NAME, INVALID_ARGUMENT
 *  (number of columns), TYPE_MISMATCH (type, or a nullable value for a NOT NULL column), at the
 *  table's name or the column's. */
export function intoTable(
  node: LogicalNode,
  spec: TableSpec,
  statement: Pick<InsertSelect, 'table' | 'columns'>,
): LogicalNode {
  const targets = targetsOf(statement, spec)
  const given = node.schema.fields
  const { table, columns } = statement
  if (given.length !== targets.length) {
    const text = `The query has ${given.length} columns, ${spec.name} takes ${targets.length}`
    fail('INVALID_ARGUMENT', text, { at: columns[0]?.at ?? table.at })
  }
  const all = spec.schema.fields
  const record = insertColumns(spec)
  refuseMissing(
    record.map((column) => all[column]),
    record.flatMap((column, i) => (targets.includes(column) ? [i] : [])),
    statement,
  )
  const exprs = record.map((column) => {
    const from = targets.indexOf(column)
    if (from < 0) return literal(all[column].type, null)
    return valueInto(columnExpr(node.schema, from), all[column], columns[from]?.at ?? table.at)
  })
  return makeProject(
    node,
    exprs,
    record.map((column, i) => ({ ...all[column], nullable: isNullable(exprs[i]) })),
  )
}

/** The value as one of the column; TYPE_MISMATCH at `at`. */
export function valueInto(value: Expr, field: Field, at: Span): Expr {
  const converted = coerce(value, field.type)
  const name = value.kind === 'column' ? value.name : field.name
  if (converted === undefined) {
    const want = `${field.name} is ${typeName(field.type)}`
    return fail('TYPE_MISMATCH', `${want}; ${name} is ${typeName(value.type)}`, {
      at,
      hint: `Write CAST(${name} AS ${typeName(field.type)}) if that is what you mean.`,
    })
  }
  if (!field.nullable && isNullable(converted)) {
    fail('TYPE_MISMATCH', `${field.name} is NOT NULL; ${name} can be NULL`, {
      at,
      hint: `Give a value for NULL, such as COALESCE(${name}, …).`,
    })
  }
  return withoutPlace(converted)
}
