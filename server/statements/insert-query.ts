/** INSERT INTO … SELECT: a continuous query whose results go into a table. It is named after the
 *  table, listed by SHOW QUERIES and ended by DROP QUERY. */

import type { Span } from '../../engine/base/errors.ts'
import { defineInsert, type InsertSelect } from '../../sql/index.ts'
import type { DatabaseParts } from '../database.ts'
import type { StatementResult } from '../statement-result.ts'
import { keep, warningsOf } from './create.ts'

export async function insertSelect(
  parts: DatabaseParts,
  statement: InsertSelect,
): Promise<StatementResult> {
  const { catalog, queries, settings } = parts
  queries.checkRoom()
  const name = { text: freeName(parts, statement), at: statement.table.at as Span }
  const { entry, planned } = defineInsert(name, statement, catalog, { session: settings.session })
  const { plan, warnings } = planned
  const { target } = entry
  if (target !== undefined) queries.checkTarget(plan, target)
  catalog.add(entry)
  await keep(parts, entry, () => queries.start({ plan, warnings, kind: 'query', target }))
  return { kind: 'ok', message: `Query ${entry.name} started`, ...warningsOf(warnings) }
}

/** `insert_into_t`, or the first free `insert_into_t_2`. */
function freeName({ catalog }: DatabaseParts, { table }: InsertSelect): string {
  const target = catalog.find(table.text, table.at)?.name ?? table.text
  const base = `insert_into_${target}`
  if (catalog.find(base) === undefined) return base
  for (let n = 2; ; n++) if (catalog.find(`${base}_${n}`) === undefined) return `${base}_${n}`
}
