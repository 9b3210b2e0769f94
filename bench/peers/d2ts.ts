/** @electric-sql/d2ts: differential dataflow over JavaScript objects. One version per batch, as its
 *  README does it. */

import {
  D2,
  groupBy,
  groupByOperators,
  MessageType,
  MultiSet,
  map,
  output,
} from '@electric-sql/d2ts'
import type { FlightRow } from '../flights.ts'
import type { PeerChange } from './changes.ts'
import { hourOf } from './groups.ts'

const { avg, count, sum } = groupByOperators

/** The rows as the batches it takes, made off the clock. */
export function d2tsInput(rows: readonly FlightRow[], batchRows: number): MultiSet<FlightRow>[] {
  const batches: MultiSet<FlightRow>[] = []
  for (let from = 0; from < rows.length; from += batchRows) {
    batches.push(new MultiSet(rows.slice(from, from + batchRows).map((row) => [row, 1])))
  }
  return batches
}

/** Groups the batches one after the other; gives the changes in order. */
export function groupByD2ts(batches: readonly MultiSet<FlightRow>[]): PeerChange[][] {
  const changes: PeerChange[][] = []
  const graph = new D2({ initialFrontier: 0 })
  const input = graph.newInput<FlightRow>()
  input.pipe(
    map((row) => ({ ...row, hour: hourOf(row.date) })),
    groupBy(({ hour, origin }) => ({ hour, origin }), {
      count: count(),
      sum: sum((row) => row.delay),
      avg: avg((row) => row.delay),
    }),
    output((message) => {
      if (message.type === MessageType.DATA) {
        changes.push(message.data.collection.getInner() as unknown as PeerChange[])
      }
    }),
  )
  graph.finalize()
  for (const [version, batch] of batches.entries()) {
    input.sendData(version, batch)
    input.sendFrontier(version + 1)
    graph.run()
  }
  return changes
}
