/** The sandbox's thread: answers one request after another until it is terminated. */

import { type MessagePort, workerData } from 'node:worker_threads'
import { openMachine } from './machine.ts'
import type { SandboxReply, SandboxRequest } from './protocol.ts'

// The interpreter asks this thread for the time zone: results must not depend on where it runs.
for (const part of ['FullYear', 'Month', 'Date', 'Day', 'Hours', 'Minutes', 'Seconds']) {
  const dates = Date.prototype as unknown as Record<string, unknown>
  dates[`get${part}`] = dates[`getUTC${part}`]
}
Date.prototype.getTimezoneOffset = () => 0

const { port, bell } = workerData as { readonly port: MessagePort; readonly bell: Int32Array }
const machine = await openMachine()

/** Programs whose definition was refused: they come only once with it, and stay refused. */
const refused = new Map<SandboxRequest['program'], SandboxReply>()

function answer({ program, definition, call }: SandboxRequest): SandboxReply {
  const ready =
    definition === undefined ? refused.get(program) : machine.prepare(program, definition)
  if (ready !== undefined && ready.kind !== 'checked') {
    refused.set(program, ready)
    return ready
  }
  if (call === undefined) return { kind: 'checked' }
  return machine.call(program, call.count, call.args)
}

function ring(): void {
  Atomics.add(bell, 0, 1)
  Atomics.notify(bell, 0)
}

port.on('message', (request: SandboxRequest) => {
  let reply: SandboxReply
  try {
    reply = answer(request)
  } catch (error) {
    // The interpreter itself gave up, as it does when its stack or its memory is gone.
    reply = { kind: 'exceeded', what: error instanceof RangeError ? 'stack' : 'memory' }
  }
  port.postMessage(reply)
  ring()
})
ring()
