/** DuckDB on one thread: a columnar database that does the grouping as one batch query. */

import type { DuckDBConnection, DuckDBMaterializedResult } from '@duckdb/node-api'
import { type Groups, groupKey } from './groups.ts'

const QUERY = `
  SELECT date_trunc('hour', date) AS hour, origin, count(*), sum(delay), avg(delay)
  FROM flights WHERE rowid < $rows GROUP BY ALL`

/** Runs the query to its end; the result stays in DuckDB's own columns. */
export function groupByDuckdb(
  connection: DuckDBConnection,
  rows: number,
): Promise<DuckDBMaterializedResult> {
  return connection.run(QUERY, { rows })
}

export async function groupsOfDuckdb(result: DuckDBMaterializedResult): Promise<Groups> {
  const groups: Groups = new Map()
  for (let chunk = await result.fetchChunk(); chunk?.rowCount; chunk = await result.fetchChunk()) {
    const [hours, origins, counts, sums, averages] = chunk.getColumns()
    for (let i = 0; i < chunk.rowCount; i++) {
      const { micros } = hours[i] as { micros: bigint }
      groups.set(groupKey(Number(micros / 1000n), String(origins[i])), {
        count: Number(counts[i]),
        sum: Number(sums[i]),
        avg: Math.trunc(Number(averages[i])) + 0,
      })
    }
  }
  return groups
}
