/** A table of PostgreSQL as its catalog describes it, and which of its columns can hold which of
 *  our types. */

import type { Client } from 'pg'
import { fail } from '../../engine/base/errors.ts'
import type { Field } from '../../engine/batch/schema.ts'
import { type DataType, typeName } from '../../engine/batch/types.ts'

export interface OutsideColumn {
  readonly name: string
  /** For people and for statements: `character varying(10)`. */
  readonly type: string
  /** The type's short name, that below a domain: `int4`, `_text`. */
  readonly base: string
  /** One letter: see pg_type.typcategory. */
  readonly category: string
  /** The same of an array's element. */
  readonly element: OutsideElement | null
}

type OutsideElement = Pick<OutsideColumn, 'base' | 'category'>

export interface OutsideTable {
  readonly oid: number
  readonly columns: ReadonlyMap<string, OutsideColumn>
}

const COLUMNS = `
  SELECT to_regclass($1)::oid::int8 AS oid, a.attname AS name,
    format_type(a.atttypid, a.atttypmod) AS type, b.typname AS base, b.typcategory AS category,
    CASE WHEN e.oid IS NOT NULL
      THEN json_build_object('base', e.typname, 'category', e.typcategory) END AS element
  FROM pg_attribute a
  JOIN pg_type t ON t.oid = a.atttypid
  JOIN pg_type b ON b.oid = CASE t.typtype WHEN 'd' THEN t.typbasetype ELSE t.oid END
  LEFT JOIN pg_type e ON b.typcategory = 'A' AND e.oid = b.typelem
  WHERE a.attrelid = to_regclass($1) AND a.attnum > 0 AND NOT a.attisdropped
  ORDER BY a.attnum`

/** The table or view with this name in statements; `called`: in messages. UNKNOWN_TABLE. */
export async function outsideTable(
  client: Client,
  name: string,
  called: string,
): Promise<OutsideTable> {
  const found = await client.query<OutsideColumn & { oid: string }>(COLUMNS, [name])
  if (found.rows.length === 0) {
    fail('UNKNOWN_TABLE', `PostgreSQL has no table ${called}`, {
      hint: 'Its name is written as it is there, in upper and lower case: name or schema.name.',
    })
  }
  const columns = found.rows.map((column) => [column.name, column] as const)
  return { oid: Number(found.rows[0].oid), columns: new Map(columns) }
}

/** The column for one of ours. UNKNOWN_COLUMN; TYPE_MISMATCH if its values cannot be `read`, or
 *  ours not be `written`. */
export function outsideColumn(
  table: OutsideTable,
  { name, type }: Field,
  way: 'read' | 'written',
): OutsideColumn {
  const column = table.columns.get(name)
  if (column === undefined) {
    return fail('UNKNOWN_COLUMN', `PostgreSQL's table has no column ${name}`, {
      hint: `It has ${[...table.columns.keys()].join(', ')}.`,
    })
  }
  const meets = way === 'read' ? canRead(type, column) : canWrite(type, column)
  if (meets) return column
  const ours = typeName(type)
  return fail(
    'TYPE_MISMATCH',
    way === 'read'
      ? `The column ${name} is ${column.type} in PostgreSQL and cannot be read as ${ours}`
      : `The column ${name} is ${column.type} in PostgreSQL and takes no ${ours}`,
    { hint: 'Declare it with a type that meets the one there; a text meets most.' },
  )
}

const NUMBERS = ['int2', 'int4', 'int8', 'numeric', 'float4', 'float8']
const INEXACT = ['numeric', 'float4', 'float8']
const DOCUMENTS = ['json', 'jsonb']

/** The types of columns that take the values of ours, apart from texts. */
const TAKERS: Readonly<Partial<Record<DataType['kind'], readonly string[]>>> = {
  boolean: ['bool'],
  tinyint: NUMBERS,
  smallint: NUMBERS,
  int: NUMBERS,
  bigint: NUMBERS,
  decimal: INEXACT,
  float: INEXACT,
  double: INEXACT,
  bytes: ['bytea'],
  date: ['date'],
  time: ['time'],
  timestamp: ['timestamp'],
  timestamp_ltz: ['timestamptz'],
  interval_month: ['interval'],
  interval_second: ['interval'],
  json: DOCUMENTS,
  map: DOCUMENTS,
  row: DOCUMENTS,
}

/** Texts, numbers, booleans, dates, intervals, arrays, composites. */
const isOtherThanText = ({ base, category }: OutsideElement): boolean =>
  'NBDTAC'.includes(category) || base === 'bytea' || DOCUMENTS.includes(base)

/** Arrays of any depth are one type there. */
const itemOf = (type: DataType): DataType => (type.kind === 'array' ? itemOf(type.element) : type)

function canWrite(type: DataType, column: OutsideElement & Partial<OutsideColumn>): boolean {
  if (type.kind === 'varchar') return !isOtherThanText(column)
  if (type.kind === 'array') {
    if (DOCUMENTS.includes(column.base)) return true
    const item = itemOf(type)
    // Only bytes that are no part of something are written in the form that bytea has.
    return item.kind !== 'bytes' && column.element != null && canWrite(item, column.element)
  }
  if (column.category === 'S' && type.kind !== 'bytes') return true
  return TAKERS[type.kind]?.includes(column.base) === true
}

/** Any value can be read as its text; a text may be one of any type. */
function canRead(type: DataType, column: OutsideElement & Partial<OutsideColumn>): boolean {
  if (type.kind === 'varchar') return true
  if (type.kind === 'array') {
    if (DOCUMENTS.includes(column.base)) return true
    return column.element != null && canRead(itemOf(type), column.element)
  }
  if (column.category === 'S') return true
  const isNumber = TAKERS[type.kind] === INEXACT
  return (isNumber ? NUMBERS : (TAKERS[type.kind] ?? [])).includes(column.base)
}
