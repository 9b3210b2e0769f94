/** `'json.path.<column>' = '$.a.b[0]'`: where a column lies in the records, as data for decoders
 *  and encoders. */

import { fail } from '../base/errors.ts'
import { parseJsonPath, type Step } from '../expr/json/path.ts'
import type { JsonPaths } from '../format/format.ts'
import { recordColumns, type TableSpec } from './table.ts'

const OPTION = 'json.path.'

/** By column; undefined if no column has one. INVALID_ARGUMENT for what is no path, INVALID_OPTION
 *  for one that does not lead to a single value. */
export function jsonPaths(options: Readonly<Record<string, string>>): JsonPaths | undefined {
  const given = Object.entries(options).filter(([name]) => name.startsWith(OPTION))
  if (given.length === 0) return undefined
  return Object.fromEntries(
    given.map(([name, path]) => [name.slice(OPTION.length), stepsOf(name, path)]),
  )
}

function stepsOf(option: string, path: string): (string | number)[] {
  const { steps } = parseJsonPath(path, undefined)
  const names = steps.map((step) => placeOf(step))
  const [first] = names
  if (typeof first !== 'string' || names.includes(undefined)) {
    fail('INVALID_OPTION', `'${path}' is no path for '${option}'`, {
      hint: "It leads from the record, an object, to one value: $.a.b, $['a b'], $.a[0].b.",
    })
  }
  return names as (string | number)[]
}

function placeOf(step: Step): string | number | undefined {
  if (step.kind === 'key') return step.deep ? undefined : step.name
  if (step.kind === 'all' || step.ranges.length !== 1) return undefined
  const [[from, to]] = step.ranges
  return from === to && from >= 0 ? from : undefined
}

/** INVALID_OPTION for paths of columns that are not in the table's records, or of other formats. */
export function checkJsonPaths(table: TableSpec): void {
  const { name, options, schema } = table
  const columns = Object.keys(jsonPaths(options) ?? {})
  if (columns.length === 0) return
  if (!options.format.endsWith('json')) {
    fail('INVALID_OPTION', `'${OPTION}${columns[0]}' is for JSON, not for ${options.format}`)
  }
  const record = recordColumns(table).map((column) => schema.fields[column].name)
  const other = columns.find((column) => !record.includes(column))
  if (other === undefined) return
  fail('INVALID_OPTION', `'${OPTION}${other}' names no column of ${name} that is in its records`, {
    hint: `They have ${record.join(', ')}.`,
  })
}
