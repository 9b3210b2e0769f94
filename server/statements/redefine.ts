/** Tables and views take another form while others read them: the entries are swapped at once, and
 *  what runs over them goes on as it is. */

import type { Span } from '../../engine/base/errors.ts'
import { type Redefined, redefine, type Surroundings, type ViewEntry } from '../../sql/index.ts'
import { CATALOG_CONNECTORS } from '../connectors.ts'
import type { DatabaseParts } from '../database.ts'

/** What a redefinition is checked against. */
export const surroundings = ({
  catalog,
  queries,
}: Pick<DatabaseParts, 'catalog' | 'queries'>): Surroundings => ({
  catalog,
  connectors: CATALOG_CONNECTORS,
  planOf: (id) => queries.plan(id),
})

/** A view with another query, under its id. IN_USE if what reads it could not go on as it is. */
export async function redefineView(parts: DatabaseParts, view: ViewEntry, at: Span): Promise<void> {
  swapEntries(parts, redefine(view, surroundings(parts), at))
}

/** Puts the entries in the catalog and saves it; takes them out again if it cannot be saved. */
export function swapEntries(parts: DatabaseParts, entries: readonly Redefined[]): void {
  const { catalog, queries, save } = parts
  for (const { after } of entries) catalog.replace(after)
  try {
    save()
  } catch (error) {
    for (const { before } of entries) catalog.replace(before)
    throw error
  }
  for (const { planned } of entries) {
    if (planned !== undefined) queries.replan(planned.plan, planned.warnings)
  }
}
