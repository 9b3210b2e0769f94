/** A server to kill: small files and frequent checkpoints, so that every step comes often. Prints
 *  its address when it is ready. */

import module from 'node:module'

module.enableCompileCache()
const { readConfig } = await import('../../../server/config.ts')
const { startServer } = await import('../../../server/main.ts')

const [dataFolder] = process.argv.slice(2)
const server = await startServer(
  readConfig(
    {
      port: 0,
      dataFolder,
      logLevel: 'error',
      checkpointIntervalMs: 40,
      segmentBytesMax: 8192,
      resultRetentionBytesMax: 1 << 20,
    },
    process.env,
  ),
)
process.stdout.write(`${server.url}\n`)
process.on('SIGTERM', () => {
  server.close().then(
    () => process.exit(0),
    () => process.exit(1),
  )
})
