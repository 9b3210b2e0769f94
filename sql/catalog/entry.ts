/** What the catalog holds: one entry per table, view, materialized view and named query. */

import type { Schema } from '../../engine/batch/schema.ts'
import type { UserFunction } from '../../engine/expr/udf.ts'
import type { TableSpec } from '../../engine/source/table.ts'
import type { Name, ObjectKind, QueryStatement } from '../ast.ts'
import type { Session } from '../session.ts'

export type EntryKind = ObjectKind

interface Base {
  /** Never reused, also not after DROP and CREATE. Names folders on disk. */
  readonly id: string
  readonly name: string
  /** The whole statement, as it was written; planned again when a server starts. */
  readonly sql: string
  /** Ids of the entries that the statement names itself. */
  readonly dependsOn: readonly string[]
  /** The settings under which it was made. */
  readonly session: Session
}

export interface TableEntry extends Base {
  readonly kind: 'table'
  readonly spec: TableSpec
  readonly comment?: string | undefined
  /** Gone when the server stops, with its records; nothing lasting may read it. */
  readonly temporary: boolean
  /** Comments of columns, by column name. */
  readonly columnComments: ReadonlyMap<string, string>
  /** Expressions of computed columns as they are written, by column name. */
  readonly computedTexts: ReadonlyMap<string, string>
  /** The watermark's expression as it is written. */
  readonly watermarkText?: string | undefined
  /** Set for a side table (`side-entry.ts`): the id of the table that it belongs to. */
  readonly sideOf?: string | undefined
}

/** A query with its columns' new names (empty: its own). */
export interface Definition {
  readonly statement: QueryStatement
  readonly columns: readonly Name[]
}

interface Defined extends Base {
  readonly definition: Definition
  readonly schema: Schema
}

export interface ViewEntry extends Defined {
  readonly kind: 'view'
  readonly comment?: string | undefined
  /** Gone when the server stops; nothing lasting may read it. */
  readonly temporary: boolean
}

export interface MaterializedViewEntry extends Defined {
  readonly kind: 'materialized-view'
  readonly comment?: string | undefined
  readonly appendOnly: boolean
  /** See QueryPlan.key. */
  readonly key?: readonly number[] | undefined
}

export interface QueryEntry extends Defined {
  readonly kind: 'query'
  /** The table that INSERT INTO … SELECT writes to. */
  readonly target?: TableSpec | undefined
  /** The id of the table whose CREATE TABLE … AS started it. */
  readonly startedBy?: string | undefined
}

/** Functions have names of their own: a table may be called like one. */
export interface FunctionEntry extends Base {
  readonly kind: 'function'
  readonly definition: UserFunction
  /** Gone when the server stops; nothing lasting may call it. */
  readonly temporary: boolean
}

/** What has columns. */
export type TabularEntry = TableEntry | ViewEntry | MaterializedViewEntry | QueryEntry
export type Entry = TabularEntry | FunctionEntry

/** What a FROM clause can name. */
export type RelationEntry = Exclude<TabularEntry, QueryEntry>

/** `materialized view`, as messages say it. */
export const kindText = (kind: EntryKind): string => kind.replace('-', ' ')
