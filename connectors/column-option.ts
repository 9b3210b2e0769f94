/** Options that name a column of the table, whose value says something about each message. */

import { fail } from '../engine/base/errors.ts'
import { type DataType, typeName } from '../engine/batch/types.ts'
import { insertColumns, type TableSpec } from '../engine/source/table.ts'

/** The position, among those that INSERT INTO gives, of the column that the option names; undefined
 *  without the option. INVALID_OPTION if there is none, or none of this type. */
export function columnOption(table: TableSpec, option: string, type: DataType): number | undefined {
  const name = table.options[option]
  if (name === undefined) return undefined
  const given = insertColumns(table).map((column) => table.schema.fields[column])
  const index = given.findIndex((field) => field.name === name)
  if (index >= 0 && given[index].type.kind === type.kind) return index
  return fail('INVALID_OPTION', `'${option}': ${name} is no column of type ${typeName(type)}`, {
    hint: `The columns that are written are ${given.map((field) => field.name).join(', ')}.`,
  })
}
