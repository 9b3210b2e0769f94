/** A server to kill: prints its address when it is ready. */

import { readConfig } from '../../server/config.ts'
import { startServer } from '../../server/main.ts'

const [dataFolder] = process.argv.slice(2)
const server = await startServer(
  readConfig({ port: 0, dataFolder, logLevel: 'error', checkpointIntervalMs: 100 }),
)
process.stdout.write(`${server.url}\n`)
