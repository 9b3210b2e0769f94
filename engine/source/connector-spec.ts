/** What a connector is, as data: how it is told what to do, what it brings beside the records, and
 *  what it promises. The SQL side plans with it, the documentation is made from it. */

import type { DataType } from '../batch/types.ts'
import type { LookupSpec } from './lookup.ts'
import type { OptionTable } from './option.ts'
import type { TableSpec } from './table.ts'

export interface SourceSpec {
  /** 'offset': any offset can be read again. 'log': it cannot, so its records go through the
   *  embedded log first (intake.ts). */
  readonly replay: 'offset' | 'log'
  /** How often a message counts, whatever fails. Absent: exactly once if it can be read again, else
   *  at least once. */
  readonly delivery?: Delivery | undefined
  /** The option without which the table is not read in this way, but only written. */
  readonly readsWith?: string | undefined
}

export type Delivery = 'exactly-once' | 'at-least-once' | 'at-most-once'

/** A connector that is read in several ways: by the canonical value of an option, which has a
 *  default or is required. A value that is not here cannot be read. */
export interface SourceByOption {
  readonly option: string
  readonly of: Readonly<Record<string, SourceSpec>>
}

export interface SinkSpec {
  /** How often a result is in the sink, whatever fails. */
  readonly delivery: Delivery
}

/** A connector that writes in several ways, likewise. */
export interface SinkByOption {
  readonly option: string
  readonly of: Readonly<Record<string, SinkSpec>>
}

export interface ConnectorSpec {
  /** As `'connector' = '…'` names it. */
  readonly name: string
  /** One or two sentences for the documentation. */
  readonly doc: string
  /** Without `connector` itself. */
  readonly options: OptionTable
  /** What METADATA columns may ask for, by key. */
  readonly metadata?: Readonly<Record<string, DataType>> | undefined
  /** Of these, what INSERT INTO … SELECT can give, unless the column is VIRTUAL. */
  readonly writableMetadata?: readonly string[] | undefined
  /** Absent: the table cannot be read. */
  readonly source?: SourceSpec | SourceByOption | undefined
  /** The option without which a table is only written. An intake runs whether a query reads the
   *  table or not, so the table must say that it is to be read. */
  readonly readsWith?: string | undefined
  /** Absent: the table cannot be written by INSERT INTO … SELECT. */
  readonly sink?: SinkSpec | SinkByOption | undefined
  /** Rows of the table can be looked up by key: JOIN … FOR SYSTEM_TIME AS OF a processing time. */
  readonly lookup?: LookupSpec | undefined
  /** Tables may have a PRIMARY KEY. A source then brings what `TableSpec.primaryKey` says. */
  readonly keyed?: boolean | undefined
  /** Tables may be PARTITIONED BY columns. */
  readonly partitioned?: boolean | undefined
  /** What CREATE TABLE checks beyond each option's own value. INVALID_OPTION, UNSUPPORTED, … */
  readonly check?: ((table: TableSpec) => void) | undefined
}

/** How a table with these options is read; undefined if it cannot be. */
export function sourceOf(
  spec: ConnectorSpec,
  options: Readonly<Record<string, string>>,
): SourceSpec | undefined {
  const lookup = lookupOf(spec, options)
  if (lookup !== undefined && lookup.isRead !== true) return undefined
  const { source, readsWith } = spec
  if (readsWith !== undefined && options[readsWith] === undefined) return undefined
  const found = source === undefined || 'replay' in source ? source : chosen(source, options)
  const needed = found?.readsWith
  return needed !== undefined && options[needed] === undefined ? undefined : found
}

/** How a table with these options is written; undefined if it cannot be. */
export function sinkOf(
  { sink }: ConnectorSpec,
  options: Readonly<Record<string, string>>,
): SinkSpec | undefined {
  return sink === undefined || 'delivery' in sink ? sink : chosen(sink, options)
}

function chosen<S>(
  { option, of }: { readonly option: string; readonly of: Readonly<Record<string, S>> },
  options: Readonly<Record<string, string>>,
): S | undefined {
  const value = options[option]
  return Object.hasOwn(of, value) ? of[value] : undefined
}

/** By what a table with these options is looked up; undefined if it is not. */
export const lookupOf = (
  { lookup }: ConnectorSpec,
  options: Readonly<Record<string, string>>,
): LookupSpec | undefined => (lookup?.when?.(options) === false ? undefined : lookup)

/** What the source promises. */
export const deliveryOf = ({ replay, delivery }: SourceSpec): Delivery =>
  delivery ?? (replay === 'offset' ? 'exactly-once' : 'at-least-once')
