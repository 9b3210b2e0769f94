/** Reads a datagen table's options: how many rows it has and what each column is made of. */

import { fail } from '../../engine/base/errors.ts'
import { didYouMean } from '../../engine/base/nearest.ts'
import { parseTimestamp } from '../../engine/base/time-text.ts'
import type { Field } from '../../engine/batch/schema.ts'
import { type DataType, isInteger, typeName } from '../../engine/batch/types.ts'
import type { TableSpec } from '../../engine/source/table.ts'

export interface ColumnPlan {
  readonly type: DataType
  /** Tells the columns' random numbers apart. */
  readonly salt: number
  readonly sequence?: { readonly start: number; readonly end: number } | undefined
  readonly min: number | undefined
  readonly max: number | undefined
  readonly length: number
  readonly nullRate: number
  readonly maxPastUs: number
}

export interface DatagenPlan {
  readonly columns: readonly ColumnPlan[]
  /** Infinity: it never ends. */
  readonly rowCount: number
  /** Infinity: as fast as it is read. */
  readonly rowsPerSecond: number
  readonly seed: number
  readonly startUs: number
  readonly splits: number
}

/** Raises what CREATE TABLE must: INVALID_OPTION, UNKNOWN_OPTION, UNSUPPORTED. */
export function checkDatagen(table: TableSpec): void {
  planDatagen(table)
}

export function planDatagen(table: TableSpec): DatagenPlan {
  const { options } = table
  const fields = table.schema.fields.slice(0, table.storedCount)
  refuseUnknownFields(options, fields)
  const columns = fields.map((field, i) => planColumn(field, i, options))
  const ends = columns.flatMap(({ sequence }) =>
    sequence === undefined ? [] : [sequence.end - sequence.start + 1],
  )
  const limit = options['number-of-rows']
  const rate = Number(options['rows-per-second'])
  const startUs = parseTimestamp(options['start-time'])
  if (typeof startUs !== 'number') {
    fail('INVALID_OPTION', `'${options['start-time']}' is no value for 'start-time'`, {
      hint: 'It takes a timestamp, such as 2025-01-01 00:00:00.',
    })
  }
  return {
    columns,
    rowCount: Math.min(limit === undefined ? Infinity : Number(limit), ...ends),
    rowsPerSecond: rate === 0 ? Infinity : rate,
    seed: Number(options.seed),
    startUs,
    splits: Number(options.splits),
  }
}

function refuseUnknownFields(options: TableSpec['options'], fields: readonly Field[]): void {
  const names = fields.map(({ name }) => name)
  for (const key of Object.keys(options)) {
    const name = /^fields\.(.*)\.[a-z-]+$/.exec(key)?.[1]
    if (name === undefined || names.includes(name)) continue
    fail('UNKNOWN_OPTION', `'${key}': the table has no column ${name} that datagen fills`, {
      hint: didYouMean(name, names),
    })
  }
}

const TEXTS: ReadonlySet<DataType['kind']> = new Set(['varchar', 'bytes'])
const NUMBERS: ReadonlySet<DataType['kind']> = new Set([
  ...(['tinyint', 'smallint', 'int', 'bigint', 'float', 'double', 'decimal'] as const),
])
const OTHERS: ReadonlySet<DataType['kind']> = new Set([
  ...(['boolean', 'date', 'time', 'timestamp', 'timestamp_ltz'] as const),
])

function planColumn(
  { name, type, nullable }: Field,
  salt: number,
  options: TableSpec['options'],
): ColumnPlan {
  if (!TEXTS.has(type.kind) && !NUMBERS.has(type.kind) && !OTHERS.has(type.kind)) {
    fail('UNSUPPORTED', `datagen makes no ${typeName(type)} values, for ${name}`, {
      hint: 'Make the column a computed one.',
    })
  }
  const option = (suffix: string) => options[`fields.${name}.${suffix}`]
  const number = (suffix: string): number | undefined => {
    const text = option(suffix)
    if (text === undefined) return undefined
    const value = Number(text)
    if (text.trim() === '' || !Number.isFinite(value) || Math.abs(value) > 2 ** 53) {
      fail('INVALID_OPTION', `'${text}' is no value for 'fields.${name}.${suffix}'`, {
        hint: 'It takes a number between -2^53 and 2^53.',
      })
    }
    return value
  }
  const [min, max] = (['min', 'max'] as const).map((end) => inRange(name, type, end, number(end)))
  if ((min !== undefined || max !== undefined) && !NUMBERS.has(type.kind)) {
    fail('INVALID_OPTION', `'fields.${name}.min' and max are for numbers, not ${typeName(type)}`)
  }
  const [least, most] = type.kind === 'float' || type.kind === 'double' ? [0, 1] : [min, max]
  const [low, high] = [min ?? least, max ?? most]
  if (low !== undefined && high !== undefined && low > high) {
    fail('INVALID_OPTION', `'fields.${name}.min' is greater than its max`, {
      hint: `They are ${low} and ${high}.`,
    })
  }
  const nullRate = number('null-rate') ?? 0
  if (nullRate < 0 || nullRate > 1 || (nullRate > 0 && !nullable)) {
    fail('INVALID_OPTION', `'fields.${name}.null-rate' is between 0 and ${nullable ? 1 : 0}`, {
      ...(!nullable && { hint: `${name} is NOT NULL.` }),
    })
  }
  return {
    ...{ type, salt, min, max, nullRate },
    sequence: planSequence(name, type, option),
    length: lengthOf(name, type, option('length')),
    maxPastUs: Number(option('max-past') ?? 0) * 1000,
  }
}

/** Characters or bytes. INVALID_OPTION for more than the type has. */
function lengthOf(name: string, type: DataType, text: string | undefined): number {
  const most = type.kind === 'varchar' ? type.length : undefined
  const length = Number(text ?? most ?? 100)
  if (most !== undefined && length > most) {
    fail('INVALID_OPTION', `'fields.${name}.length' is more than ${typeName(type)} has`)
  }
  return length
}

/** The number. INVALID_OPTION for one that the type does not have. */
function inRange<N extends number | undefined>(
  name: string,
  type: DataType,
  option: string,
  value: N,
): N {
  const [least, most] = limitsOf(type)
  if (value === undefined || (value >= least && value <= most)) return value
  return fail('INVALID_OPTION', `'fields.${name}.${option}' is no ${typeName(type)}`, {
    hint: `It is between ${least} and ${most}.`,
  })
}

const BITS: Partial<Record<DataType['kind'], number>> = { tinyint: 7, smallint: 15, int: 31 }

function limitsOf(type: DataType): [number, number] {
  const bits = BITS[type.kind]
  if (bits !== undefined) return [-(2 ** bits), 2 ** bits - 1]
  if (type.kind !== 'decimal') return [-Infinity, Infinity]
  const most = 10 ** (type.precision - type.scale) - 10 ** -type.scale
  return [-most, most]
}

function planSequence(
  name: string,
  type: DataType,
  option: (suffix: string) => string | undefined,
): ColumnPlan['sequence'] {
  const [start, end] = [option('start'), option('end')]
  if (option('kind') !== 'sequence') {
    if (start === undefined && end === undefined) return undefined
    fail('INVALID_OPTION', `'fields.${name}.start' and end are for a sequence`, {
      hint: `Add 'fields.${name}.kind' = 'sequence'.`,
    })
  }
  if (start === undefined || end === undefined) {
    fail('INVALID_OPTION', `The sequence ${name} needs 'fields.${name}.start' and end`)
  }
  if (!isInteger(type) && type.kind !== 'double' && type.kind !== 'varchar') {
    fail('UNSUPPORTED', `A sequence cannot be ${typeName(type)}`, {
      hint: 'It can be a whole number, DOUBLE or STRING.',
    })
  }
  const [first, last] = [Number(start), Number(end)]
  if (first > last) fail('INVALID_OPTION', `'fields.${name}.start' is greater than its end`)
  inRange(name, type, 'start', first)
  inRange(name, type, 'end', last)
  return { start: first, end: last }
}
