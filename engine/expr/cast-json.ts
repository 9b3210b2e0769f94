/** CAST to and from JSON. */

import { SqlError } from '../base/errors.ts'
import { type DataType, partsOf, VARCHAR } from '../batch/types.ts'
import { fromJson } from '../batch/value-from-json.ts'
import type { Conversion, FindConversion } from './cast.ts'
import type { Value } from './ir.ts'
import { jsonText } from './json/json-text.ts'
import { isJson, parseExact } from './json/parse.ts'

/** The conversion of any type to JSON: a text is read as JSON, anything else written as it. */
export function castToJson(from: DataType): Conversion | undefined {
  if (from.kind === 'varchar') return (text: string) => (isJson(text) ? text : undefined)
  return jsonText(from)
}

/** The conversion of JSON to another type: of a JSON string its text, of a number or truth value
 *  its own, of arrays and objects to nested types. Any other has no counterpart, null too.
 *  `conversion` finds that of a text. */
export function castFromJson(to: DataType, conversion: FindConversion): Conversion | undefined {
  if (partsOf(to).length > 0) return fromDocument(to)
  const convert = conversion(VARCHAR, to) as ((text: string) => Value | undefined) | undefined
  if (convert === undefined) return undefined
  return (json: string) => {
    const scalar = scalarText(json)
    return scalar === undefined ? undefined : (convert(scalar) ?? undefined)
  }
}

function scalarText(json: string): string | undefined {
  const text = json.trim()
  if (text.startsWith('"')) return JSON.parse(text) as string
  return text === 'null' || text.startsWith('{') || text.startsWith('[') ? undefined : text
}

function fromDocument(to: DataType): Conversion {
  const read = fromJson(to, { unknownFields: 'ignore' })
  return (json: string) => {
    try {
      const parsed = parseExact(json)
      return parsed === null ? undefined : (read(parsed) ?? undefined)
    } catch (error) {
      if (error instanceof SqlError || error instanceof SyntaxError) return undefined
      throw error
    }
  }
}
