/** The jdbc connector as data: PostgreSQL under the name and the options that Flink has for it. */

import { fail } from '../../engine/base/errors.ts'
import type { ConnectorSpec } from '../../engine/source/connector-spec.ts'
import { LOOKUP_OPTIONS } from '../../engine/source/lookup.ts'
import type { TableSpec } from '../../engine/source/table.ts'

/** The address as PostgreSQL's own clients write it. INVALID_OPTION for another database. */
export function postgresUrl({ options, name }: Pick<TableSpec, 'options' | 'name'>): string {
  const url = options.url.replace(/^jdbc:/, '')
  if (!/^postgres(ql)?:\/\//.test(url)) {
    fail('INVALID_OPTION', `${name}: 'url' must be that of a PostgreSQL database`, {
      hint: 'jdbc:postgresql://host:5432/database',
    })
  }
  return url
}

export const jdbc: ConnectorSpec = {
  name: 'jdbc',
  doc: 'Looks rows up in a table of PostgreSQL, as it is at that moment.',
  options: {
    url: {
      kind: 'string',
      required: true,
      doc: 'The database: `jdbc:postgresql://host:5432/database`.',
    },
    'table-name': {
      kind: 'string',
      required: true,
      doc: 'The table or view: `name` or `schema.name`.',
    },
    username: { kind: 'string', doc: 'User name.' },
    password: { kind: 'string', secret: true, doc: 'Password of `username`.' },
    ...LOOKUP_OPTIONS,
  },
  lookup: { keys: 'any' },
  check: (table) => void postgresUrl(table),
}
