/** SHOW CREATE: the statement that makes an entry, without its secrets. */

import type { Statement } from './ast.ts'
import type { Entry } from './catalog/entry.ts'
import {
  type ConnectorCatalog,
  EMBEDDED_CONNECTORS,
  type OptionTable,
  optionNamed,
  TABLE_OPTIONS,
} from './catalog/options.ts'
import { parseStatements } from './parse/index.ts'
import { nameText } from './table-text.ts'

/** The statement that makes the entry; values of secret options are shown as '****'. */
export function showCreate(
  { kind, name, sql }: Entry,
  connectors: ConnectorCatalog = EMBEDDED_CONNECTORS,
): string {
  const [statement] = parseStatements(sql)
  if (statement.kind === 'create-table') return hideSecrets(sql, statement, connectors)
  // A query is known by its SELECT; a job by its INSERT, which makes it as it is.
  const isSelect = kind === 'query' && statement.kind === 'select'
  return isSelect ? `CREATE QUERY ${nameText(name)} AS ${sql}` : sql
}

function hideSecrets(
  sql: string,
  { options }: Extract<Statement, { kind: 'create-table' }>,
  connectors: ConnectorCatalog,
): string {
  const connector = options.find((pair) => pair.key.text === 'connector')?.value ?? 'log'
  const table: OptionTable = { ...connectors.get(connector)?.options, ...TABLE_OPTIONS }
  // From the end, so that places before stay right.
  return options.toReversed().reduce((text, { key, at }) => {
    if (!optionNamed(table, key.text)?.secret) return text
    const from = key.at.offset + key.at.length
    return `${text.slice(0, from)} = '****'${text.slice(at.offset + at.length)}`
  }, sql)
}
