/** The `millrace` command as a real process. */

import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const MAIN = join(import.meta.dirname, '../../server/cli/main.ts')

export interface Finished {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
}

export interface RunOptions {
  readonly env?: Readonly<Record<string, string>>
  readonly input?: string
}

const running = new Set<ChildProcess>()

export class CliProcess {
  readonly child: ChildProcess
  readonly finished: Promise<Finished>
  stdout = ''
  stderr = ''
  #listeners: (() => void)[] = []

  constructor(args: readonly string[], { env, input }: RunOptions = {}) {
    const clean = Object.entries(process.env).filter(
      ([name]) => !/^(MILLRACE_|FORCE_COLOR)/.test(name),
    )
    this.child = spawn(process.execPath, [MAIN, ...args], {
      env: { ...Object.fromEntries(clean), MILLRACE_HISTORY: '/dev/null', ...env },
      stdio: ['pipe', 'pipe', 'pipe'],
    })
    running.add(this.child)
    this.child.stdin!.end(input ?? '')
    this.child.stdout!.setEncoding('utf8').on('data', (text) => {
      this.stdout += text
      for (const listener of this.#listeners) listener()
    })
    this.child.stderr!.setEncoding('utf8').on('data', (text) => {
      this.stderr += text
    })
    this.finished = new Promise((resolve) => {
      this.child.on('close', (code, signal) => {
        running.delete(this.child)
        for (const listener of this.#listeners) listener()
        resolve({ code, signal, stdout: this.stdout, stderr: this.stderr })
      })
    })
  }

  /** The first match in stdout, as soon as it is there; rejects if the process ends without. */
  waitFor(pattern: RegExp): Promise<RegExpExecArray> {
    return new Promise((resolve, reject) => {
      const look = () => {
        const match = pattern.exec(this.stdout)
        if (match !== null) resolve(match)
        else if (this.child.exitCode !== null || this.child.signalCode !== null) {
          reject(new Error(`ended without ${pattern}:\n${this.stdout}\n${this.stderr}`))
        }
      }
      this.#listeners.push(look)
      look()
    })
  }

  kill(signal: NodeJS.Signals): Promise<Finished> {
    this.child.kill(signal)
    return this.finished
  }
}

/** Runs a command to its end. */
export const cli = (args: readonly string[], options?: RunOptions): Promise<Finished> =>
  new CliProcess(args, options).finished

/** A server on a free port; ready. */
export async function serve(
  data: string,
  args: readonly string[] = [],
  options?: RunOptions,
): Promise<{ process: CliProcess; url: string }> {
  const server = new CliProcess(['serve', '--port', '0', '--data', data, ...args], options)
  const [, url] = await server.waitFor(/ready at (http:\S+)/)
  return { process: server, url }
}

const folders: string[] = []

export function tempFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-cli-'))
  folders.push(folder)
  return folder
}

/** Ends what a failed test left running, and removes all temporary folders. */
export function cleanUp(): void {
  for (const child of running) child.kill('SIGKILL')
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true })
}
