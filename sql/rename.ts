/** ALTER … RENAME TO: the same entry, with its new name in the statement that makes it. */

import { fail } from '../engine/base/errors.ts'
import type { Name } from './ast.ts'
import type { Catalog } from './catalog/catalog.ts'
import type { TabularEntry } from './catalog/entry.ts'
import { parseStatements } from './parse/index.ts'

/** The entry under its new name; changes nothing yet. DUPLICATE_NAME; IN_USE if others read it,
 *  because their statements have the old name. */
export function renamed(entry: TabularEntry, to: Name, catalog: Catalog): TabularEntry {
  if (catalog.find(to.text)?.id !== entry.id || catalog.find(to.text)?.name === to.text) {
    catalog.checkFree(to)
  }
  catalog.checkUnused(entry, to.at)
  const name = to.text
  if (entry.kind === 'query') return { ...entry, name }
  const sql = withName(entry.sql, name)
  if (entry.kind === 'table') return { ...entry, name, sql, spec: { ...entry.spec, name } }
  const { definition } = entry
  const statement = { ...definition.statement, text: sql }
  return { ...entry, name, sql, definition: { ...definition, statement } }
}

/** A CREATE statement with another name. */
function withName(sql: string, name: string): string {
  const [statement] = parseStatements(sql)
  if (statement.kind !== 'create-table' && statement.kind !== 'create-view') {
    return fail('INTERNAL', `a ${statement.kind} has no name to change`)
  }
  const { offset, length } = statement.name.at
  return `${sql.slice(0, offset)}\`${name.replaceAll('`', '``')}\`${sql.slice(offset + length)}`
}
