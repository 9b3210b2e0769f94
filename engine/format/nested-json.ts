/** Rows as JSON objects in which some columns lie deeper: the inverse of reading them by paths. */

import { fail } from '../base/errors.ts'
import type { Batch } from '../batch/batch.ts'
import { jsonRowTexts, textOf } from '../batch/json-rows.ts'
import type { Schema } from '../batch/schema.ts'
import type { JsonPaths } from './format.ts'

/** A member: a column, or the members inside it. */
type Member = number | Members
type Members = Map<string, Member>

/** The writer of rows as JSON texts. UNSUPPORTED for paths into arrays, and where one column would
 *  lie in another. */
export function nestedJson(
  { fields }: Schema,
  paths: JsonPaths | undefined,
): (batch: Batch) => string[] {
  if (paths === undefined) return jsonRowTexts
  const record: Members = new Map()
  for (const [column, { name }] of fields.entries()) {
    place(record, name, { column, steps: Object.hasOwn(paths, name) ? paths[name] : [name] })
  }
  return (batch) => {
    const write = writer(record, batch.columns.map(textOf))
    return Array.from({ length: batch.rowCount }, (_, row) => write(row))
  }
}

function place(
  record: Members,
  name: string,
  { column, steps }: { column: number; steps: readonly (string | number)[] },
): void {
  let members = record
  for (const [i, step] of steps.entries()) {
    if (typeof step === 'number') {
      fail('UNSUPPORTED', `The column ${name} cannot be written: its path leads into an array`, {
        hint: 'Declare the array as a column and write it as a whole.',
      })
    }
    const found = members.get(step)
    const isLast = i === steps.length - 1
    if (typeof found === 'number' || (isLast && found !== undefined)) {
      fail('UNSUPPORTED', `The column ${name} cannot be written: "${step}" is that of another too`)
    }
    const next: Members = found ?? new Map()
    if (found === undefined) members.set(step, isLast ? column : next)
    members = next
  }
}

function writer(members: Members, texts: readonly ((row: number) => string)[]) {
  const parts = [...members].map(([name, member], i) => {
    const begin = `${i === 0 ? '{' : ','}${JSON.stringify(name)}:`
    const write = typeof member === 'number' ? texts[member] : writer(member, texts)
    return (row: number): string => begin + write(row)
  })
  return (row: number): string => `${parts.map((part) => part(row)).join('')}}`
}
