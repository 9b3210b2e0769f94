/** `millrace sql`: statements from the command line, a file, a pipe, or typed in. */

import { readFileSync } from 'node:fs'
import { text as readText } from 'node:stream/consumers'
import { Command, Option } from 'commander'
import { type ConnectionOptions, connect, withConnection } from './connection.ts'
import { CliFailure } from './failure.ts'
import type { ResultFormat } from './result-printer.ts'

interface SqlOptions extends ConnectionOptions {
  readonly execute?: readonly string[]
  readonly file?: string
  readonly json?: boolean
  readonly csv?: boolean
}

export function sqlCommand(): Command {
  return withConnection(
    new Command('sql')
      .description('run SQL: -e, -f, from a pipe, or typed in with history and tables')
      .option('-e, --execute <statement>', 'run this text and exit (may be repeated)', collect)
      .option('-f, --file <file>', 'run the statements of a file (- for stdin) and exit')
      .addOption(new Option('--json', 'print rows as NDJSON').conflicts('csv'))
      .option('--csv', 'print rows as CSV'),
  ).action(runSql)
}

const collect = (value: string, before: readonly string[] = []): readonly string[] => [
  ...before,
  value,
]

async function runSql(options: SqlOptions): Promise<void> {
  const client = connect(options)
  const format: ResultFormat = options.json ? 'json' : options.csv ? 'csv' : 'table'
  const { runScript } = await import('./run-script.ts')
  const scripts = await scriptsOf(options)
  if (scripts !== undefined) {
    for (const script of scripts) await runScript(client, script, { format })
    return
  }
  const { runRepl } = await import('./repl.ts')
  await runRepl(client, format)
}

/** The texts to run; undefined: nobody gave any, and a person sits at the terminal. */
async function scriptsOf({ execute, file }: SqlOptions): Promise<readonly string[] | undefined> {
  if (execute !== undefined && file !== undefined) {
    throw new CliFailure('-e and -f cannot be used together')
  }
  if (execute !== undefined) return execute
  if (file !== undefined && file !== '-') return [readFileSync(file, 'utf8')]
  if (file === '-' || !process.stdin.isTTY) return [await readText(process.stdin)]
  return undefined
}
