/** @tanstack/db-ivm: the incremental engine of TanStack DB, a fork of d2ts without versions. */

import { D2, groupBy, groupByOperators, MultiSet, map, output } from '@tanstack/db-ivm'
import type { FlightRow } from '../flights.ts'
import type { PeerChange } from './changes.ts'
import { hourOf } from './groups.ts'

const { avg, count, sum } = groupByOperators

/** The rows as the batches it takes, made off the clock. */
export function dbIvmInput(rows: readonly FlightRow[], batchRows: number): MultiSet<FlightRow>[] {
  const batches: MultiSet<FlightRow>[] = []
  for (let from = 0; from < rows.length; from += batchRows) {
    batches.push(new MultiSet(rows.slice(from, from + batchRows).map((row) => [row, 1])))
  }
  return batches
}

/** Groups the batches one after the other; gives the changes in order. */
export function groupByDbIvm(batches: readonly MultiSet<FlightRow>[]): PeerChange[][] {
  const changes: PeerChange[][] = []
  const graph = new D2()
  const input = graph.newInput<FlightRow>()
  input.pipe(
    map((row) => ({ ...row, hour: hourOf(row.date) })),
    groupBy(({ hour, origin }) => ({ hour, origin }), {
      count: count(),
      sum: sum((row) => row.delay),
      avg: avg((row) => row.delay),
    }),
    output((message) => changes.push(message.getInner() as PeerChange[])),
  )
  graph.finalize()
  for (const batch of batches) {
    input.sendData(batch)
    graph.run()
  }
  return changes
}
