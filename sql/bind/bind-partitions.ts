/** PARTITIONED BY (…): the columns whose values are in the names of folders. */

import { fail } from '../../engine/base/errors.ts'
import type { Field } from '../../engine/batch/schema.ts'
import { schemaOf } from '../../engine/batch/schema.ts'
import { type DataType, typeName } from '../../engine/batch/types.ts'
import type { ConnectorSpec } from '../../engine/source/connector-spec.ts'
import { type MetadataColumn, partitionKey } from '../../engine/source/table.ts'
import type { Statement } from '../ast.ts'
import { Scope } from './scope.ts'

type CreateTable = Extract<Statement, { kind: 'create-table' }>

/** Types whose values have a text that says what they are. */
const KINDS: ReadonlySet<DataType['kind']> = new Set([
  ...(['varchar', 'boolean', 'tinyint', 'smallint', 'int', 'bigint', 'decimal'] as const),
  ...(['date', 'time', 'timestamp', 'timestamp_ltz'] as const),
])

/** The columns in the order of the folders, as what a connector knows beside the record.
 *  UNSUPPORTED for a connector without folders, UNKNOWN_COLUMN, DUPLICATE_NAME, INVALID_ARGUMENT,
 *  TYPE_MISMATCH. */
export function bindPartitions(
  { partitionedBy }: CreateTable,
  stored: readonly Field[],
  metadata: readonly MetadataColumn[],
  connector: ConnectorSpec | undefined,
): MetadataColumn[] {
  if (partitionedBy === undefined) return []
  const [{ at }] = partitionedBy
  if (connector?.partitioned !== true) {
    fail('UNSUPPORTED', `Tables of the ${connector?.name} connector have no PARTITIONED BY`, {
      at,
      hint: 'It is for files in folders: the filesystem connector. A stream has splits, given in WITH (…).',
    })
  }
  const found = new Set<number>()
  for (const name of partitionedBy) {
    const { index } = Scope.of(schemaOf(stored)).resolve([name])
    const { type } = stored[index]
    if (found.has(index)) {
      fail('DUPLICATE_NAME', `PARTITIONED BY names ${name.text} twice`, { at: name.at })
    }
    if (metadata.some(({ column }) => column === index)) {
      fail('INVALID_ARGUMENT', `The column ${name.text} is metadata: no folder is named by it`, {
        at: name.at,
      })
    }
    if (!KINDS.has(type.kind)) {
      fail('TYPE_MISMATCH', `No folder is named by a ${typeName(type)}`, {
        at: name.at,
        hint: 'Use a text, a whole number, a decimal, a boolean, a date or a time.',
      })
    }
    found.add(index)
  }
  if (found.size + metadata.length === stored.length) {
    fail('INVALID_ARGUMENT', 'The files need a column that is not in PARTITIONED BY', { at })
  }
  return [...found].map((column) => ({
    ...{ column, key: partitionKey(stored[column].name), writable: true },
  }))
}
