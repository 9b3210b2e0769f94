/** SQL values as JSON text: numbers with all their digits, dates and times as CAST prints them, a
 *  MAP with text keys as an object, NaN and the infinities as strings. */

import { formatDecimal } from '../../base/decimal-text.ts'
import { type DataType, isNumeric } from '../../batch/types.ts'
import { castToText } from '../cast-text.ts'
import type { Value } from '../ir.ts'

type Print = (value: never) => string

/** The function that writes non-NULL values of the type; NULLs inside are null. */
export function jsonText(type: DataType): Print {
  switch (type.kind) {
    case 'null':
      return () => 'null'
    case 'json':
      return (value: string) => value
    case 'boolean':
      return String
    case 'decimal':
      return (value: number) => formatDecimal(value, type.scale)
    case 'float':
    case 'double':
      return (value: number) => (Number.isFinite(value) ? String(value) : `"${value}"`)
    case 'bytes':
      return (value: Uint8Array) => `"${Buffer.from(value).toString('base64')}"`
    case 'array':
      return arrayText(orNull(type.element))
    case 'map':
      return mapText(type)
    case 'row':
      return rowText(type)
    default:
      return isNumeric(type) ? String : quoted(type)
  }
}

function quoted(type: DataType): Print {
  const print = castToText(type, { kind: 'varchar' }) as (value: never) => string
  return (value) => JSON.stringify(print(value))
}

function orNull(type: DataType): (value: Value) => string {
  const print = jsonText(type) as (value: Value) => string
  return (value) => (value === null ? 'null' : print(value))
}

const arrayText =
  (element: (value: Value) => string): Print =>
  (values: readonly Value[]) =>
    `[${values.map(element).join(',')}]`

function mapText(type: Extract<DataType, { kind: 'map' }>): Print {
  const [key, value] = [orNull(type.key), orNull(type.value)]
  const isObject = type.key.kind === 'varchar'
  return (pairs: readonly (readonly Value[])[]) => {
    const parts = pairs.map(([k, v]) =>
      isObject ? `${key(k)}:${value(v)}` : `{"key":${key(k)},"value":${value(v)}}`,
    )
    return isObject ? `{${parts.join(',')}}` : `[${parts.join(',')}]`
  }
}

function rowText(type: Extract<DataType, { kind: 'row' }>): Print {
  const names = type.fields.map((field) => JSON.stringify(field.name))
  const prints = type.fields.map((field) => orNull(field.type))
  return (values: readonly Value[]) =>
    `{${values.map((value, i) => `${names[i]}:${prints[i](value)}`).join(',')}}`
}
