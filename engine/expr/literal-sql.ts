/** Literals as SQL writes them: what the documentation's examples and EXPLAIN show can be run. */

import { formatDecimal } from '../base/decimal-text.ts'
import { formatDayTime, formatYearMonth } from '../base/interval-text.ts'
import { formatDate, formatTime, formatTimestamp } from '../base/time-text.ts'
import { type DataType, typeName } from '../batch/types.ts'
import type { Value } from './ir.ts'

const quoted = (text: string): string => `'${text.replaceAll("'", "''")}'`

/** SQL for a value of the type. */
export function literalSql(value: Value, type: DataType): string {
  if (value === null) return 'NULL'
  switch (type.kind) {
    case 'varchar':
      return quoted(value as string)
    case 'json':
      return `PARSE_JSON(${quoted(value as string)})`
    case 'float':
    case 'double':
      return Number.isFinite(value) ? doubleSql(value as number) : `CAST('${value}' AS DOUBLE)`
    case 'decimal':
      return formatDecimal(value as number, type.scale)
    case 'bytes':
      return `X'${Buffer.from(value as Uint8Array).toString('hex')}'`
    case 'array':
    case 'map':
    case 'row':
      return nestedSql(value as readonly Value[], type)
    default:
      return timeSql(value, type) ?? String(value).toUpperCase()
  }
}

/** With an exponent: without one it would be a DECIMAL. */
const doubleSql = (value: number): string => {
  const text = String(value)
  return text.includes('e') ? text.toUpperCase() : `${text}E0`
}

function timeSql(value: Value, type: DataType): string | undefined {
  switch (type.kind) {
    case 'date':
      return `DATE '${formatDate(value as number)}'`
    case 'time':
      return `TIME '${formatTime(value as number, type.precision)}'`
    case 'timestamp':
      return `TIMESTAMP '${formatTimestamp(value as number, type.precision)}'`
    case 'timestamp_ltz':
      return `CAST('${formatTimestamp(value as number, type.precision)}' AS ${typeName(type)})`
    case 'interval_month':
      return `INTERVAL '${formatYearMonth(value as number).replace('+', '')}' YEAR TO MONTH`
    case 'interval_second': {
      const text = formatDayTime(value as number).replace('+', '')
      return `INTERVAL '${text.replace(/\.0+$/, '')}' DAY TO SECOND`
    }
    default:
      return undefined
  }
}

function nestedSql(values: readonly Value[], type: DataType): string {
  if (type.kind === 'array') {
    return `ARRAY[${values.map((item) => literalSql(item, type.element)).join(', ')}]`
  }
  if (type.kind === 'map') {
    const entries = (values as readonly (readonly Value[])[]).map(
      ([key, item]) => `${literalSql(key, type.key)}, ${literalSql(item, type.value)}`,
    )
    return `MAP[${entries.join(', ')}]`
  }
  const fields = type.kind === 'row' ? type.fields : []
  const parts = values.map((item, i) => literalSql(item, fields[i].type))
  const row = `ROW(${parts.join(', ')})`
  const isPlain = fields.every((field, i) => field.name === `f${i}`)
  return isPlain ? row : `CAST(${row} AS ${typeName(type)})`
}
