/** Asks a lookup connector by SQL-like texts: a table's DDL, keys, and the rows that it answers. */

import { BatchBuilder } from '../../../engine/batch/builder.ts'
import { rowsOf } from '../../../engine/batch/rows.ts'
import { schemaOf } from '../../../engine/batch/schema.ts'
import type { Value } from '../../../engine/batch/value.ts'
import type { ConnectorSpec } from '../../../engine/source/connector-spec.ts'
import type { LookupClient, LookupConnector, LookupRequest } from '../../../engine/source/lookup.ts'
import { Catalog, defineTable, EMBEDDED_CONNECTORS, parseStatements } from '../../../sql/index.ts'

export interface Asker {
  readonly client: LookupClient
  /** The rows for these keys, as texts `key number: value, …`, sorted. */
  ask(...keys: readonly (readonly Value[])[]): Promise<string[]>
}

/** `keys` and `columns` are names of the table's columns. */
export function asker(
  connector: LookupConnector,
  spec: ConnectorSpec,
  ddl: string,
  keys: readonly string[],
  columns: readonly string[],
): Asker {
  const [statement] = parseStatements(ddl)
  if (statement.kind !== 'create-table') throw new Error('no table')
  const connectors = new Map([...EMBEDDED_CONNECTORS, [spec.name, spec]])
  const table = defineTable(statement, new Catalog(), connectors)!.spec
  const places = (names: readonly string[]) =>
    names.map((name) => table.schema.fields.findIndex((field) => field.name === name))
  const request: LookupRequest = { table, keys: places(keys), columns: places(columns) }
  const client = connector.open(request)
  const keySchema = schemaOf(request.keys.map((c) => table.schema.fields[c]))
  return {
    client,
    async ask(...asked) {
      const builder = new BatchBuilder(keySchema)
      for (const key of asked) builder.append(key)
      const { rows, of } = await client.lookup(builder.finish(), new AbortController().signal)
      return rowsOf(rows)
        .map((row, i) => `${of[i]}: ${row.map(textOf).join(', ')}`)
        .sort()
    },
  }
}

const textOf = (value: Value): string =>
  value === null
    ? 'NULL'
    : value instanceof Uint8Array
      ? Buffer.from(value).toString()
      : String(value)
