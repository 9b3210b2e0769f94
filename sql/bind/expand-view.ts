/** Views in FROM: the definition is planned in place. In bounded mode a materialized view is read
 *  as the table that it is. */

import { asSqlError, SqlError } from '../../engine/base/errors.ts'
import type { TableSpec } from '../../engine/source/table.ts'
import { kindText, type MaterializedViewEntry, type ViewEntry } from '../catalog/entry.ts'
import { inViewZone } from '../logical/in-session-zone.ts'
import { makeScan } from '../logical/make.ts'
import type { LogicalNode } from '../logical/node.ts'
import { withoutPlaces } from '../logical/visit.ts'
import { applyEmit } from './apply-emit.ts'
import type { BindContext } from './context.ts'
import { renameColumns, uniqueNames } from './relation.ts'
import { withUserFunctions } from './user-functions.ts'

/** The view's rows. Places inside its definition are dropped, as they are about another text. */
export function expandView(
  view: ViewEntry | MaterializedViewEntry,
  context: BindContext,
): LogicalNode {
  if (view.kind === 'materialized-view' && context.mode === 'bounded') {
    return makeScan(viewTable(view), undefined, view.key === undefined ? [] : [view.key])
  }
  const inside: BindContext = {
    ...context,
    timeZone: view.session.timeZone,
    commonTables: [],
    outer: undefined,
    dependsOn: new Set(),
    depth: context.depth + 1,
  }
  const { statement, columns } = view.definition
  try {
    const emitted = withUserFunctions(statement.query, inside, (query) =>
      applyEmit(context.bindQuery(query, inside).node, statement.emit, context.mode),
    )
    const named = columns.length === 0 ? uniqueNames(emitted) : renameColumns(emitted, columns)
    return withoutPlaces(inViewZone(named, view.session.timeZone, context.timeZone))
  } catch (error) {
    const { code, message, hint } = asSqlError(error)
    throw new SqlError(code, `In the ${kindText(view.kind)} ${view.name}: ${message}`, {
      hint,
      cause: error,
    })
  }
}

/** The materialized view's rows as a table of the connector 'view'. */
function viewTable({ id, name, schema }: MaterializedViewEntry): TableSpec {
  const storedCount = schema.fields.length
  return { id, name, schema, storedCount, computed: [], connector: 'view', options: {} }
}
