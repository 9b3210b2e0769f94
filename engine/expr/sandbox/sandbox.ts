/** Runs programs in a thread of their own, so that whatever they do can be ended, and waits for
 *  them: to the caller they are ordinary functions. The thread starts with the first use. */

import { MessageChannel, type MessagePort, receiveMessageOnPort, Worker } from 'node:worker_threads'
import { fail } from '../../base/errors.ts'
import type { Program, SandboxReply, SandboxRequest, Vector } from './protocol.ts'

/** For loading the interpreter on a busy machine. */
const START_MS_MAX = 30_000
/** For a batch, beyond the limit of steps that each call has: the interpreter cannot count what its
 *  own built-in functions do. */
const BATCH_MS_MAX = 5000
/** For a single row: whoever asks for one may hold up the main thread. */
const ROW_MS_MAX = 2000
/** A thread with this many programs is replaced by a new one. */
const PROGRAMS_MAX = 200

/** A source in the repository, JavaScript in the published package. */
const WORKER_FILE = new URL(
  import.meta.url.endsWith('.ts') ? './worker.ts' : './worker.js',
  import.meta.url,
)

/** Beside the machine's replies: the thread did not answer in time. */
export type Outcome =
  | Exclude<SandboxReply, { kind: 'checked' }>
  | { readonly kind: 'exceeded'; readonly what: 'time' }

class SandboxThread {
  readonly #worker: Worker
  readonly #port: MessagePort
  readonly #bell = new Int32Array(new SharedArrayBuffer(4))
  readonly #known = new Set<number>()
  #rung = 0

  constructor() {
    const { port1, port2 } = new MessageChannel()
    this.#port = port1
    this.#worker = new Worker(WORKER_FILE, {
      workerData: { port: port2, bell: this.#bell },
      transferList: [port2],
      name: 'millrace-sandbox',
    })
    // It is noticed as an answer that does not come.
    this.#worker.on('error', () => {})
    this.#worker.unref()
    if (!this.#wait(START_MS_MAX)) {
      this.end()
      fail('UNAVAILABLE', 'The sandbox for functions did not start')
    }
  }

  /** undefined: no answer in time. */
  ask(request: SandboxRequest, program: Program, limitMs: number): SandboxReply | undefined {
    const isNew = !this.#known.has(request.program)
    this.#known.add(request.program)
    this.#port.postMessage(isNew ? { ...request, definition: program } : request)
    if (!this.#wait(limitMs)) return undefined
    return receiveMessageOnPort(this.#port)?.message as SandboxReply | undefined
  }

  /** Waits for the next ring. */
  #wait(limitMs: number): boolean {
    const outcome = Atomics.wait(this.#bell, 0, this.#rung, limitMs)
    this.#rung++
    return outcome !== 'timed-out'
  }

  end(): void {
    this.#port.close()
    this.#worker.terminate().catch(() => {})
  }
}

/** One per thread that runs queries. */
let thread: SandboxThread | undefined
const numbers = new Map<string, number>()

function numberOf(program: Program): number {
  const key = JSON.stringify(program)
  const known = numbers.get(key)
  if (known !== undefined) return known
  if (numbers.size >= PROGRAMS_MAX) {
    endSandbox()
    numbers.clear()
  }
  numbers.set(key, numbers.size)
  return numbers.size - 1
}

/** Ends the thread; the next use starts another. */
export function endSandbox(): void {
  thread?.end()
  thread = undefined
}

function ask(
  program: Program,
  call: SandboxRequest['call'],
  limitMs: number,
): SandboxReply | { readonly kind: 'exceeded'; readonly what: 'time' } {
  const number = numberOf(program)
  thread ??= new SandboxThread()
  const reply = thread.ask({ program: number, call }, program, limitMs)
  // After that nobody knows what state it is in.
  if (reply === undefined || reply.kind === 'exceeded') endSandbox()
  return reply ?? { kind: 'exceeded', what: 'time' }
}

/** Whether the program is JavaScript; undefined if it is. Nothing of it is called. */
export function checkProgram(program: Program): Outcome | undefined {
  const reply = ask(program, undefined, ROW_MS_MAX)
  return reply.kind === 'checked' ? undefined : reply
}

/** Calls the program for `count` rows; `args` has one vector per parameter. Blocks until they are
 *  done or a limit is reached. */
export function callProgram(program: Program, count: number, args: readonly Vector[]): Outcome {
  const reply = ask(program, { count, args }, count === 1 ? ROW_MS_MAX : BATCH_MS_MAX)
  if (reply.kind === 'checked') return fail('INTERNAL', 'the sandbox answered another question')
  return reply
}
