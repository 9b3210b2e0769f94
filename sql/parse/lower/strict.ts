/** Reads the grammar's tree so that nothing in it can be overlooked: a kind of node or a field that
 *  we do not know is refused by name. */

import { fail } from '../../../engine/base/errors.ts'

export type TreeNode = Readonly<Record<string, unknown>>

/** `value` as a node. UNSUPPORTED if it is none. */
export function nodeOf(value: unknown, where: string): TreeNode {
  if (typeof value !== 'object' || value === null) refuse(`${where} without a node`)
  return value as TreeNode
}

/** Checks that every field of the node which holds something is among `fields`. UNSUPPORTED, with
 *  the field's name, if not. */
export function onlyFields(node: TreeNode, where: string, fields: readonly string[]): void {
  for (const [field, value] of Object.entries(node)) {
    if (!fields.includes(field) && !isEmpty(value)) refuse(`${where} with ${field}`)
  }
}

/** Whether a field says nothing: null, an empty list, or an object of such. */
function isEmpty(value: unknown): boolean {
  if (value === null || value === undefined || value === '') return true
  return typeof value === 'object' && Object.values(value).every(isEmpty)
}

/** UNSUPPORTED: the grammar's tree holds something that we do not read. */
export function refuse(what: string): never {
  fail('UNSUPPORTED', `The query's form is not supported: ${what}`)
}

/** The list in a field; empty if the field holds nothing. */
export function listOf(value: unknown, where: string): readonly unknown[] {
  if (value === null || value === undefined) return []
  if (!Array.isArray(value)) refuse(`${where} that is no list`)
  return value
}
