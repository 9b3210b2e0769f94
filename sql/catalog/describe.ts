/** SHOW and DESCRIBE as small tables. */

import { type Field, type Schema, schemaOf } from '../../engine/batch/schema.ts'
import { BOOLEAN, type DataType, INT, typeName, VARCHAR } from '../../engine/batch/types.ts'
import { FUNCTIONS } from '../../engine/expr/functions/index.ts'
import { printExpr, type Value } from '../../engine/expr/ir.ts'
import { signatureText } from '../../engine/expr/udf.ts'
import { AGGREGATES } from '../../engine/operator/aggregate/index.ts'
import type { Statement } from '../ast.ts'
import type { Catalog } from './catalog.ts'
import type { Entry, FunctionEntry, TableEntry, TabularEntry } from './entry.ts'
import { lateEntry } from './late-entry.ts'
import type { Settings } from './settings.ts'

export interface Answer {
  readonly columns: readonly Field[]
  readonly rows: readonly (readonly Value[])[]
}

const column = (name: string, type: DataType = VARCHAR, nullable = false): Field => ({
  name,
  type,
  nullable,
})

const COMMENT = column('comment', VARCHAR, true)

export type ShowWhat = Extract<Statement, { kind: 'show' }>['what']

/** SHOW TABLES, VIEWS, MATERIALIZED VIEWS, QUERIES, FUNCTIONS; in order of name. */
export function show(what: ShowWhat, catalog: Catalog): Answer {
  switch (what) {
    case 'tables':
      return listOf(
        catalog.list('table').flatMap((table) => [table, ...lateRowsOf(table)]),
        [column('connector'), COMMENT],
        ({ spec, comment }) => [spec.connector, comment ?? null],
      )
    case 'views':
      return listOf(catalog.list('view'), [column('temporary', BOOLEAN), COMMENT], (view) => [
        view.temporary,
        view.comment ?? null,
      ])
    case 'materialized-views':
      return listOf(
        catalog.list('materialized-view'),
        [column('append_only', BOOLEAN), COMMENT],
        ({ appendOnly, comment }) => [appendOnly, comment ?? null],
      )
    case 'queries':
      return listOf(catalog.list('query'), [column('sql')], ({ sql }) => [sql])
    case 'functions':
      return showFunctions(catalog.list('function'))
  }
}

const lateRowsOf = (table: TableEntry): TableEntry[] =>
  table.spec.watermark === undefined
    ? []
    : [lateEntry(table, { text: table.name, at: { offset: 0, length: 0 } })]

function listOf<E extends Entry>(
  entries: readonly E[],
  columns: readonly Field[],
  cells: (entry: E) => readonly Value[],
): Answer {
  const sorted = entries.toSorted((a, b) => (a.name < b.name ? -1 : 1))
  return {
    columns: [column('name'), ...columns],
    rows: sorted.map((entry) => [entry.name, ...cells(entry)]),
  }
}

function showFunctions(user: readonly FunctionEntry[]): Answer {
  const scalars = FUNCTIONS.map((f) => [f.name, f.family, f.syntax.join('; '), f.doc])
  const aggregates = AGGREGATES.map((f) => [f.name, 'aggregate', f.example, f.doc])
  return {
    columns: [column('name'), column('family'), column('syntax'), column('doc')],
    rows: [...scalars, ...aggregates, ...user.map(userFunction)].toSorted((a, b) =>
      a[0] < b[0] ? -1 : 1,
    ),
  }
}

const userFunction = ({ name, definition, temporary }: FunctionEntry): string[] => [
  name,
  'user',
  `${signatureText(definition)} RETURNS ${typeName(definition.returns)}`,
  `${temporary ? 'Temporary; ' : ''}${definition.language === 'sql' ? 'SQL' : 'JavaScript'}.`,
]

/** DESCRIBE: one row per column. */
export function describe(entry: TabularEntry): Answer {
  const schema: Schema = entry.kind === 'table' ? entry.spec.schema : entry.schema
  const key = keyOf(entry)
  return {
    columns: [
      column('name'),
      column('type'),
      column('null', BOOLEAN),
      column('key', INT, true),
      column('extras', VARCHAR, true),
      column('watermark', VARCHAR, true),
      COMMENT,
    ],
    rows: schema.fields.map(({ name, type, nullable }, i) => [
      name,
      typeName(type),
      nullable,
      key.includes(i) ? key.indexOf(i) + 1 : null,
      ...(entry.kind === 'table' ? tableCells(entry, i) : [null, null, null]),
    ]),
  }
}

function keyOf(entry: TabularEntry): readonly number[] {
  if (entry.kind === 'table') return entry.spec.primaryKey ?? []
  return entry.kind === 'materialized-view' ? (entry.key ?? []) : []
}

/** extras, watermark, comment */
function tableCells({ spec, columnComments }: TableEntry, index: number): Value[] {
  const { watermark, storedCount, computed, schema } = spec
  return [
    index < storedCount ? null : `AS ${printExpr(computed[index - storedCount])}`,
    watermark?.column === index ? printExpr(watermark.expr) : null,
    columnComments.get(schema.fields[index].name) ?? null,
  ]
}

/** SET without arguments: all settings. */
export function showSettings(settings: Settings): Answer {
  return {
    columns: [column('key'), column('value'), column('doc')],
    rows: settings.list().map(({ key, value, doc }) => [key, value, doc]),
  }
}

/** A text of one column, as SHOW CREATE and EXPLAIN answer: one row a line. */
export const textAnswer = (name: string, text: string): Answer => ({
  columns: [column(name)],
  rows: text
    .trimEnd()
    .split('\n')
    .map((line) => [line]),
})

/** The schema of an answer. */
export const answerSchema = ({ columns }: Answer): Schema => schemaOf(columns)
