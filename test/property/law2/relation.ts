/** What random queries are made of: a relation in our words and in DuckDB's, with what is known of
 *  its columns; and random expressions over them. */

import type { Random } from '../../../engine/base/random.ts'
import { type ColumnKind, chance, pick } from './tables.ts'

export interface RelationColumn {
  readonly name: string
  readonly kind: ColumnKind
}

export interface Relation {
  /** A SELECT. */
  readonly ours: string
  readonly duckdb: string
  readonly columns: readonly RelationColumn[]
  /** Columns that tell any two different rows apart: a total order. */
  readonly unique: readonly string[]
  /** A time attribute. */
  readonly time?: string | undefined
  /** The window that each row is in; its bounds are the columns window_start and window_end. */
  readonly window?: string | undefined
  /** Rows are only added. */
  readonly append: boolean
}

/** The same text for both sides. */
export interface Both {
  readonly ours: string
  readonly duckdb: string
}

export const same = (text: string): Both => ({ ours: text, duckdb: text })

/** Fills a text in which the parts stand as {0}, {1}, …. */
export function join(text: string, ...parts: readonly Both[]): Both {
  const fill = (side: keyof Both) =>
    text.replace(/\{(\d)\}/g, (_, index: string) => parts[Number(index)][side])
  return { ours: fill('ours'), duckdb: fill('duckdb') }
}

export const columnsOf = ({ columns }: Pick<Relation, 'columns'>, ...kinds: ColumnKind[]) =>
  columns.filter(({ kind }) => kinds.length === 0 || kinds.includes(kind))

export const isNumber = ({ kind }: RelationColumn): boolean => kind === 'int' || kind === 'bigint'

/** A column of whole numbers; every relation has one. */
export const numberColumn = (r: Random, relation: Pick<Relation, 'columns'>): RelationColumn =>
  pick(r, columnsOf(relation, 'int', 'bigint'))

/** Columns that can be grouped by and compared. */
export const plainColumns = (relation: Pick<Relation, 'columns'>): RelationColumn[] =>
  relation.columns.filter(({ kind }) => kind !== 'ints')

export interface Typed extends Both {
  readonly kind: ColumnKind
}

const typed = (kind: ColumnKind, { ours, duckdb }: Both): Typed => ({ kind, ours, duckdb })

/** `of`: how the columns are called, such as `a.` before them. */
export function randomNumber(r: Random, relation: Pick<Relation, 'columns'>, of = ''): Typed {
  const column = numberColumn(r, relation)
  const a = same(`${of}${column.name}`)
  const literal = same(String(r.below(20)))
  switch (r.below(9)) {
    case 0:
      return typed('bigint', join('({0} + {1})', a, literal))
    case 1:
      return typed('bigint', join('COALESCE({0}, {1})', a, literal))
    case 2: {
      const when = randomCondition(r, relation, of)
      return typed('bigint', join('CASE WHEN {0} THEN {1} ELSE {2} END', when, a, literal))
    }
    case 3:
      return typed('bigint', join('ABS({0} - {1})', a, literal))
    case 4: {
      const texts = columnsOf(relation, 'text')
      if (texts.length === 0) return typed(column.kind, a)
      const text = same(`${of}${pick(r, texts).name}`)
      return typed('bigint', join('CHAR_LENGTH({0})', text))
    }
    default:
      return typed(column.kind, a)
  }
}

export function randomText(r: Random, relation: Pick<Relation, 'columns'>, of = ''): Typed {
  const texts = columnsOf(relation, 'text')
  if (texts.length === 0) return typed('text', same("'t'"))
  const a = same(`${of}${pick(r, texts).name}`)
  switch (r.below(5)) {
    case 0:
      return typed('text', join('UPPER({0})', a))
    case 1:
      return typed('text', join("({0} || '!')", a))
    case 2:
      return typed('text', join("COALESCE({0}, 'none')", a))
    default:
      return typed('text', a)
  }
}

/** Any value but an array. */
export function randomValueOf(r: Random, relation: Pick<Relation, 'columns'>, of = ''): Typed {
  switch (r.below(4)) {
    case 0:
      return randomText(r, relation, of)
    case 1: {
      const column = pick(r, plainColumns(relation))
      return typed(column.kind, same(`${of}${column.name}`))
    }
    default:
      return randomNumber(r, relation, of)
  }
}

export function randomCondition(r: Random, relation: Pick<Relation, 'columns'>, of = ''): Both {
  const a = same(`${of}${numberColumn(r, relation).name}`)
  const b = same(chance(r, 50) ? String(r.below(25)) : `${of}${numberColumn(r, relation).name}`)
  switch (r.below(9)) {
    case 0:
      return join('({0} AND {1})', simple(r, a, b), randomCondition(r, relation, of))
    case 1:
      return join('({0} OR {1})', simple(r, a, b), randomCondition(r, relation, of))
    case 2:
      return join('NOT ({0})', simple(r, a, b))
    case 3:
      return join(`{0} IS ${chance(r, 50) ? 'NOT ' : ''}NULL`, a)
    case 4:
      return join('{0} BETWEEN 1 AND {1}', a, same(String(5 + r.below(20))))
    case 5: {
      const text = randomText(r, relation, of)
      return join("{0} IN ('a', 'b', 'A')", text)
    }
    default:
      return simple(r, a, b)
  }
}

const simple = (r: Random, a: Both, b: Both): Both =>
  join(`{0} ${pick(r, ['=', '<', '>=', '<>', 'IS DISTINCT FROM', '<='])} {1}`, a, b)

/** A select list: new names, all plain. */
export interface Listed {
  readonly text: Both
  readonly columns: readonly RelationColumn[]
}

export function listOf(exprs: readonly (Typed & { readonly as: string })[]): Listed {
  return {
    text: {
      ours: exprs.map(({ ours, as }) => `${ours} AS ${as}`).join(', '),
      duckdb: exprs.map(({ duckdb, as }) => `${duckdb} AS ${as}`).join(', '),
    },
    columns: exprs.map(({ as, kind }) => ({ name: as, kind })),
  }
}
