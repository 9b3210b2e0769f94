/** What is read of a JSON record, as a tree: which columns have a value, and what is read inside
 *  it. */

import type { Schema } from '../batch/schema.ts'
import type { DecodeOptions } from '../format/format.ts'

export interface JsonPart {
  /** Columns that have this value. */
  readonly columns: number[]
  /** Of an object, by name. */
  readonly members: Map<string, JsonPart>
  /** Of an array, by position. */
  readonly elements: Map<number, JsonPart>
}

/** Columns are members of the record by their names, or lie where their paths lead. */
export function jsonShape({ fields }: Schema, paths: DecodeOptions['paths'] = {}): JsonPart {
  const record = newPart()
  for (const [column, { name }] of fields.entries()) {
    const steps = Object.hasOwn(paths, name) ? paths[name] : [name]
    let part = record
    for (const step of steps) {
      const [inner, key] = typeof step === 'string' ? [part.members, step] : [part.elements, step]
      const found = (inner as Map<string | number, JsonPart>).get(key) ?? newPart()
      ;(inner as Map<string | number, JsonPart>).set(key, found)
      part = found
    }
    part.columns.push(column)
  }
  return record
}

const newPart = (): JsonPart => ({ columns: [], members: new Map(), elements: new Map() })

/** All columns in these parts, also those deep inside. */
export const columnsIn = (...all: readonly ReadonlyMap<unknown, JsonPart>[]): number[] =>
  all.flatMap((parts) =>
    [...parts.values()].flatMap(({ columns, members, elements }) => [
      ...columns,
      ...columnsIn(members, elements),
    ]),
  )
