/** `"s$late"`, `"s$dead_letters"` and `"s$undelivered"` in the catalog: no entries of their own,
 *  but made of that of `s` when they are named. */

import { fail } from '../../engine/base/errors.ts'
import { deadLetterTable } from '../../engine/source/dead-letter-table.ts'
import { lateTable } from '../../engine/source/late-table.ts'
import { type SideSuffix, sideSuffix } from '../../engine/source/side-table.ts'
import type { TableSpec } from '../../engine/source/table.ts'
import { undeliveredTable } from '../../engine/source/undelivered-table.ts'
import type { Name } from '../ast.ts'
import type { TableEntry } from './entry.ts'

interface Side {
  readonly comment: (table: string) => string
  readonly spec: (of: TableSpec) => TableSpec
  readonly exists: (of: TableSpec) => boolean
  /** Why a table has none, and which ones do. */
  readonly absent: { readonly reason: (table: string) => string; readonly hint: string }
}

const SIDES: Readonly<Record<SideSuffix, Side>> = {
  $late: {
    comment: (table) => `Rows of ${table} that came too late, and the query that left them out`,
    spec: lateTable,
    exists: ({ watermark }) => watermark !== undefined,
    absent: {
      reason: (table) => `no row of ${table} can be late`,
      hint: 'Only tables with a WATERMARK have late rows.',
    },
  },
  $dead_letters: {
    comment: (table) => `Records of ${table} that could not be decoded, and why`,
    spec: deadLetterTable,
    exists: ({ options, writeOnly }) =>
      options['bad-records'] === 'dead_letter' && writeOnly !== true,
    absent: {
      reason: (table) => `${table} keeps no bad records`,
      hint: "Tables do that whose messages are decoded, WITH ('bad-records' = 'dead_letter'). The embedded queue refuses the request that brings a bad record.",
    },
  },
  $undelivered: {
    comment: (table) => `Records of ${table} that a consumer group gave up, and why`,
    spec: undeliveredTable,
    exists: ({ connector }) => connector === 'log',
    absent: {
      reason: (table) => `${table} is not consumed in groups`,
      hint: 'Streams of the embedded queue are.',
    },
  },
}

/** UNKNOWN_TABLE if the table has no such rows. `name` is a side table's. */
export function sideEntry(table: TableEntry, { text, at }: Name): TableEntry {
  const side = SIDES[sideSuffix(text)!]
  if (!side.exists(table.spec)) {
    const { reason, hint } = side.absent
    fail('UNKNOWN_TABLE', `There is no ${text}: ${reason(table.name)}`, { at, hint })
  }
  const spec = side.spec(table.spec)
  return {
    ...table,
    id: spec.id,
    name: spec.name,
    comment: side.comment(table.name),
    columnComments: new Map(),
    computedTexts: new Map(),
    watermarkText: undefined,
    spec,
    sideOf: table.id,
  }
}

/** All side tables that the table has, but for that of consumer groups: every stream has it. */
export const sideEntries = (table: TableEntry): TableEntry[] =>
  (Object.keys(SIDES) as SideSuffix[])
    .filter((suffix) => suffix !== '$undelivered' && SIDES[suffix].exists(table.spec))
    .map((suffix) =>
      sideEntry(table, { text: `${table.name}${suffix}`, at: { offset: 0, length: 0 } }),
    )
