/** `millrace tail`: follows a continuous query, a materialized view or a SELECT. */

import { Command, InvalidArgumentError, Option } from 'commander'
import type { SubscriptionEvent } from '../../client/index.ts'
import { ChangePrinter } from './change-printer.ts'
import { type ConnectionOptions, connect, withConnection } from './connection.ts'
import { LiveTable } from './live-table.ts'
import { styleOf } from './style.ts'

interface TailOptions extends ConnectionOptions {
  readonly json?: boolean
  readonly after?: string
  readonly snapshot: boolean
  readonly changes?: boolean
  readonly limit?: number
}

/** Shows events; `take` returns how many rows it counted towards --limit. */
export interface EventView {
  take(event: SubscriptionEvent): number
  end(): void
}

export function tailCommand(): Command {
  return withConnection(
    new Command('tail')
      .description('follow the results of a query, a materialized view or a SELECT')
      .argument('<query>', 'name of a query or view, or a SELECT in quotes')
      .addOption(new Option('--json', 'one line of JSON per change').conflicts('changes'))
      .option('--changes', 'list every change, also where a live table could be drawn')
      .option('--after <id>', 'resume behind this event id (see --json)')
      .option('--no-snapshot', 'begin with the next change, not with the rows that are there now')
      .option('--limit <rows>', 'stop after so many changes', positive),
  ).action(runTail)
}

/** The value of an option that counts something. */
export function positive(text: string): number {
  const value = Number(text)
  if (!Number.isSafeInteger(value) || value < 1) {
    throw new InvalidArgumentError('Expected a whole number above 0.')
  }
  return value
}

async function runTail(target: string, options: TailOptions): Promise<void> {
  const client = connect(options)
  const stop = new AbortController()
  const interrupt = () => stop.abort()
  process.once('SIGINT', interrupt)
  process.once('SIGTERM', interrupt)
  const style = styleOf(process.stderr)
  const events = client.subscribe(target, {
    after: options.after,
    snapshot: options.snapshot ? undefined : false,
    from: options.snapshot ? undefined : 'latest',
    signal: stop.signal,
    onReconnect: ({ message, hint }) =>
      process.stderr.write(style('yellow', `reconnecting: ${hint ?? message}\n`)),
  })
  let view: EventView | undefined
  try {
    let left = options.limit ?? Infinity
    for await (const event of events) {
      view ??= viewFor(event, options)
      left -= view.take(event)
      if (event.kind === 'error' && event.error.retry === 'never') throw event.error
      if (left <= 0) break
    }
  } finally {
    view?.end()
    process.off('SIGINT', interrupt)
    process.off('SIGTERM', interrupt)
  }
}

/** Results that change are best seen as the table they are now; a log of rows as a log. */
function viewFor(first: SubscriptionEvent, options: TailOptions): EventView {
  if (options.json) return jsonLines
  const updates = first.kind === 'schema' && !first.appendOnly
  if (updates && process.stdout.isTTY && !options.changes) return new LiveTable()
  return new ChangePrinter()
}

/** One line per change, with the id that `--after` takes. */
const jsonLines: EventView = {
  take(event) {
    if (event.kind !== 'changes' && event.kind !== 'snapshot') return 0
    const lines = event.rows.map(({ op, row }) => JSON.stringify({ op, row, id: event.id }))
    process.stdout.write(lines.map((line) => `${line}\n`).join(''))
    return event.rows.length
  },
  end() {},
}
