/** What every contract suite stands on: a broker of its own and a server of its own, for all its
 *  tests; and what all suites do with them. */

import { afterAll, beforeAll, expect, it } from 'vitest'
import { sleep } from '../brokers/program.ts'
import {
  type BadOptions,
  type Broker,
  changeText,
  createTable,
  type TableOptions,
} from './broker.ts'
import { ContractServer } from './server.ts'

/** Registers the beginning and the end of a suite. `began` gets the broker before the first test;
 *  the server is started by then. */
export function serverBeside<B extends Broker>(
  start: () => Promise<B>,
  began: (broker: B) => void,
): ContractServer {
  const server = new ContractServer()
  let broker: B | undefined
  beforeAll(async () => {
    broker = await start()
    began(broker)
    await server.start()
  }, 120_000)
  afterAll(async () => {
    server.close()
    await broker?.close()
  }, 60_000)
  return server
}

export interface Refusals {
  readonly badOptions: readonly BadOptions[]
  readonly columns: string
  /** Good ones, now. */
  readonly options: () => TableOptions
  readonly server: ContractServer
}

/** Registers a test for each change of good options that CREATE TABLE must refuse. */
export function refuses({ badOptions, columns, options, server }: Refusals): void {
  it.each(badOptions.map((bad) => [changeText(bad), bad] as const))(
    'refuses %s',
    async (_, { change, code }) => {
      const sql = createTable('bad', columns, { ...options(), ...change })
      expect(await server.codeOf(sql), sql).toBe(code)
    },
  )
}

/** Does it again and again, with pauses, until it is told to stop. */
export function keepDoing(step: () => Promise<void>, pauseMs: number): { stop(): Promise<void> } {
  let stopped = false
  const run = async () => {
    while (!stopped) {
      await step()
      await sleep(pauseMs)
    }
  }
  const running = run()
  // Seen by whoever stops it; a test that fails before does not.
  running.catch(() => {})
  return {
    async stop() {
      stopped = true
      await running
    },
  }
}
