/** The command line as a whole: the list of commands, common behaviour, exit codes. A command loads
 *  what it needs when it runs, so that `--help` is instant. */

import { Command, CommanderError } from 'commander'
import { backupCommand } from './backup.ts'
import { consumeCommand } from './consume.ts'
import { demoCommand } from './demo.ts'
import { EXIT, reportFailure } from './failure.ts'
import { produceCommand } from './produce.ts'
import { restoreCommand } from './restore.ts'
import { serveCommand } from './serve.ts'
import { sqlCommand } from './sql.ts'
import { statusCommand } from './status.ts'
import { tailCommand } from './tail.ts'
import { VERSION } from './version.ts'

const EXAMPLES = `
Examples:
  millrace serve -f init.sql            start a server and run a file of SQL
  millrace sql                          type SQL, see results
  millrace tail hourly                  follow a continuous query
  millrace produce orders orders.csv    append records to a stream
  millrace consume orders --group bill  take records of a stream, each once per group
  millrace demo                         see it work on three million real flights

Exit codes: 0 fine, 1 the command failed, 2 no server answers.`

/** Every command, in the order of the help page. */
const COMMANDS = [
  serveCommand,
  sqlCommand,
  tailCommand,
  produceCommand,
  consumeCommand,
  statusCommand,
  demoCommand,
  backupCommand,
  restoreCommand,
]

/** Runs one command line (`argv` as in process.argv); resolves to the exit code and never
 *  rejects: errors are printed on stderr. */
export async function runProgram(argv: readonly string[]): Promise<number> {
  process.stdout.on('error', endOnClosedPipe)
  const program = new Command('millrace')
    .description('A SQL streaming database over queues: continuous SQL in, live results out.')
    .version(VERSION, '-V, --version')
    .showSuggestionAfterError()
    .configureHelp({ showGlobalOptions: true })
    .addHelpText('after', EXAMPLES)
  for (const command of COMMANDS) program.addCommand(inherit(command()))
  program.exitOverride()
  try {
    await program.parseAsync(argv)
    return typeof process.exitCode === 'number' ? process.exitCode : EXIT.fine
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode
    return reportFailure(error)
  }
}

/** Errors of a sub-command come back to us instead of ending the process. */
const inherit = (command: Command): Command => command.exitOverride().showSuggestionAfterError()

/** `millrace … | head` closes our stdout: that is a normal end. */
function endOnClosedPipe(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') throw error
  process.exit(EXIT.fine)
}
