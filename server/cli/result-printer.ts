/** Prints the result of one statement on stdout: as a table, NDJSON or CSV. In the formats for
 *  programs, messages go to stderr, so that stdout holds rows only. */

import type { SqlResult } from '../../client/index.ts'
import { csvHeader, csvLine } from './csv.ts'
import { styleOf } from './style.ts'
import { tableLines } from './table.ts'

export type ResultFormat = 'table' | 'json' | 'csv'

/** One write per result: a large one is not a thousand system calls. */
export function printResult(result: SqlResult, format: ResultFormat): void {
  if (result.kind === 'ok') {
    const stream = format === 'table' ? process.stdout : process.stderr
    stream.write(`${result.message}\n`)
    const style = styleOf(process.stderr)
    for (const warning of result.warnings ?? []) {
      process.stderr.write(`${style('yellow', 'warning:')} ${warning}\n`)
    }
    return
  }
  process.stdout.write(
    resultLines(result, format)
      .map((line) => `${line}\n`)
      .join(''),
  )
}

function resultLines(result: SqlResult & { kind: 'rows' }, format: ResultFormat): string[] {
  const { columns, rows } = result
  if (format === 'json') return rows.map((row) => JSON.stringify(row))
  if (format === 'csv') return [csvHeader(columns), ...rows.map((row) => csvLine(columns, row))]
  const style = styleOf(process.stdout)
  const width = process.stdout.isTTY ? process.stdout.columns : undefined
  const count = `(${rows.length} ${rows.length === 1 ? 'row' : 'rows'})`
  return [...tableLines(columns, rows, { width, style }), style('dim', count)]
}
