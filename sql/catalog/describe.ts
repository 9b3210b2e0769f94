/** SHOW and DESCRIBE as small tables. */

import { fail } from '../../engine/base/errors.ts'
import { didYouMean } from '../../engine/base/nearest.ts'
import { type Field, type Schema, schemaOf } from '../../engine/batch/schema.ts'
import { BOOLEAN, type DataType, INT, typeName, VARCHAR } from '../../engine/batch/types.ts'
import { FUNCTIONS } from '../../engine/expr/functions/index.ts'
import type { Value } from '../../engine/expr/ir.ts'
import { compileLike } from '../../engine/expr/text-pattern.ts'
import { signatureText } from '../../engine/expr/udf.ts'
import { AGGREGATES } from '../../engine/operator/aggregate/index.ts'
import { JSON_AGGREGATES } from '../../engine/operator/aggregate/json-aggregates.ts'
import { allMetadata, declaredColumns } from '../../engine/source/table.ts'
import type { Name, ShowFilter, Statement } from '../ast.ts'
import type { Catalog } from './catalog.ts'
import type { Entry, FunctionEntry, TableEntry, TabularEntry } from './entry.ts'
import type { Settings } from './settings.ts'
import { sideEntries } from './side-entry.ts'

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
export function show(what: ShowWhat, catalog: Catalog, filter?: ShowFilter): Answer {
  // Functions are called in any case.
  const areCalled = what === 'functions' || what === 'user-functions'
  return filtered(
    listed(what, catalog),
    filter && areCalled ? { ...filter, ignoresCase: true } : filter,
  )
}

/** The rows whose first column is like the pattern. INVALID_ARGUMENT if that is no pattern. */
export function filtered(answer: Answer, filter: ShowFilter | undefined): Answer {
  if (filter === undefined) return answer
  const { pattern, negated, ignoresCase } = filter
  const like = compileLike(pattern, '\\', ignoresCase, undefined)
  const matches = (name: string) => {
    const bytes = Buffer.from(name)
    return like.test(bytes, 0, bytes.length)
  }
  const rows = answer.rows.filter(([name]) => matches(String(name)) !== negated)
  return { ...answer, rows }
}

function listed(what: ShowWhat, catalog: Catalog): Answer {
  switch (what) {
    case 'tables':
      return listOf(
        catalog.list('table').flatMap((table) => [table, ...sideEntries(table)]),
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
      return showFunctions([...builtIn(), ...catalog.list('function').map(userFunction)])
    case 'user-functions':
      return showFunctions(catalog.list('function').map(userFunction))
  }
}

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

function builtIn(): string[][] {
  const scalars = FUNCTIONS.filter((f) => !f.internal).map((f) => [
    f.name,
    f.family,
    f.syntax.join('; '),
    f.doc,
  ])
  const aggregates = [...AGGREGATES, ...JSON_AGGREGATES].map((f) => [
    f.name,
    'aggregate',
    f.example,
    f.doc,
  ])
  return [...scalars, ...aggregates]
}

function showFunctions(functions: readonly string[][]): Answer {
  return {
    columns: [column('name'), column('family'), column('syntax'), column('doc')],
    rows: functions.toSorted((a, b) => (a[0] < b[0] ? -1 : 1)),
  }
}

/** DESCRIBE FUNCTION: what SHOW FUNCTIONS says of it. UNKNOWN_FUNCTION. */
export function describeFunction({ text, at }: Name, catalog: Catalog): Answer {
  const user = catalog.findFunction(text, at)
  const all = builtIn()
  const found =
    user === undefined
      ? all.find(([name]) => name.toUpperCase() === text.toUpperCase())
      : userFunction(user)
  if (found !== undefined) return showFunctions([found])
  const names = [...all.map(([name]) => name), ...catalog.list('function').map(({ name }) => name)]
  return fail('UNKNOWN_FUNCTION', `There is no function ${text}`, {
    at,
    hint: didYouMean(text, names),
  })
}

const userFunction = ({ name, definition, temporary }: FunctionEntry): string[] => [
  name,
  'user',
  `${signatureText(definition)} RETURNS ${typeName(definition.returns)}`,
  `${temporary ? 'Temporary; ' : ''}${definition.language === 'sql' ? 'SQL' : 'JavaScript'}.`,
]

/** DESCRIBE: one row per column, and then one per fact about the table as a whole. */
export function describe(
  entry: TabularEntry,
  facts: readonly { readonly name: string; readonly value: string }[] = [],
): Answer {
  const schema: Schema = entry.kind === 'table' ? entry.spec.schema : entry.schema
  const order = entry.kind === 'table' ? declaredColumns(entry.spec) : schema.fields.keys()
  const key = keyOf(entry)
  return {
    columns: [
      column('name'),
      column('type'),
      column('null', BOOLEAN, true),
      column('key', INT, true),
      column('extras', VARCHAR, true),
      column('watermark', VARCHAR, true),
      COMMENT,
    ],
    rows: [
      ...[...order].map((i) => {
        const { name, type, nullable } = schema.fields[i]
        const place = key.includes(i) ? key.indexOf(i) + 1 : null
        const cells = entry.kind === 'table' ? tableCells(entry, i) : [null, null, null]
        return [name, typeName(type), nullable, place, ...cells]
      }),
      ...facts.map(({ name, value }) => [`# ${name}`, value, null, null, null, null, null]),
    ],
  }
}

function keyOf(entry: TabularEntry): readonly number[] {
  if (entry.kind === 'table') return entry.spec.primaryKey ?? []
  return entry.kind === 'materialized-view' ? (entry.key ?? []) : []
}

/** extras, watermark, comment */
function tableCells(table: TableEntry, index: number): Value[] {
  const { spec, columnComments, watermarkText } = table
  return [
    extrasOf(table, index),
    spec.watermark?.column === index ? (watermarkText ?? null) : null,
    columnComments.get(spec.schema.fields[index].name) ?? null,
  ]
}

/** How the column comes about, if it is not in the record. */
function extrasOf({ spec, computedTexts }: TableEntry, index: number): string | null {
  const { name } = spec.schema.fields[index]
  const computed = computedTexts.get(name)
  if (computed !== undefined) return `AS ${computed}`
  if (spec.partitionedBy?.includes(index)) return 'PARTITIONED BY'
  const metadata = allMetadata(spec).find(({ column }) => column === index)
  if (metadata === undefined) return null
  return metadata.key === name ? 'METADATA' : `METADATA FROM '${metadata.key}'`
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
