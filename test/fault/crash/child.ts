/** A server process that is started, killed and started again, and the address it has now. */

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { sleep } from '../../../engine/base/clock.ts'

const SCRIPT = fileURLToPath(new URL('./server.ts', import.meta.url))

export class Child {
  readonly #dataFolder: string
  #process: ChildProcess | undefined
  #url: string | undefined
  /** What it wrote to stderr. */
  errors = ''
  #stopped = false

  constructor(dataFolder: string) {
    this.#dataFolder = dataFolder
  }

  /** Starts a life. Resolves to false if it died before it was ready. */
  async start(environment: Readonly<Record<string, string>> = {}): Promise<boolean> {
    const child = spawn(process.execPath, [SCRIPT, this.#dataFolder], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...environment },
    })
    this.#process = child
    child.stderr.on('data', (chunk) => {
      this.errors += chunk
    })
    child.once('exit', () => {
      this.#url = undefined
    })
    const ready = once(child.stdout, 'data').then(([chunk]) => String(chunk).trim())
    const url = await Promise.race([ready, once(child, 'exit').then(() => undefined)])
    this.#url = child.exitCode === null && child.signalCode === null ? url : undefined
    return this.#url !== undefined
  }

  get pid(): number | undefined {
    return this.#process?.pid
  }

  get alive(): boolean {
    return this.#process?.exitCode === null && this.#process.signalCode === null
  }

  /** Where it answers now; waits while it is down. undefined: no life will follow. */
  async url(): Promise<string | undefined> {
    while (this.#url === undefined && !this.#stopped) await sleep(3)
    return this.#url
  }

  /** Kills it, unless it is dead within `afterMs` by itself. True if it died by itself. */
  async kill(afterMs: number): Promise<boolean> {
    const child = this.#process!
    const exited = this.alive ? once(child, 'exit') : Promise.resolve()
    const own = await Promise.race([exited.then(() => true), sleep(afterMs).then(() => false)])
    if (!own) child.kill('SIGKILL')
    await exited
    return own
  }

  /** A last, orderly end. Resolves to the exit code and how long it took. */
  async stop(): Promise<{ code: number | null; ms: number }> {
    const child = this.#process!
    const startMs = performance.now()
    const exited = once(child, 'exit')
    child.kill('SIGTERM')
    const [code] = await exited
    this.#stopped = true
    return { code, ms: performance.now() - startMs }
  }

  /** For a test that failed. */
  end(): void {
    this.#stopped = true
    if (this.alive) this.#process?.kill('SIGKILL')
  }
}
