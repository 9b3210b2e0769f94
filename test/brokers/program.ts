/** Finds, starts, kills and stops the brokers that connectors are tested against. Each runs on a
 *  free port of the loopback interface with its data in a folder of its own, so that suites may run
 *  side by side. */

import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe } from 'vitest'

const START_TIMEOUT_MS = 60_000
const STOP_TIMEOUT_MS = 20_000

/** Where a program is: on the PATH, in a folder of system programs, or in one of `more`. */
export function findProgram(name: string, more: readonly string[] = []): string | undefined {
  const folders = [...(process.env.PATH ?? '').split(':'), '/usr/sbin', '/usr/local/sbin', ...more]
  return folders
    .map((folder) => join(folder, name))
    .find((path) => spawnSync('test', ['-x', path]).status === 0)
}

/** A suite that needs something outside npm. `missing`: why it cannot run here; it is then skipped
 *  and the reason printed, but under CI it fails. */
export function describeWith(name: string, missing: string | undefined, suite: () => void): void {
  if (missing === undefined) {
    describe(name, suite)
    return
  }
  if (process.env.CI === 'true') throw new Error(`${name}: ${missing}`)
  console.warn(`skipped: ${name}: ${missing}`)
  // The reason is in the name.
  describe.skip(`${name} (skipped: ${missing})`, suite)
}

/** Ports of 127.0.0.1 that nobody listens on now, all different: one that is let go may be given out
 *  again at once. */
export async function freePorts(count: number): Promise<number[]> {
  const held = await Promise.all(Array.from({ length: count }, holdPort))
  await Promise.all(held.map(({ letGo }) => letGo()))
  return held.map(({ port }) => port)
}

/** One such port. */
export async function freePort(): Promise<number> {
  const [port] = await freePorts(1)
  return port
}

function holdPort(): Promise<{ readonly port: number; readonly letGo: () => Promise<void> }> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.on('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      const port = typeof address === 'object' && address !== null ? address.port : 0
      const letGo = () => new Promise<void>((closed) => server.close(() => closed()))
      resolve({ port, letGo })
    })
  })
}

export interface ProgramOptions {
  readonly path: string
  /** Made anew for each start; `folder` stays the same over restarts. */
  readonly args: (folder: string) => readonly string[]
  readonly env?: Readonly<Record<string, string>>
  /** Resolves when the program can be used, rejects or answers false to be asked again. */
  readonly ready: () => Promise<boolean>
  /** Called once, before the first start. */
  readonly prepare?: (folder: string) => void | Promise<void>
  /** As whom to run, for programs that refuse root. */
  readonly uid?: number
  readonly gid?: number
}

/** A broker as a child process of the test. */
export class Program {
  readonly #options: ProgramOptions
  readonly folder: string
  #child: ChildProcess | undefined

  private constructor(options: ProgramOptions) {
    this.#options = options
    this.folder = mkdtempSync(join(tmpdir(), 'millrace-broker-'))
  }

  static async start(options: ProgramOptions): Promise<Program> {
    const program = new Program(options)
    await options.prepare?.(program.folder)
    await program.restart()
    return program
  }

  get pid(): number | undefined {
    return this.#child?.pid
  }

  /** Starts it again on the same data, after `kill` or `stop`. */
  async restart(): Promise<void> {
    const { path, args, env, uid, gid } = this.#options
    const output = openSync(join(this.folder, 'output.log'), 'a')
    const child = spawn(path, [...args(this.folder)], {
      stdio: ['ignore', output, output],
      env: { ...process.env, ...env },
      cwd: this.folder,
      // A group of its own: some brokers are shells that start the real program.
      detached: true,
      ...(uid === undefined ? {} : { uid, gid }),
    })
    this.#child = child
    const deadline = performance.now() + START_TIMEOUT_MS
    while (!(await this.#options.ready().catch(() => false))) {
      if (child.exitCode !== null || child.signalCode !== null || performance.now() > deadline) {
        throw new Error(`${path} did not start:\n${this.output().slice(-3000)}`)
      }
      await sleep(50)
    }
  }

  output(): string {
    return readFileSync(join(this.folder, 'output.log'), 'utf8')
  }

  /** As a power cut would: no goodbye. */
  kill(): Promise<void> {
    return this.#end('SIGKILL')
  }

  /** Ends it and removes its data. */
  async close(): Promise<void> {
    await this.#end('SIGTERM')
    rmSync(this.folder, { recursive: true, force: true })
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#child
    this.#child = undefined
    if (child?.pid === undefined) return
    const { pid } = child
    const ended =
      child.exitCode !== null || child.signalCode !== null
        ? Promise.resolve()
        : new Promise<void>((resolve) => child.once('exit', () => resolve()))
    signalGroup(pid, signal)
    const timer = setTimeout(() => signalGroup(pid, 'SIGKILL'), STOP_TIMEOUT_MS)
    await ended
    clearTimeout(timer)
    signalGroup(pid, 'SIGKILL')
  }
}

function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal)
  } catch {
    // The group is gone already.
  }
}

/** Whether something accepts connections on a port of 127.0.0.1. */
export function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
}

export function sleep(delayMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, delayMs))
}
