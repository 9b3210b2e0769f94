/** Reads a Nexmark table's options and finds the generator's column for each of its own. */

import { fail } from '../../engine/base/errors.ts'
import { didYouMean } from '../../engine/base/nearest.ts'
import { parseTimestamp } from '../../engine/base/time-text.ts'
import {
  BIGINT,
  type DataType,
  sameType,
  TIMESTAMP,
  typeName,
  VARCHAR,
} from '../../engine/batch/types.ts'
import type { TableSpec } from '../../engine/source/table.ts'
import { type EventKind, eventCount } from './event.ts'

export interface NexmarkSettings {
  readonly kind: EventKind
  readonly seed: number
  readonly baseUs: number
  /** Events a second of event time. */
  readonly eventsPerSecond: number
  /** Rows of this kind, over all splits; Infinity if it never ends. */
  readonly rowCount: number
  readonly group: number
  readonly rowsPerSecond: number
  readonly splits: number
  /** The generator's name of each column of the table. */
  readonly columns: readonly string[]
}

const COLUMNS: Readonly<Record<EventKind, Readonly<Record<string, DataType>>>> = {
  bid: {
    ...{ auction: BIGINT, bidder: BIGINT, price: BIGINT, channel: VARCHAR, url: VARCHAR },
    ...{ dateTime: TIMESTAMP, extra: VARCHAR },
  },
  auction: {
    ...{ id: BIGINT, itemName: VARCHAR, description: VARCHAR, initialBid: BIGINT },
    ...{ reserve: BIGINT, dateTime: TIMESTAMP, expires: TIMESTAMP, seller: BIGINT },
    ...{ category: BIGINT, extra: VARCHAR },
  },
  person: {
    ...{ id: BIGINT, name: VARCHAR, emailAddress: VARCHAR, creditCard: VARCHAR, city: VARCHAR },
    ...{ state: VARCHAR, dateTime: TIMESTAMP, extra: VARCHAR },
  },
}

const EVENTS_PER_SECOND = { flood: 10_000_000, steady: 100_000 }

export function checkNexmark(table: TableSpec): void {
  nexmarkSettings(table)
}

/** INVALID_OPTION; UNKNOWN_COLUMN, TYPE_MISMATCH for a column that the generator does not have. */
export function nexmarkSettings(table: TableSpec): NexmarkSettings {
  const { options } = table
  const kind = options['nexmark.table'] as EventKind
  const baseUs = parseTimestamp(options['nexmark.base-time'])
  if (typeof baseUs !== 'number') {
    fail(
      'INVALID_OPTION',
      `'${options['nexmark.base-time']}' is no value for 'nexmark.base-time'`,
      {
        hint: 'It takes a timestamp, such as 2025-01-01 00:00:00.',
      },
    )
  }
  const events = options['nexmark.events']
  const rate = Number(options['rows-per-second'])
  return {
    ...{ kind, baseUs },
    seed: Number(options['nexmark.seed']),
    eventsPerSecond: Number(
      options['nexmark.events-per-second'] ??
        EVENTS_PER_SECOND[options['nexmark.profile'] as 'flood' | 'steady'],
    ),
    rowCount: events === undefined ? Infinity : eventCount(kind, Number(events)),
    group: Number(options['nexmark.out-of-order-group']),
    rowsPerSecond: rate === 0 ? Infinity : rate,
    splits: Number(options.splits),
    columns: columnsOf(table, kind),
  }
}

/** `date_time` and `dateTime` are one column. */
const folded = (name: string): string => name.toLowerCase().replaceAll('_', '')

function columnsOf(table: TableSpec, kind: EventKind): string[] {
  const known = COLUMNS[kind]
  return table.schema.fields.slice(0, table.storedCount).map(({ name, type }) => {
    const own = Object.keys(known).find((candidate) => folded(candidate) === folded(name))
    if (own === undefined) {
      return fail('UNKNOWN_COLUMN', `A Nexmark ${kind} has no column ${name}`, {
        hint: didYouMean(name, Object.keys(known)) ?? `It has ${Object.keys(known).join(', ')}.`,
      })
    }
    if (!sameType(type, known[own])) {
      const wanted = typeName(known[own])
      fail('TYPE_MISMATCH', `${name} of a Nexmark ${kind} is ${wanted}, not ${typeName(type)}`)
    }
    return own
  })
}
