/** ALTER TABLE: the table as it is to be, and the numbers of its columns, by which rows are read
 *  that were stored before. Refuses what its stored rows, or what runs over it, cannot follow. */

import { asSqlError, fail, type Span, SqlError } from '../engine/base/errors.ts'
import { sameType, typeName } from '../engine/batch/types.ts'
import { columnIds, type TableLayout } from '../engine/source/layout.ts'
import { STREAM_KEEPING_OPTIONS } from '../engine/source/log-options.ts'
import { allMetadata, recordColumns, type TableSpec } from '../engine/source/table.ts'
import { type Altered, alteredTable, ELSEWHERE, type TableAction } from './alter-table.ts'
import { bindTable } from './bind/bind-table.ts'
import { withUserFunctions } from './bind/user-functions.ts'
import { kindText, type TableEntry } from './catalog/entry.ts'
import { type Redefined, redefine, runningReadersOf, type Surroundings } from './define-altered.ts'

/** The table, then what reads it. What `alteredTable`, `bindTable` and `redefine` raise;
 *  UNSUPPORTED for what stored rows cannot follow; IN_USE. */
export function defineAlteredTable(
  before: TableEntry,
  action: TableAction,
  around: Surroundings,
  at: Span,
): Redefined[] {
  const culprit = culpritOf(action) ?? at
  const altered = alteredTable(before, action)
  const bound = bind(before, altered, around, culprit)
  const after = withLayout(before, bound, altered)
  refuseOtherRows(before, after, culprit)
  refuseOtherReading(before, after, around, culprit)
  return redefine(after, around, culprit)
}

function culpritOf(action: TableAction): Span | undefined {
  switch (action.kind) {
    case 'set':
      return action.options[0]?.at
    case 'reset':
      return action.keys[0]?.at
    case 'rename-column':
      return action.from.at
    case 'drop-columns':
      return action.columns[0].at
    default:
      return action.at
  }
}

/** An error about what the table had before stands at the action. */
function bind(
  before: TableEntry,
  { statement }: Altered,
  { catalog, connectors }: Surroundings,
  at: Span,
): TableEntry {
  const dependsOn = new Set<string>()
  try {
    const entry = withUserFunctions(statement, { catalog, dependsOn }, (found) =>
      bindTable(found, before.id, connectors, before.session),
    )
    return { ...entry, name: before.name, dependsOn: [...dependsOn] }
  } catch (thrown) {
    const error = asSqlError(thrown)
    if (error.at !== undefined && error.at.offset < ELSEWHERE) throw error
    const { code, message, hint, details } = error
    throw new SqlError(code, message, { at, hint, details, cause: thrown })
  }
}

/** A column keeps its number if it is the same one, under whatever name. */
function withLayout(before: TableEntry, after: TableEntry, { renamed }: Altered): TableEntry {
  const oldIds = columnIds(before.spec)
  const layout = before.spec.layout
  let nextId = layout?.nextId ?? oldIds.length
  const ids = after.spec.schema.fields.map(({ name }, column) => {
    const old = before.spec.schema.fields.findIndex(
      (field) => field.name === (renamed.get(name) ?? name),
    )
    return old >= 0 && isSame(before, old, after, column) ? oldIds[old] : nextId++
  })
  if (ids.length === oldIds.length && ids.every((id, i) => id === oldIds[i])) {
    return { ...after, spec: { ...after.spec, layout } }
  }
  const { first, record } = layout ?? firstOf(before.spec)
  return { ...after, spec: { ...after.spec, layout: { ids, nextId, first, record } } }
}

function firstOf({ schema, ...spec }: TableSpec): Pick<TableLayout, 'first' | 'record'> {
  const first = { ids: [...schema.fields.keys()], types: schema.fields.map(({ type }) => type) }
  return { first, record: recordColumns({ schema, ...spec }) }
}

/** What a column's values come from. */
function originOf({ spec, computedTexts }: TableEntry, column: number): string {
  const { name } = spec.schema.fields[column]
  if (column >= spec.storedCount) return `computed ${computedTexts.get(name)}`
  const metadata = allMetadata(spec).find((of) => of.column === column)
  return metadata === undefined ? 'stored' : `metadata ${metadata.key}`
}

const isSame = (before: TableEntry, old: number, after: TableEntry, column: number): boolean =>
  originOf(before, old) === originOf(after, column) &&
  sameType(before.spec.schema.fields[old].type, after.spec.schema.fields[column].type)

const NEW_TABLE = 'Create a new table and INSERT INTO it from this one.'

/** What rows that are stored already cannot follow. */
function refuseOtherRows(before: TableEntry, after: TableEntry, at: Span): void {
  const refuse = (what: string, hint = NEW_TABLE): never => fail('UNSUPPORTED', what, { at, hint })
  const { name } = before
  if (before.spec.connector !== after.spec.connector) {
    refuse(`The connector of ${name} cannot be changed`)
  }
  if (before.spec.intake) refuseOtherMetadata(before.spec, after.spec, refuse)
  if (before.spec.connector !== 'log') return
  for (const key of ['splits', 'format']) {
    if (before.spec.options[key] !== after.spec.options[key]) {
      refuse(`The option '${key}' of a stream cannot be changed: its records are there`)
    }
  }
  refuseOtherKey(before.spec, after.spec, refuse)
  refuseOtherColumns(before, after, refuse)
}

type Refuse = (what: string, hint?: string) => never

function refuseOtherMetadata(before: TableSpec, after: TableSpec, refuse: Refuse): void {
  const keysOf = ({ metadata = [] }: TableSpec) => metadata.map(({ key }) => key).join(' ')
  if (keysOf(before) === keysOf(after)) return
  refuse('METADATA columns of this connector cannot be changed: its messages are stored with them')
}

function refuseOtherKey(before: TableSpec, after: TableSpec, refuse: Refuse): void {
  const keyOf = ({ primaryKey, ...spec }: TableSpec) =>
    primaryKey?.map((column) => columnIds({ primaryKey, ...spec })[column]).join(' ')
  if (keyOf(before) === keyOf(after)) return
  if (before.primaryKey !== undefined) {
    refuse(`The rows of ${before.name} are stored by its PRIMARY KEY, which cannot be changed`)
  }
  if (before.changelog === true) {
    refuse(`${before.name} is a stream of changes, which has no PRIMARY KEY`)
  }
  if (Number(before.options.splits ?? 1) > 1) {
    refuse(
      `The rows of ${before.name} lie in splits without regard to a key`,
      'A table whose rows replace each other needs one split, or the key from the start.',
    )
  }
}

function refuseOtherColumns(before: TableEntry, after: TableEntry, refuse: Refuse): void {
  const oldIds = columnIds(before.spec)
  const ids = columnIds(after.spec)
  const { fields } = before.spec.schema
  const record = recordColumns(after.spec)
  for (const column of record) {
    const { name, type, nullable } = after.spec.schema.fields[column]
    const old = oldIds.indexOf(ids[column])
    const same = fields.find((field) => field.name === name)
    if (old < 0 && same !== undefined && !sameType(same.type, type)) {
      refuse(
        `The records of ${before.name} hold ${name} as ${typeName(same.type)}`,
        'Add a column of another name, or a computed one that converts it.',
      )
    }
    if (!nullable && (old < 0 || fields[old].nullable)) {
      refuse(
        `${name} is NULL in the records that are there, so it cannot be NOT NULL`,
        'Leave NOT NULL out.',
      )
    }
  }
  const changed = recordColumns(before.spec).map((column) => oldIds[column])
  const isSameRecord = String(changed) === String(record.map((column) => ids[column]))
  const { changelog, options } = before.spec
  if (!isSameRecord && changelog === true && Number(options.splits ?? 1) > 1) {
    refuse(`${before.name} places each change by all its columns, so they cannot be changed`)
  }
}

/** How rows are read (watermark, key, options) cannot change below what runs: a replay would read
 *  them otherwise than they were read. */
function refuseOtherReading(
  before: TableEntry,
  after: TableEntry,
  { catalog }: Surroundings,
  at: Span,
): void {
  if (readingOf(before) === readingOf(after)) return
  const users = runningReadersOf(before.id, catalog)
  if (users.length === 0) return
  const list = users.map(({ kind, name }) => `${kindText(kind)} ${name}`).join(', ')
  const [verb, they] = users.length === 1 ? ['reads', 'it'] : ['read', 'them']
  fail('IN_USE', `How ${before.name} is read cannot change while ${list} ${verb} it`, {
    at,
    hint: `Drop ${they} first, and create ${they} again afterwards.`,
    details: { dependents: users.map(({ name }) => name) },
  })
}

function readingOf({ spec, watermarkText }: TableEntry): string {
  const { watermark, primaryKey, changelog, options } = spec
  const ids = columnIds(spec)
  const own = Object.entries(options).filter(([key]) => !Object.hasOwn(STREAM_KEEPING_OPTIONS, key))
  return JSON.stringify([
    watermark && { ...watermark, expr: watermarkText, column: ids[watermark.column] },
    primaryKey?.map((column) => ids[column]),
    changelog,
    own.sort(),
  ])
}
