/** `\d`: everything that the catalog has, by kind. */

import type { MillraceClient } from '../../client/index.ts'
import { styleOf } from './style.ts'
import { tableLines } from './table.ts'

const KINDS = [
  ['Tables', 'SHOW TABLES'],
  ['Views', 'SHOW VIEWS'],
  ['Materialized views', 'SHOW MATERIALIZED VIEWS'],
  ['Queries', 'SHOW QUERIES'],
] as const

/** Prints one table per kind; kinds of which there are none are left out. */
export async function printObjects(client: MillraceClient, signal: AbortSignal): Promise<void> {
  const style = styleOf(process.stdout)
  const width = process.stdout.isTTY ? process.stdout.columns : undefined
  const results = await client.sql(KINDS.map(([, statement]) => statement).join('; '), { signal })
  const lines = results.flatMap((result, i) => {
    if (result.kind !== 'rows' || result.rows.length === 0) return []
    const table = tableLines(result.columns, result.rows, { width, style })
    return [style('bold', KINDS[i][0]), ...table, '']
  })
  const nothing = ['Nothing here yet. CREATE TABLE makes a stream.']
  process.stdout.write(`${(lines.length > 0 ? lines.slice(0, -1) : nothing).join('\n')}\n`)
}
