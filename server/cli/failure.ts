/** How a failed command speaks and which exit code it ends with. */

import { MillraceError } from '../../client/index.ts'
import { SqlError } from '../../engine/base/errors.ts'
import { styleOf } from './style.ts'

export const EXIT = { fine: 0, failed: 1, unreachable: 2 } as const

/** A failure with a message for the user and no stack: bad arguments, an unreadable file. */
export class CliFailure extends Error {
  readonly hint: string | undefined

  constructor(message: string, hint?: string) {
    super(message)
    this.hint = hint
  }
}

/** Prints `error` on stderr, with its place and hint where it has them; returns the exit code. */
export function reportFailure(error: unknown): number {
  process.stderr.write(`${failureLines(error).join('\n')}\n`)
  return error instanceof MillraceError && error.code === 'UNREACHABLE'
    ? EXIT.unreachable
    : EXIT.failed
}

/** The error as lines of text: message and code, the line with a caret, the hint. */
export function failureLines(error: unknown): string[] {
  const style = styleOf(process.stderr)
  const label = style(['bold', 'red'], 'error:')
  const hintOf = (hint: string | undefined) =>
    hint === undefined ? [] : [`${style('cyan', 'hint:')} ${hint}`]
  if (error instanceof MillraceError && error.code === 'UNREACHABLE') {
    const reason = error.hint === undefined ? '' : ` (${error.hint})`
    return [`${label} ${error.message}${reason}`, ...hintOf('start one with `npm start`')]
  }
  if (error instanceof MillraceError || error instanceof SqlError) {
    const code = style('dim', `(${error.code})`)
    const snippet = error instanceof MillraceError ? error.snippet : undefined
    const lines = [`${label} ${error.message} ${code}`]
    if (snippet !== undefined) lines.push(...snippet.split('\n'))
    return [...lines, ...hintOf(error.hint)]
  }
  if (error instanceof CliFailure) return [`${label} ${error.message}`, ...hintOf(error.hint)]
  if (isSystemError(error)) return [`${label} ${error.message}`]
  return [`${label} ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`]
}

/** An error of the operating system, e.g. ENOENT: its message says enough. */
function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && typeof (error as NodeJS.ErrnoException).syscall === 'string'
}
