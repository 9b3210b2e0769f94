/** The Nexmark generator as a source: splits take the rows in turns, offsets are row numbers. */

import { Batch } from '../../engine/batch/batch.ts'
import { type Schema, schemaOf } from '../../engine/batch/schema.ts'
import type { SourceConnector } from '../../engine/source/source.ts'
import type { ConnectorContext } from '../context.ts'
import { GeneratedSplit, rowsOfSplit } from '../generated-split.ts'
import { AUCTION } from './auction.ts'
import { BID } from './bid.ts'
import { eventOf, shuffled } from './event.ts'
import { PERSON } from './person.ts'
import { type NexmarkSettings, nexmarkSettings } from './settings.ts'
import { nexmark } from './spec.ts'

const COLUMNS = { bid: BID, auction: AUCTION, person: PERSON }

export const nexmarkSource = ({ clock }: ConnectorContext): SourceConnector => ({
  name: nexmark.name,
  replay: 'offset',
  listSplits: (table) =>
    Array.from({ length: nexmarkSettings(table).splits }, (_, i) => ({ id: String(i) })),
  open(table, { id }, from) {
    const settings = nexmarkSettings(table)
    const schema = schemaOf(table.schema.fields.slice(0, table.storedCount))
    const index = Number(id)
    return new GeneratedSplit({
      ...{ clock, from },
      table: table.name,
      rowCount: rowsOfSplit(settings.rowCount, index, settings.splits),
      rowsPerSecond: settings.rowsPerSecond / settings.splits,
      make: (first, next) => nexmarkRows(schema, settings, { index, first, next }),
    })
  },
})

/** Rows [first, next) of a split. */
export function nexmarkRows(
  schema: Schema,
  settings: NexmarkSettings,
  { index, first, next }: { readonly index: number; readonly first: number; readonly next: number },
): Batch {
  const { kind, group, splits, columns, rowCount } = settings
  const events = new Float64Array(next - first)
  for (let i = 0; i < events.length; i++) {
    events[i] = eventOf(kind, shuffled((first + i) * splits + index, group, rowCount))
  }
  const made = columns.map((name) => COLUMNS[kind][name](events, settings))
  return new Batch(schema, made, events.length)
}
