/** What a connector is, as data: how it is told what to do, what it brings beside the records, and
 *  what it promises. The SQL side plans with it, the documentation is made from it. */

import type { DataType } from '../batch/types.ts'
import type { OptionTable } from './option.ts'
import type { TableSpec } from './table.ts'

export interface ConnectorSpec {
  /** As `'connector' = '…'` names it. */
  readonly name: string
  /** One or two sentences for the documentation. */
  readonly doc: string
  /** Without `connector` itself. */
  readonly options: OptionTable
  /** What METADATA columns may ask for, by key. */
  readonly metadata?: Readonly<Record<string, DataType>> | undefined
  /** Absent: the table cannot be read. 'offset': any offset can be read again. 'log': it cannot, so
   *  its records go through the embedded log first. */
  readonly source?: { readonly replay: 'offset' | 'log' } | undefined
  /** Absent: the table cannot be written by INSERT INTO … SELECT. */
  readonly sink?: { readonly delivery: 'exactly-once' | 'at-least-once' } | undefined
  /** Tables may have a PRIMARY KEY. A source then brings what `TableSpec.primaryKey` says. */
  readonly keyed?: boolean | undefined
  /** What CREATE TABLE checks beyond each option's own value. INVALID_OPTION, UNSUPPORTED, … */
  readonly check?: ((table: TableSpec) => void) | undefined
}
