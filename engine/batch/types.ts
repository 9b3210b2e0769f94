/** The SQL types and how each is laid out in memory. Every other file asks here. */

export type DataType =
  | { readonly kind: 'boolean' }
  | { readonly kind: 'tinyint' }
  | { readonly kind: 'smallint' }
  | { readonly kind: 'int' }
  | { readonly kind: 'bigint' }
  | { readonly kind: 'float' }
  | { readonly kind: 'double' }
  /** Scaled integer: 1.50 of DECIMAL(p, 2) is 150. Precision 1 to 38, scale 0 to precision. */
  | { readonly kind: 'decimal'; readonly precision: number; readonly scale: number }
  /** UTF-8. `length` is a limit in characters, absent for STRING. */
  | { readonly kind: 'varchar'; readonly length?: number }
  | { readonly kind: 'bytes' }
  /** Days since 1970-01-01. */
  | { readonly kind: 'date' }
  /** Microseconds since midnight. */
  | { readonly kind: 'time'; readonly precision: number }
  /** Microseconds since 1970 without a zone; precision 0..6 fractional digits. */
  | { readonly kind: 'timestamp'; readonly precision: number }
  /** Microseconds since 1970 UTC. */
  | { readonly kind: 'timestamp_ltz'; readonly precision: number }
  /** Months. */
  | { readonly kind: 'interval_month' }
  /** Microseconds. */
  | { readonly kind: 'interval_second' }
  | { readonly kind: 'array'; readonly element: DataType }
  | { readonly kind: 'map'; readonly key: DataType; readonly value: DataType }
  | { readonly kind: 'row'; readonly fields: readonly RowField[] }
  /** JSON text in UTF-8. */
  | { readonly kind: 'json' }
  /** The type of a bare NULL; coerces to every other type, is never a column's type. */
  | { readonly kind: 'null' }

export interface RowField {
  readonly name: string
  readonly type: DataType
}

export type Kind = DataType['kind']

/** How values lie in a column's typed arrays.
 *  bool: one byte a value, 0 or 1 (packed to bits only in IPC). i64: see `Column.lanes`.
 *  i128: two i64 a value, low first. bytes: `starts`/`ends` into a byte heap.
 *  list: `starts`/`ends` into child columns. struct: child columns, one per field. */
export type Storage =
  | 'bool'
  | 'i8'
  | 'i16'
  | 'i32'
  | 'i64'
  | 'i128'
  | 'f32'
  | 'f64'
  | 'bytes'
  | 'list'
  | 'struct'

const STORAGE: Record<Exclude<Kind, 'decimal'>, Storage> = {
  boolean: 'bool',
  tinyint: 'i8',
  smallint: 'i16',
  int: 'i32',
  bigint: 'i64',
  float: 'f32',
  double: 'f64',
  varchar: 'bytes',
  bytes: 'bytes',
  date: 'i32',
  time: 'i64',
  timestamp: 'i64',
  timestamp_ltz: 'i64',
  interval_month: 'i32',
  interval_second: 'i64',
  array: 'list',
  map: 'list',
  row: 'struct',
  json: 'bytes',
  null: 'bool',
}

/** DECIMAL up to 18 digits fits an i64, beyond that an i128. */
export function storageOf(type: DataType): Storage {
  if (type.kind === 'decimal') return type.precision <= 18 ? 'i64' : 'i128'
  return STORAGE[type.kind]
}

/** The types of a column's child columns, in order. */
export function partsOf(type: DataType): readonly DataType[] {
  switch (type.kind) {
    case 'array':
      return [type.element]
    case 'map':
      return [type.key, type.value]
    case 'row':
      return type.fields.map((field) => field.type)
    default:
      return []
  }
}

export const BOOLEAN: DataType = { kind: 'boolean' }
export const TINYINT: DataType = { kind: 'tinyint' }
export const SMALLINT: DataType = { kind: 'smallint' }
export const INT: DataType = { kind: 'int' }
export const BIGINT: DataType = { kind: 'bigint' }
export const FLOAT: DataType = { kind: 'float' }
export const DOUBLE: DataType = { kind: 'double' }
export const VARCHAR: DataType = { kind: 'varchar' }
export const BYTES: DataType = { kind: 'bytes' }
export const DATE: DataType = { kind: 'date' }
export const TIMESTAMP: DataType = { kind: 'timestamp', precision: 3 }
export const TIMESTAMP_LTZ: DataType = { kind: 'timestamp_ltz', precision: 3 }
export const INTERVAL_MONTH: DataType = { kind: 'interval_month' }
export const INTERVAL_SECOND: DataType = { kind: 'interval_second' }
export const JSON_TYPE: DataType = { kind: 'json' }
export const NULL_TYPE: DataType = { kind: 'null' }

/** The type as SQL writes it: `DECIMAL(10, 2)`, `ARRAY<INT>`, `TIMESTAMP(3)`. */
export function typeName(type: DataType): string {
  switch (type.kind) {
    case 'decimal':
      return `DECIMAL(${type.precision}, ${type.scale})`
    case 'varchar':
      return type.length === undefined ? 'STRING' : `VARCHAR(${type.length})`
    case 'time':
    case 'timestamp':
    case 'timestamp_ltz':
      return `${type.kind.toUpperCase()}(${type.precision})`
    case 'interval_month':
      return 'INTERVAL YEAR TO MONTH'
    case 'interval_second':
      return 'INTERVAL DAY TO SECOND'
    case 'array':
      return `ARRAY<${typeName(type.element)}>`
    case 'map':
      return `MAP<${typeName(type.key)}, ${typeName(type.value)}>`
    case 'row':
      return `ROW<${type.fields.map((f) => `${f.name} ${typeName(f.type)}`).join(', ')}>`
    default:
      return type.kind.toUpperCase()
  }
}

/** Equal in every parameter. */
export const sameType = (a: DataType, b: DataType): boolean => typeName(a) === typeName(b)

const INTEGERS: ReadonlySet<Kind> = new Set(['tinyint', 'smallint', 'int', 'bigint'])
const TIMES: ReadonlySet<Kind> = new Set(['timestamp', 'timestamp_ltz'])

export const isInteger = (type: DataType): boolean => INTEGERS.has(type.kind)
export const isFloating = (type: DataType): boolean =>
  type.kind === 'float' || type.kind === 'double'
export const isNumeric = (type: DataType): boolean =>
  isInteger(type) || isFloating(type) || type.kind === 'decimal'
export const isTimestamp = (type: DataType): boolean => TIMES.has(type.kind)
export const isInterval = (type: DataType): boolean =>
  type.kind === 'interval_month' || type.kind === 'interval_second'
