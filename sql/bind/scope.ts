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

  /** The column that `path` (`column` or `table.column`) means. UNKNOWN_COLUMN, UNKNOWN_TABLE,
   *  AMBIGUOUS_NAME, or UNSUPPORTED for a longer path. */
  resolve(path: readonly Name[]): ScopeColumn {
    if (path.length === 1) return this.#pick(path[0], this.columns, path[0].text)
    const [table, column] = path
    if (path.length > 2) refuseFields(path[2])
    const text = `${table.text}.${column.text}`
    const columns = this.ofTable(table.text)
    if (columns !== undefined) return this.#pick(column, columns, text)
    if (this.find(table) !== undefined) refuseFields(column)
    fail('UNKNOWN_TABLE', `There is no table ${table.text} in this FROM clause`, {
      at: table.at,
      hint: didYouMean(table.text, this.tables()),
    })
  }

  /** The columns of a table name or alias; undefined if there is no such table. */
  ofTable(table: string): readonly ScopeColumn[] | undefined {
    const [name] = findName(table, this.tables(), (known) => known)
    return name === undefined ? undefined : this.columns.filter((c) => c.table === name)
  }

  /** The column of this name; undefined if there is none. AMBIGUOUS_NAME if there are several. */
  find(name: Name, columns: readonly ScopeColumn[] = this.columns): ScopeColumn | undefined {
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

function refuseFields(name: Name): never {
  fail('UNSUPPORTED', 'Fields of a ROW column cannot be read yet', {
    at: name.at,
    hint: 'A name is a column, or a table and a column.',
  })
}

/** The column at `index` of a schema as an expression. */
export function columnExpr(schema: Schema, index: number, at?: Name['at']): ColumnExpr {
  const { name, type, nullable } = schema.fields[index]
  return { kind: 'column', index, name, type, nullable, at }
}
