/** A case as an .slt file, to be kept once it is understood: `test/slt/found/`. The expected rows are
 *  DuckDB's; MILLRACE_BLESS fills them in. */

import type { Value } from '../../../engine/expr/ir.ts'
import type { RandomQuery } from './queries.ts'
import type { Epoch } from './run.ts'
import { createTable, type RandomTable, SECOND_US, type TableEvent } from './tables.ts'

export interface FoundCase {
  readonly seed: number
  readonly tables: readonly RandomTable[]
  readonly epochs: readonly Epoch[]
  readonly query: RandomQuery
}

export function asSlt({ seed, tables, epochs, query }: FoundCase): string {
  const used = tables.filter(({ name }) => query.ours.includes(name))
  const creates = used.map((table) => {
    const events = epochs.flatMap((epoch) => epoch.events[tables.indexOf(table)])
    return `statement ok\n${createTable(table, delayOf(events))}`
  })
  const pushes = epochs.flatMap((epoch) =>
    used.flatMap((table) => pushOf(table, epoch.events[tables.indexOf(table)])),
  )
  return [
    `# name: test/slt/found/law2-${seed}.slt\n# description: Found by test/property/law2.test.ts, seed ${seed}\n# group: [found]\n# oracle duckdb`,
    ...creates,
    ...pushes,
    `only final\nquery ?\n${query.ours.replace(/ EMIT CHANGES$/, '')}\nduckdb\n${query.duckdb}`,
    '',
  ].join('\n\n')
}

/** The least delay with which no row is late. */
function delayOf(events: readonly TableEvent[]): number {
  let [last, most] = [-Infinity, 0]
  for (const { timeUs } of events) {
    if (timeUs === undefined) continue
    last = Math.max(last, timeUs)
    most = Math.max(most, last - timeUs)
  }
  return Math.ceil(most / SECOND_US)
}

function pushOf(table: RandomTable, events: readonly TableEvent[]): string[] {
  if (events.length === 0) return []
  if (table.kind !== 'keyed') return [pushed(table, events)]
  return events.map((event) =>
    event.sign > 0
      ? pushed(table, [event])
      : `statement ok\nDELETE FROM ${table.name} WHERE id = ${event.row[0]}`,
  )
}

function pushed({ name, kind, columns }: RandomTable, events: readonly TableEvent[]): string {
  const lines = events.map(({ row, sign }) => {
    const object = Object.fromEntries(columns.map((column, i) => [column.name, jsonOf(row[i], i)]))
    return JSON.stringify(kind === 'changes' ? { op: sign > 0 ? '+I' : '-D', row: object } : object)
  })
  return [`push ${name}`, ...lines].join('\n')
  function jsonOf(value: Value, i: number) {
    return columns[i].kind === 'time' && value !== null
      ? new Date(Number(value) / 1000).toISOString().slice(0, -1)
      : value
  }
}
