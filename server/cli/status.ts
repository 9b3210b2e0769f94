/** `millrace status`: is the server there, what runs on it, how far is it. */

import { Command } from 'commander'
import type { JsonValue, ResultColumn, Row } from '../../client/index.ts'
import { type ConnectionOptions, connect, withConnection } from './connection.ts'
import { styleOf } from './style.ts'
import { tableLines } from './table.ts'

export function statusCommand(): Command {
  return withConnection(
    new Command('status')
      .description('show the server, its streams and its continuous queries')
      .option('--json', 'print one JSON document'),
  ).action(runStatus)
}

async function runStatus(options: ConnectionOptions & { json?: boolean }): Promise<void> {
  const client = connect(options)
  const [{ ready }, queries, streams] = await Promise.all([
    client.health(),
    client.listQueries(),
    client.listStreams(),
  ])
  if (options.json) {
    const status = { url: client.url, ready, streams, queries }
    process.stdout.write(`${JSON.stringify(status, null, 2)}\n`)
    return
  }
  const style = styleOf(process.stdout)
  const state = ready ? style('green', '● ready') : style('yellow', '● recovering')
  process.stdout.write(`${state}  ${client.url}\n`)
  section('Streams', streams, STREAM_COLUMNS)
  section('Queries', queries, QUERY_COLUMNS)
}

const column = (name: string, type = 'STRING'): ResultColumn => ({ name, type })

const STREAM_COLUMNS = [
  column('name'),
  column('rows', 'BIGINT'),
  column('watermark', 'TIMESTAMP(3)'),
  column('lagRows', 'BIGINT'),
]
const QUERY_COLUMNS = [
  column('name'),
  column('state'),
  column('watermark', 'TIMESTAMP(3)'),
  column('rowsIn', 'BIGINT'),
  column('rowsOut', 'BIGINT'),
  column('lateRows', 'BIGINT'),
  column('lagRows', 'BIGINT'),
  column('stateRows', 'BIGINT'),
]

function section(
  title: string,
  items: readonly { readonly [name: string]: JsonValue | undefined }[],
  columns: readonly ResultColumn[],
): void {
  const style = styleOf(process.stdout)
  process.stdout.write(`\n${style('bold', title)}\n`)
  if (items.length === 0) {
    process.stdout.write(style('dim', '  none yet\n'))
    return
  }
  const shown = columns.filter(({ name }) => items.some((item) => item[name] !== undefined))
  const width = process.stdout.isTTY ? process.stdout.columns : undefined
  const lines = tableLines(shown, items as readonly Row[], { width, style })
  process.stdout.write(`${lines.join('\n')}\n`)
}
