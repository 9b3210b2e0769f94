/** PRIMARY KEY (…) NOT ENFORCED: the columns by which a row of the table replaces another. */

import { fail } from '../../engine/base/errors.ts'
import { type Field, schemaOf } from '../../engine/batch/schema.ts'
import type { ConnectorSpec } from '../../engine/source/connector-spec.ts'
import type { MetadataColumn } from '../../engine/source/table.ts'
import type { Name, Statement } from '../ast.ts'
import { findName } from '../catalog/find-name.ts'
import { Scope } from './scope.ts'

type CreateTable = Extract<Statement, { kind: 'create-table' }>

/** Positions among the stored columns; undefined if there is no key. UNSUPPORTED for a connector
 *  without keys, SYNTAX for two keys, UNKNOWN_COLUMN, DUPLICATE_NAME, INVALID_ARGUMENT for a column
 *  that is not in the record. */
export function bindKey(
  statement: CreateTable,
  stored: readonly Field[],
  metadata: readonly MetadataColumn[] | undefined,
  connector: ConnectorSpec | undefined,
): readonly number[] | undefined {
  const names = keyNames(statement)
  if (names === undefined) return undefined
  const [{ at }] = names
  if (connector?.keyed !== true) {
    fail('UNSUPPORTED', `Tables of the ${connector?.name} connector have no PRIMARY KEY`, {
      at,
      hint: 'Group by the columns, or rank the rows of each key and keep the first. Formats that carry changes can have one.',
    })
  }
  const keys = names.map((name) => placeOf(name, statement, stored, metadata))
  keys.forEach((key, i) => {
    if (keys.indexOf(key) === i) return
    fail('DUPLICATE_NAME', `The key names ${names[i].text} twice`, { at: names[i].at })
  })
  return keys
}

function keyNames({ primaryKey, columns }: CreateTable): readonly Name[] | undefined {
  const marked = columns.filter((column) => column.primaryKey).map(({ name }) => name)
  const second = primaryKey === undefined ? marked[1] : marked[0]
  if (second !== undefined) {
    fail('SYNTAX', 'A table has only one PRIMARY KEY', {
      at: second.at,
      hint: 'Several columns in one key: PRIMARY KEY (a, b) NOT ENFORCED',
    })
  }
  return primaryKey ?? (marked.length === 0 ? undefined : marked)
}

function placeOf(
  name: Name,
  { columns }: CreateTable,
  stored: readonly Field[],
  metadata: readonly MetadataColumn[] = [],
): number {
  const computed = columns.filter((column) => column.computed !== undefined)
  const isComputed = findName(name.text, computed, (column) => column.name.text).length > 0
  if (isComputed && findName(name.text, stored, (field) => field.name).length === 0) {
    fail('INVALID_ARGUMENT', `The column ${name.text} is computed and cannot be a key`, {
      at: name.at,
      hint: 'A record that only names the key must be enough to remove its row.',
    })
  }
  const { index } = Scope.of(schemaOf(stored)).resolve([name])
  if (metadata.some(({ column }) => column === index)) {
    fail('INVALID_ARGUMENT', `The column ${name.text} is metadata and cannot be a key`, {
      at: name.at,
    })
  }
  return index
}
