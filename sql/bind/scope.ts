/** Which columns a name can mean at some place of a query, and how a name finds one. */

import { fail } from '../../engine/base/errors.ts'
import { didYouMean } from '../../engine/base/nearest.ts'
import { nearestName } from '../../engine/base/nearest-name.ts'
import type { Schema } from '../../engine/batch/schema.ts'
import type { ColumnExpr } from '../../engine/expr/ir.ts'
import type { Name } from '../ast.ts'
import { findName } from '../catalog/find-name.ts'

export interface ScopeColumn {
  /** The table name or alias before the dot; absent if the column has none. */
  readonly table?: string | undefined
  readonly name: string
  /** Position in the columns of the node that the scope is about. */
  readonly index: number
  /** Only reached by its table's name: JOIN … USING shows one column for two. */
  readonly hidden?: boolean | undefined
}

/** A column, and the fields of it that are read: `t.address.city`. */
export interface Found {
  readonly column: ScopeColumn
  readonly fields: readonly Name[]
}

export class Scope {
  readonly columns: readonly ScopeColumn[]

  constructor(columns: readonly ScopeColumn[]) {
    this.columns = columns
  }

  /** All columns of a schema, under one table name or none. */
  static of(schema: Schema, table?: string): Scope {
    return new Scope(schema.fields.map(({ name }, index) => ({ table, name, index })))
  }

  /** Table names, each once. */
  tables(): string[] {
    return [...new Set(this.columns.flatMap(({ table }) => table ?? []))]
  }

  /** The column that `path` means: a column, a table and a column, either with fields behind it.
   *  undefined if its first name is nothing here. UNKNOWN_COLUMN for a table without the column;
   *  AMBIGUOUS_NAME. */
  locate(path: readonly Name[]): Found | undefined {
    const [first, second, ...rest] = path
    const columns = second === undefined ? undefined : this.ofTable(first.text)
    if (columns !== undefined) {
      const column = this.#pick(second, columns, `${first.text}.${second.text}`)
      return { column, fields: rest }
    }
    const column = this.find(first)
    return column && { column, fields: path.slice(1) }
  }

  /** The column that `path` (`column` or `table.column`) means. UNKNOWN_COLUMN, UNKNOWN_TABLE,
   *  AMBIGUOUS_NAME. */
  resolve(path: readonly Name[]): ScopeColumn {
    const found = this.locate(path) ?? this.refuse(path)
    if (found.fields.length === 0) return found.column
    return fail('UNSUPPORTED', 'A field of a ROW cannot stand here', {
      at: found.fields[0].at,
      hint: 'A name is a column, or a table and a column.',
    })
  }

  /** Says that the first name of the path is nothing here. */
  refuse(path: readonly Name[]): never {
    const [first] = path
    if (path.length === 1) return this.#pick(first, this.visible(), first.text) as never
    return fail('UNKNOWN_TABLE', `There is no table ${first.text} in this FROM clause`, {
      at: first.at,
      hint: didYouMean(first.text, this.tables()),
    })
  }

  /** What `*` names. */
  visible(): readonly ScopeColumn[] {
    return this.columns.filter((column) => column.hidden !== true)
  }

  /** The columns of a table name or alias; undefined if there is no such table. */
  ofTable(table: string): readonly ScopeColumn[] | undefined {
    const [name] = findName(table, this.tables(), (known) => known)
    return name === undefined ? undefined : this.columns.filter((c) => c.table === name)
  }

  /** The column of this name; undefined if there is none. AMBIGUOUS_NAME if there are several. */
  find(name: Name, columns: readonly ScopeColumn[] = this.visible()): ScopeColumn | undefined {
    const found = findName(name.text, columns, (column) => column.name)
    if (found.length > 1) {
      const meanings = found.map(({ table, name }) =>
        table === undefined ? name : `${table}.${name}`,
      )
      const distinct = new Set(meanings).size === meanings.length
      fail('AMBIGUOUS_NAME', `The column ${name.text} is ambiguous`, {
        at: name.at,
        hint: distinct
          ? `It could be ${meanings.join(' or ')}.`
          : 'Give the columns different names with AS.',
      })
    }
    return found[0]
  }

  #pick(name: Name, columns: readonly ScopeColumn[], text: string): ScopeColumn {
    const column = this.find(name, columns)
    if (column !== undefined) return column
    fail('UNKNOWN_COLUMN', `There is no column ${text}`, {
      at: name.at,
      hint: hintFor(name, columns),
    })
  }
}

/** Users of other databases write texts in double quotes. */
function hintFor(name: Name, columns: readonly ScopeColumn[]): string | undefined {
  const names = columns.map((column) => column.name)
  const near = nearestName(name.text, names)
  return near === undefined && name.quoted
    ? `A text is written in single quotes: '${name.text}'.`
    : didYouMean(name.text, names)
}

/** The column at `index` of a schema as an expression. */
export function columnExpr(schema: Schema, index: number, at?: Name['at']): ColumnExpr {
  const { name, type, nullable } = schema.fields[index]
  return { kind: 'column', index, name, type, nullable, at }
}
