/** CREATE TABLE -> what the engine needs to know of a table. */

import { fail, type Span } from '../../engine/base/errors.ts'
import { type Field, schemaOf } from '../../engine/batch/schema.ts'
import { type DataType, isTimestamp, sameType, typeName } from '../../engine/batch/types.ts'
import { coerce } from '../../engine/expr/coerce.ts'
import { isNullable } from '../../engine/expr/facts.ts'
import { inZone } from '../../engine/expr/in-zone.ts'
import type { Expr } from '../../engine/expr/ir.ts'
import { isChangelogFormat } from '../../engine/format/changelog-formats.ts'
import { type ConnectorSpec, lookupOf, sourceOf } from '../../engine/source/connector-spec.ts'
import {
  checkFormat,
  constantMetadata,
  metadataOfFormat,
} from '../../engine/source/format-options.ts'
import {
  allMetadata,
  type MetadataColumn,
  type TableSpec,
  type WatermarkSpec,
} from '../../engine/source/table.ts'
import { checkMessageSchema } from '../../engine/source/table-decoder.ts'
import type { ColumnDefinition, Expression, Name, Statement } from '../ast.ts'
import type { TableEntry } from '../catalog/entry.ts'
import { type ConnectorCatalog, EMBEDDED_CONNECTORS, readOptions } from '../catalog/options.ts'
import { substitute } from '../logical/substitute.ts'
import { withoutPlace } from '../logical/visit.ts'
import { DEFAULT_SESSION, type Session } from '../session.ts'
import { bindExpression } from './bind-expression.ts'
import { bindKey } from './bind-key.ts'
import { bindPartitions } from './bind-partitions.ts'
import { columnExpr, Scope } from './scope.ts'

export type CreateTable = Extract<Statement, { kind: 'create-table' }>

/** The catalog's entry for a CREATE TABLE, under the given id. Columns are ordered stored first,
 *  then computed. DUPLICATE_NAME, UNKNOWN_COLUMN, TYPE_MISMATCH, UNKNOWN_OPTION, INVALID_OPTION,
 *  UNSUPPORTED (a key that the connector does not know, unknown metadata). */
export function bindTable(
  statement: CreateTable,
  id: string,
  connectors: ConnectorCatalog = EMBEDDED_CONNECTORS,
  session: Session = DEFAULT_SESSION,
): TableEntry {
  refuseDuplicates(statement.columns)
  const { connector, values } = readOptions(statement.options, connectors, statement.name.at)
  const connectorSpec = connectors.get(connector)
  const source = connectorSpec && sourceOf(connectorSpec, values)
  const found = storedFields(statement, connectorSpec, values)
  const { stored, formatMetadata } = found
  const known = [...found.metadata, ...formatMetadata]
  const partitions = bindPartitions(statement, stored, known, connectorSpec)
  const metadata = [...found.metadata, ...partitions]
  const lookup = connectorSpec && lookupOf(connectorSpec, values)
  const isChanging = isChangelogFormat(values.format)
  const keyed = connectorSpec?.keyed === true || lookup !== undefined || isChanging
  const primaryKey = bindKey(
    statement,
    stored,
    [...metadata, ...formatMetadata],
    connectorSpec && { ...connectorSpec, keyed },
  )
  for (const key of primaryKey ?? []) stored[key] = { ...stored[key], nullable: false }
  const { fields, exprs } = computedColumns(statement, stored, session.timeZone)
  const spec: TableSpec = {
    id,
    name: statement.name.text,
    schema: schemaOf(fields),
    declared: declaredOrder(statement),
    storedCount: stored.length,
    computed: exprs,
    metadata: metadata.length === 0 ? undefined : metadata,
    formatMetadata: formatMetadata.length === 0 ? undefined : formatMetadata,
    lookup: lookup?.keys,
    writeOnly: source === undefined ? true : undefined,
    connector,
    intake: source?.replay === 'log' ? true : undefined,
    options: values,
    watermark: bindWatermark(statement, fields, session.timeZone, values),
    primaryKey,
    partitionedBy: partitions.length === 0 ? undefined : partitions.map(({ column }) => column),
    changelog: primaryKey === undefined && isChanging ? true : undefined,
  }
  refuseOtherMetadata(spec, statement.name.at)
  checkFormat(spec)
  connectorSpec?.check?.(spec)
  checkMessageSchema(spec)
  return {
    kind: 'table',
    id,
    name: spec.name,
    sql: statement.text,
    dependsOn: [],
    session,
    spec,
    comment: statement.comment,
    temporary: statement.temporary,
    columnComments: textsOf(statement, ({ comment }) => comment),
    computedTexts: textsOf(statement, ({ computedText }) => computedText),
    watermarkText: statement.watermark?.text,
  }
}

/** By column name; columns without one are left out. */
const textsOf = (
  { columns }: CreateTable,
  textOf: (column: ColumnDefinition) => string | undefined,
): Map<string, string> =>
  new Map(
    columns.flatMap((column) => {
      const text = textOf(column)
      return text === undefined ? [] : [[column.name.text, text]]
    }),
  )

/** Undefined if the columns that are stored stand before the computed ones anyway. */
function declaredOrder({ columns }: CreateTable): readonly number[] | undefined {
  const storedCount = columns.filter(({ computed }) => computed === undefined).length
  let [stored, computed] = [0, storedCount]
  const order = columns.map((column) => (column.computed === undefined ? stored++ : computed++))
  return order.every((column, i) => column === i) ? undefined : order
}

function refuseDuplicates(columns: readonly ColumnDefinition[]): void {
  const seen = new Set<string>()
  for (const { name } of columns) {
    if (seen.has(name.text)) {
      fail('DUPLICATE_NAME', `The column ${name.text} is defined twice`, { at: name.at })
    }
    seen.add(name.text)
  }
}

/** UNSUPPORTED for metadata where a change must equal the row that it takes back. */
function refuseOtherMetadata(table: TableSpec, at: Span): void {
  if (table.changelog !== true) return
  const { name, options } = table
  const constant = constantMetadata(options.format)
  const other = allMetadata(table).find(({ key }) => !constant.includes(key))
  if (other === undefined) return
  fail('UNSUPPORTED', `${name} brings changes and has no PRIMARY KEY: it cannot have METADATA`, {
    at,
    hint: `A change has another ${other.key} than the row that it takes back. Declare a key.`,
  })
}

/** The columns that are not computed, and which of them are metadata: the connector's or the
 *  format's. */
function storedFields(
  { columns, name }: CreateTable,
  connector: ConnectorSpec | undefined,
  options: TableSpec['options'],
) {
  const stored: Field[] = []
  const metadata: MetadataColumn[] = []
  const formatMetadata: MetadataColumn[] = []
  // The embedded queue keeps the rows of events, and nothing else of them.
  const ofFormat = connector?.name === 'log' ? {} : metadataOfFormat(options.format)
  for (const column of columns) {
    if (column.computed !== undefined || column.type === undefined) continue
    if (column.metadata !== undefined) {
      const virtual = column.metadata.virtual ? { virtual: true } : {}
      const known = { ...ofFormat, ...connector?.metadata }
      const key = metadataKey(column, connector?.name, known)
      const isWritable = !column.metadata.virtual && connector?.writableMetadata?.includes(key)
      const writable = isWritable ? { writable: true } : {}
      const own = Object.hasOwn(connector?.metadata ?? {}, key) ? metadata : formatMetadata
      own.push({ column: stored.length, key, ...virtual, ...writable })
    }
    stored.push({ name: column.name.text, type: column.type, nullable: !column.notNull })
  }
  if (stored.length === metadata.length + formatMetadata.length) {
    fail('INVALID_ARGUMENT', `The table ${name.text} needs a column that is stored`, {
      at: name.at,
    })
  }
  return { stored, metadata, formatMetadata }
}

/** UNSUPPORTED if it is not known, TYPE_MISMATCH. */
function metadataKey(
  { name, type, metadata, at }: ColumnDefinition,
  connector: string | undefined,
  known: Readonly<Record<string, DataType>>,
): string {
  const key = metadata?.from ?? name.text
  if (!Object.hasOwn(known, key)) {
    const keys = Object.keys(known)
    fail('UNSUPPORTED', `The ${connector} connector has no metadata '${key}'`, {
      at,
      hint: keys.length === 0 ? 'It has no metadata at all.' : `It has ${keys.join(', ')}.`,
    })
  }
  if (type === undefined || !sameType(type, known[key])) {
    fail('TYPE_MISMATCH', `The metadata '${key}' is ${typeName(known[key])}`, {
      at,
      hint: 'Declare the column with this type; a computed column can convert it.',
    })
  }
  return key
}

/** All fields, and one expression per computed column. They may use the stored columns and the
 *  computed ones before them; those are put in place, so that all are over stored columns only. */
function computedColumns({ columns }: CreateTable, stored: readonly Field[], timeZone: string) {
  const fields = [...stored]
  const exprs: Expr[] = []
  const inline = (index: number): Expr =>
    index < stored.length ? columnExpr(schemaOf(stored), index) : exprs[index - stored.length]
  for (const { name, computed } of columns) {
    if (computed === undefined) continue
    const given = bindOver(computed, fields, `The column ${name.text}`)
    const bound = withoutPlace(inZone(given, timeZone))
    if (bound.type.kind === 'null') {
      fail('TYPE_MISMATCH', `The column ${name.text} has no type`, {
        at: computed.at,
        hint: 'CAST the NULL to a type.',
      })
    }
    fields.push({ name: name.text, type: bound.type, nullable: isNullable(bound) })
    exprs.push(substitute(bound, inline))
  }
  return { fields, exprs }
}

function bindOver(value: Expression, fields: readonly Field[], clause: string): Expr {
  const schema = schemaOf(fields)
  return bindExpression(value, { scope: Scope.of(schema), schema, clause })
}

function bindWatermark(
  { watermark, name }: CreateTable,
  fields: readonly Field[],
  timeZone: string,
  options: TableSpec['options'],
): WatermarkSpec | undefined {
  const latenessMs = Number(options['late-rows.allowed-lateness'] ?? 0)
  if (watermark === undefined) {
    if (latenessMs === 0) return undefined
    return fail('INVALID_OPTION', `'late-rows.allowed-lateness' needs a WATERMARK in the table`, {
      at: name.at,
      hint: 'Without one no row is late.',
    })
  }
  const column = timeColumn(watermark.column, fields)
  const { name: timeName, type } = fields[column]
  const bound = bindOver(watermark.value, fields, 'WATERMARK')
  const expr = coerce(bound, type)
  if (expr === undefined) {
    return mismatch(
      `The watermark of ${timeName} is a ${typeName(type)}`,
      bound,
      watermark.value.at,
    )
  }
  return {
    ...{ column, expr: withoutPlace(inZone(expr, timeZone)) },
    idleTimeoutMs: Number(options['scan.watermark.idle-timeout']),
    latenessMs: latenessMs === 0 ? undefined : latenessMs,
  }
}

function timeColumn(name: Name, fields: readonly Field[]): number {
  const { index } = Scope.of(schemaOf(fields)).resolve([name])
  const { type } = fields[index]
  if (isTimestamp(type)) return index
  return fail('TYPE_MISMATCH', `WATERMARK is for a timestamp; ${name.text} is ${typeName(type)}`, {
    at: name.at,
    hint: 'A computed column can make a timestamp of it: ts AS TO_TIMESTAMP(…).',
  })
}

function mismatch(wanted: string, { type }: Expr, at: Span): never {
  fail('TYPE_MISMATCH', `${wanted}, not ${typeName(type)}`, {
    at,
    hint: "For example ts - INTERVAL '5' SECOND.",
  })
}
