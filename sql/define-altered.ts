/** A table or view that is altered, and everything that reads it made once more over what it is to
 *  be. What runs must go on exactly as it does: an alteration that would change its plan is
 *  refused. */

import { asSqlError, fail, type Span } from '../engine/base/errors.ts'
import { schemaText } from '../engine/batch/schema.ts'
import type { QueryPlan } from '../engine/plan/physical.ts'
import { samePlan } from '../engine/plan/plan-text.ts'
import { type Catalog, savedEntry } from './catalog/catalog.ts'
import {
  kindText,
  type MaterializedViewEntry,
  type QueryEntry,
  type TableEntry,
  type TabularEntry,
  type ViewEntry,
} from './catalog/entry.ts'
import type { ConnectorCatalog } from './catalog/options.ts'
import { defineAgain } from './define-again.ts'
import type { PlannedQuery } from './planner.ts'

export interface Redefined {
  readonly before: TabularEntry
  readonly after: TabularEntry
  /** Of what runs. */
  readonly planned?: PlannedQuery | undefined
}

export interface Surroundings {
  readonly catalog: Catalog
  readonly connectors?: ConnectorCatalog | undefined
  /** The plan that runs, by query id. */
  readonly planOf: (id: string) => QueryPlan | undefined
}

/** Everything that reads the entry, directly or not, in order of creation. */
export function readersOf(id: string, catalog: Catalog): TabularEntry[] {
  const found = new Set([id])
  return catalog.list().filter((entry): entry is TabularEntry => {
    if (entry.kind === 'function' || !entry.dependsOn.some((other) => found.has(other)))
      return false
    found.add(entry.id)
    return true
  })
}

/** What runs over the entry. */
export const runningReadersOf = (
  id: string,
  catalog: Catalog,
): (MaterializedViewEntry | QueryEntry)[] =>
  readersOf(id, catalog).filter(
    (entry) => entry.kind === 'query' || entry.kind === 'materialized-view',
  )

/** The altered entry, then what reads it, in order of creation. IN_USE, with why, if one of them
 *  could not go on as it is. `at`: the culprit in the statement. */
export function redefine(
  after: TableEntry | ViewEntry,
  around: Surroundings,
  at: Span,
): Redefined[] {
  const { catalog } = around
  const before = catalog.byId(after.id) as TabularEntry
  const readers = readersOf(after.id, catalog)
  const own = readers.find(({ id }) => after.dependsOn.includes(id))
  if (own !== undefined) {
    fail('UNSUPPORTED', `The new ${after.name} reads itself, by ${own.name}`, { at })
  }
  const trial = catalog.copy()
  for (const reader of readers.toReversed()) trial.remove(reader)
  trial.replace(after)
  const others = readers.map((reader): Redefined => {
    const again = defineReader(reader, { ...around, catalog: trial }, at)
    trial.add(again.after)
    return again
  })
  return [{ before, after }, ...others]
}

function defineReader(reader: TabularEntry, around: Surroundings, at: Span): Redefined {
  const { catalog, connectors, planOf } = around
  try {
    const { entry, planned } = defineAgain(savedEntry(reader), catalog, connectors)
    const after = entry as TabularEntry
    const plan = planOf(reader.id)
    if (planned !== undefined && plan !== undefined) {
      if (!sameQuery(plan, planned.plan)) return refuse(reader, 'its result would be another', at)
      return { before: reader, after, planned }
    }
    return { before: reader, after }
  } catch (error) {
    const { code, message } = asSqlError(error)
    if (code === 'IN_USE' || code === 'INTERNAL') throw error
    return refuse(reader, message, at)
  }
}

function refuse({ kind, name }: TabularEntry, why: string, at: Span): never {
  return fail('IN_USE', `The ${kindText(kind)} ${name} could not go on: ${why}`, {
    at,
    hint: 'Alter it first, or drop it.',
    details: { dependents: [name] },
  })
}

const sameQuery = (a: QueryPlan, b: QueryPlan): boolean =>
  samePlan(a.root, b.root) &&
  a.appendOnly === b.appendOnly &&
  schemaText(a.schema) === schemaText(b.schema) &&
  String(a.key) === String(b.key)
