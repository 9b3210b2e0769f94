/** CREATE TABLE … LIKE: the statement with everything that the other table has and it does not say
 *  itself. It is written out as text, so that the new table no longer depends on the other one. */

import { asSqlError, fail, type Span, SqlError } from '../../engine/base/errors.ts'
import type { Statement } from '../ast.ts'
import type { Catalog } from '../catalog/catalog.ts'
import type { TableEntry } from '../catalog/entry.ts'
import { parseStatements } from '../parse/index.ts'
import type { CreateTable } from './bind-table.ts'

/** The table of a CREATE TABLE … LIKE, by the way that a whole statement is bound. UNKNOWN_TABLE if
 *  there is no such table; what the whole statement is refused for, at the name behind LIKE. */
export function bindLike(
  statement: CreateTable,
  catalog: Catalog,
  bind: (whole: CreateTable) => TableEntry,
): TableEntry {
  const { like } = statement
  if (like === undefined) return bind(statement)
  const other = catalog.expect('table', like)
  try {
    return bind(parsed(wholeText(statement, other.sql)).statement)
  } catch (error) {
    const { code, message, hint } = asSqlError(error)
    throw new SqlError(code, `With LIKE ${like.text}: ${message}`, {
      at: like.at,
      hint,
      cause: error,
    })
  }
}

function wholeText(statement: CreateTable, otherText: string): string {
  const other = parsed(otherText)
  const own = parsed(statement.text)
  const parts = [
    ...columnsOf(other),
    ...columnsOf(own),
    ...keyOf(own.statement.primaryKey ? own : other),
    ...watermarkOf(own.statement.watermark ? own : other),
  ]
  const head = `CREATE TABLE ${quoted(statement.name.text)} (\n  ${parts.join(',\n  ')}\n)`
  return `${head}${commentOf(own, other)}${optionsOf(own, other)}`
}

interface Parsed {
  readonly text: string
  readonly statement: CreateTable
}

function parsed(text: string): Parsed {
  const [statement]: readonly Statement[] = parseStatements(text)
  if (statement?.kind === 'create-table') return { text, statement }
  return fail('INTERNAL', 'the text of a table is no CREATE TABLE')
}

const slice = ({ text }: Parsed, { offset, length }: Span): string =>
  text.slice(offset, offset + length)

const columnsOf = (part: Parsed): string[] =>
  part.statement.columns.map(({ at }) => slice(part, at))

const keyOf = ({ statement: { primaryKey } }: Parsed): string[] =>
  primaryKey === undefined
    ? []
    : [`PRIMARY KEY (${primaryKey.map(({ text }) => quoted(text)).join(', ')}) NOT ENFORCED`]

const watermarkOf = (part: Parsed): string[] => {
  const { watermark } = part.statement
  return watermark === undefined ? [] : [slice(part, watermark.at)]
}

function commentOf(own: Parsed, other: Parsed): string {
  const comment = own.statement.comment ?? other.statement.comment
  return comment === undefined ? '' : ` COMMENT ${textLiteral(comment)}`
}

/** Its own options win. */
function optionsOf(own: Parsed, other: Parsed): string {
  const all = new Map(
    [...other.statement.options, ...own.statement.options].map(({ key, value }) => [
      key.text,
      value,
    ]),
  )
  if (all.size === 0) return ''
  const pairs = [...all].map(([key, value]) => `${textLiteral(key)} = ${textLiteral(value)}`)
  return ` WITH (${pairs.join(', ')})`
}

const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`
const textLiteral = (text: string): string => `'${text.replaceAll("'", "''")}'`
