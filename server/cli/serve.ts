/** `millrace serve`: runs a server until it is told to stop. */

import { readFileSync } from 'node:fs'
import { Command, InvalidArgumentError, Option } from 'commander'
import { MillraceClient } from '../../client/index.ts'
import { EXIT, failureLines } from './failure.ts'
import { styleOf } from './style.ts'

interface ServeOptions {
  readonly port?: number
  readonly host?: string
  readonly data?: string
  readonly token?: string
  readonly logLevel?: string
  readonly checkpointInterval?: number
  readonly durability?: string
  readonly file?: string
}

/** A stop that takes longer is forced: something hangs. */
const STOP_MS_MAX = 10_000
const LINGER_MS = 200

export function serveCommand(): Command {
  return new Command('serve')
    .description('run a server')
    .addOption(
      new Option('-p, --port <port>', 'port, 0 for any free one (7070)')
        .env('MILLRACE_PORT')
        .argParser(wholeNumber),
    )
    .addOption(new Option('--host <address>', 'address (127.0.0.1)').env('MILLRACE_HOST'))
    .addOption(new Option('-d, --data <folder>', 'data folder (./data)').env('MILLRACE_DATA'))
    .addOption(new Option('--token <token>', 'clients must send it').env('MILLRACE_TOKEN'))
    .addOption(
      new Option('--log-level <level>', 'log on stderr (warn)')
        .choices(['silent', 'error', 'warn', 'info', 'debug', 'trace'])
        .env('MILLRACE_LOG_LEVEL'),
    )
    .addOption(
      new Option('--checkpoint-interval <ms>', 'milliseconds between checkpoints (5000)')
        .env('MILLRACE_CHECKPOINT_INTERVAL_MS')
        .argParser(wholeNumber),
    )
    .addOption(
      new Option('--durability <level>', 'when records are on the disk (sync)')
        .choices(['sync', 'interval', 'off'])
        .env('MILLRACE_DURABILITY'),
    )
    .addOption(
      new Option('-f, --file <file>', 'run this SQL file once the server is up').env(
        'MILLRACE_FILE',
      ),
    )
    .action(runServe)
}

function wholeNumber(text: string): number {
  if (/^\d+$/.test(text)) return Number(text)
  throw new InvalidArgumentError('Expected a whole number.')
}

async function runServe(options: ServeOptions): Promise<void> {
  // Read first: a missing file should not leave a server running.
  const script = options.file === undefined ? undefined : readFileSync(options.file, 'utf8')
  const { startServer } = await import('../main.ts')
  const { readConfig } = await import('../config.ts')
  const server = await startServer(readConfig(settingsOf(options), process.env))
  const stopped = stopOnSignal(() => server.close())
  try {
    if (script !== undefined) await runInit(server.url, script, options.token)
    process.stdout.write(`${readyLine(server.url, options.data)}\n`)
  } catch (error) {
    await server.close()
    throw error
  }
  process.exitCode = await stopped
}

function settingsOf(options: ServeOptions) {
  const { port, host, data, token, logLevel, checkpointInterval, durability } = options
  return {
    port,
    host,
    token,
    dataFolder: data,
    logLevel: logLevel as 'warn' | undefined,
    checkpointIntervalMs: checkpointInterval,
    durability: durability as 'sync' | undefined,
  }
}

/** Statements go in one by one, so that the place of an error is known; they must be repeatable
 *  (IF NOT EXISTS), as the file runs at every start. */
async function runInit(url: string, script: string, token: string | undefined): Promise<void> {
  const { runScript } = await import('./run-script.ts')
  await runScript(new MillraceClient({ url, token }), script, { format: 'csv' })
}

function readyLine(url: string, data = './data'): string {
  const style = styleOf(process.stdout)
  return `${style('bold', 'Millrace')} is ready at ${style('cyan', url)} (data in ${data})`
}

/** Resolves to the exit code once a signal has stopped the server. A second signal ends at once. */
function stopOnSignal(close: () => Promise<void>): Promise<number> {
  return new Promise((resolve) => {
    let stopping = false
    const stop = () => {
      if (stopping) process.exit(EXIT.failed)
      stopping = true
      setTimeout(() => process.exit(EXIT.failed), STOP_MS_MAX).unref()
      close().then(
        () => {
          // A connection to someone who does not answer would keep the process.
          setTimeout(() => process.exit(EXIT.fine), LINGER_MS).unref()
          resolve(EXIT.fine)
        },
        (error) => {
          process.stderr.write(`${failureLines(error).join('\n')}\n`)
          resolve(EXIT.failed)
        },
      )
    }
    process.on('SIGINT', stop)
    process.on('SIGTERM', stop)
  })
}
