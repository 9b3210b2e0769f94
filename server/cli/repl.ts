/** The interactive SQL prompt: statements over several lines until `;`, history, `\` commands. */

import { appendFileSync, mkdirSync, readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import { createInterface, type Interface } from 'node:readline'
import type { MillraceClient, MillraceError } from '../../client/index.ts'
import { failureLines } from './failure.ts'
import { printObjects } from './object-list.ts'
import type { ResultFormat } from './result-printer.ts'
import { runScript } from './run-script.ts'
import { splitStatements } from './statement-splitter.ts'
import { styleOf } from './style.ts'
import { VERSION } from './version.ts'

const PROMPT = 'millrace> '
const MORE_PROMPT = '      ... '
const HISTORY_SIZE = 1000

const HELP = `\
  statement;          run SQL; it may go over several lines
  \\d                  list tables, views and queries
  \\d NAME             describe one
  \\timing             show or hide how long statements take
  \\?                  this help
  \\q, Ctrl-D          leave
  Ctrl-C              drop what is typed, or stop what is running`

const historyFile = (): string =>
  process.env.MILLRACE_HISTORY ?? join(homedir(), '.millrace', 'history')

/** Reads and runs statements until the user leaves. Errors are shown; they do not end it. */
export async function runRepl(client: MillraceClient, format: ResultFormat): Promise<void> {
  const style = styleOf(process.stdout)
  const { ready } = await client.health()
  process.stdout.write(
    `${style('bold', 'Millrace')} ${VERSION} at ${client.url}${ready ? '' : ' (recovering)'}\n` +
      `${style('dim', 'End a statement with ; and type \\? for help.')}\n\n`,
  )
  await new Repl(client, format).run()
}

class Repl {
  readonly #client: MillraceClient
  readonly #format: ResultFormat
  readonly #input: Interface
  #typed = ''
  #timing = true
  #running: AbortController | undefined
  /** Whole statements, oldest first. */
  #entries: string[]
  /** readline's own list, newest first. */
  #readlineHistory: string[] = []

  constructor(client: MillraceClient, format: ResultFormat) {
    this.#client = client
    this.#format = format
    this.#entries = loadHistory()
    this.#input = createInterface({
      input: process.stdin,
      output: process.stdout,
      prompt: PROMPT,
      history: [...this.#entries].reverse(),
      historySize: HISTORY_SIZE,
    })
    // readline keeps every typed line; we keep whole statements instead.
    this.#input.on('history', (lines: string[]) => {
      this.#readlineHistory = lines
      this.#showHistory()
    })
    this.#input.on('SIGINT', () => this.#interrupt())
  }

  async run(): Promise<void> {
    this.#input.prompt()
    for await (const line of this.#input) {
      if (!(await this.#take(line))) break
      this.#input.setPrompt(this.#typed === '' ? PROMPT : MORE_PROMPT)
      this.#input.prompt()
    }
    this.#input.close()
  }

  /** False: the user wants to leave. */
  async #take(line: string): Promise<boolean> {
    if (this.#typed === '' && line.trim().startsWith('\\')) return this.#command(line.trim())
    this.#typed += this.#typed === '' ? line : `\n${line}`
    if (this.#typed.trim() === '') this.#typed = ''
    const { statements, rest } = splitStatements(this.#typed)
    if (statements.length === 0 || rest !== '') return true
    const text = this.#typed
    this.#typed = ''
    this.#remember(text)
    await this.#execute(text)
    return true
  }

  async #command(line: string): Promise<boolean> {
    const [name, argument] = line.split(/\s+/, 2)
    this.#remember(line)
    if (name === '\\q') return false
    if (name === '\\?') process.stdout.write(`${HELP}\n`)
    else if (name === '\\timing') {
      this.#timing = !this.#timing
      process.stdout.write(`Timing is ${this.#timing ? 'on' : 'off'}.\n`)
    } else if (name === '\\d' && argument) {
      await this.#execute(`DESCRIBE ${argument.replace(/;$/, '')}`)
    } else if (name === '\\d') {
      await this.#guarded((signal) => printObjects(this.#client, signal))
    } else process.stdout.write(`No command ${name}; \\? lists them.\n`)
    return true
  }

  #execute(text: string): Promise<void> {
    const format = this.#format
    return this.#guarded((signal) => {
      const ask = (error: MillraceError) => this.#ask(error, signal)
      return runScript(this.#client, text, { format, signal, ask })
    })
  }

  /** Shows what would be lost, and asks. */
  async #ask(error: MillraceError, signal: AbortSignal): Promise<boolean> {
    process.stdout.write(`${[error.message, ...lossLines(error)].join('\n')}\n`)
    const answer = await new Promise<string>((resolve, reject) => {
      signal.addEventListener('abort', () => reject(error), { once: true })
      this.#input.question('Go on? [y/N] ', { signal }, resolve)
    })
    return /^y(es)?$/i.test(answer.trim())
  }

  /** Ctrl-C stops it; an error is shown. */
  async #guarded(action: (signal: AbortSignal) => Promise<void>): Promise<void> {
    const style = styleOf(process.stdout)
    this.#running = new AbortController()
    const { signal } = this.#running
    const startMs = performance.now()
    try {
      await action(signal)
      const tookMs = performance.now() - startMs
      if (this.#timing) process.stdout.write(`${style('dim', `Time: ${tookMs.toFixed(1)} ms`)}\n`)
    } catch (error) {
      const lines = signal.aborted ? ['Stopped.'] : failureLines(error)
      process.stdout.write(`${lines.join('\n')}\n`)
    } finally {
      this.#running = undefined
    }
    process.stdout.write('\n')
  }

  #interrupt(): void {
    if (this.#running !== undefined) {
      this.#running.abort()
      return
    }
    this.#typed = ''
    process.stdout.write('^C\n')
    this.#input.setPrompt(PROMPT)
    // Drops the half-typed line: Ctrl-E to its end, Ctrl-U back to its start.
    this.#input.write(null, { ctrl: true, name: 'e' })
    this.#input.write(null, { ctrl: true, name: 'u' })
    this.#input.prompt()
  }

  #remember(text: string): void {
    const entry = text.trim().replace(/\s*\n\s*/g, ' ')
    if (entry === '' || entry === this.#entries.at(-1)) return
    this.#entries = [...this.#entries, entry].slice(-HISTORY_SIZE)
    this.#showHistory()
    saveHistory(entry)
  }

  #showHistory(): void {
    this.#readlineHistory.splice(0, Infinity, ...[...this.#entries].reverse())
  }
}

/** A line for each operator of the query: what becomes of its state. */
function lossLines({ details }: MillraceError): string[] {
  const operators = (details?.operators ?? []) as readonly Readonly<Record<string, unknown>>[]
  return operators.map(({ fate, operator, rows }) => {
    const size = fate === 'new' ? '' : ` (${rows} rows)`
    return `  ${String(fate).padEnd(7)} ${operator}${size}`
  })
}

function loadHistory(): string[] {
  try {
    const lines = readFileSync(historyFile(), 'utf8').split('\n')
    return lines.filter((line) => line !== '').slice(-HISTORY_SIZE)
  } catch {
    return []
  }
}

/** A history that cannot be written is no reason to fail. */
function saveHistory(entry: string): void {
  try {
    mkdirSync(dirname(historyFile()), { recursive: true })
    appendFileSync(historyFile(), `${entry}\n`, { mode: 0o600 })
  } catch {
    return
  }
}
