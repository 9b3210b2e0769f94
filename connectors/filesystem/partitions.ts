/** Folders named by values, `day=2026-05-06/city=Bern`, as Hive and those after it have them. */

import type { Disk } from '../../engine/base/disk.ts'
import { fail } from '../../engine/base/errors.ts'
import type { Batch } from '../../engine/batch/batch.ts'
import { jsonValue } from '../../engine/batch/json-value.ts'
import { valueAt } from '../../engine/batch/rows.ts'
import type { Field } from '../../engine/batch/schema.ts'
import type { Value } from '../../engine/batch/value.ts'
import { valueFromText } from '../../engine/batch/value-from-text.ts'

/** How NULL is called. */
const NOTHING = '__HIVE_DEFAULT_PARTITION__'

/** Where the row's file belongs, without a slash at the end; '' without columns. */
export const partitionOf = (
  fields: readonly Field[],
  columns: Batch['columns'],
  row: number,
): string =>
  fields
    .map(({ name, type }, i) => {
      const json = jsonValue(valueAt(columns[i], row), type)
      return `${escaped(name)}=${json === null ? NOTHING : escaped(String(json))}`
    })
    .join('/')

/** Names and values may hold anything; a text that reads like NULL's name is no NULL. */
function escaped(text: string): string {
  if (text === NOTHING) return `%5F${text.slice(1)}`
  return encodeURIComponent(text).replaceAll(
    /[!'()*~]/g,
    (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`,
  )
}

/** The values that the folders of a file name say. CONNECTOR_FAILED for other folders. */
export function partitionValues(fields: readonly Field[], name: string): Value[] {
  const folders = name.split('/')
  return fields.map(({ name: column, type, nullable }, i) => {
    const [key, ...rest] = folders[i].split('=')
    const text = rest.join('=')
    const isNull = text === NOTHING
    if (decoded(key) !== column || (isNull && !nullable)) refuse(name, column)
    try {
      return isNull ? null : valueFromText(decoded(text), type)
    } catch {
      return refuse(name, column)
    }
  })
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

function refuse(name: string, column: string): never {
  fail('CONNECTOR_FAILED', `The folders of ${name} give no value for ${column}`, {
    hint: `They are to be called ${column}=…, in the order of PARTITIONED BY.`,
  })
}

/** The files that are so many folders down, by their paths below `folder`, sorted. */
export function filesBelow(
  disk: Disk,
  folder: string,
  depth: number,
  isWanted: (name: string) => boolean,
): string[] {
  const names = disk.list(folder)
  if (depth === 0) return names.filter(isWanted)
  return names
    .filter((name) => name.includes('='))
    .flatMap((name) =>
      filesBelow(disk, `${folder}/${name}`, depth - 1, isWanted).map((file) => `${name}/${file}`),
    )
}
