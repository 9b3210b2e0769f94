#!/usr/bin/env node
/** The `millrace` command's entry: refuses a Node that is too old before anything newer is loaded,
 *  then hands over to the program. */

import module from 'node:module'

const NODE_MAJOR_MIN = 24

const major = Number(process.versions.node.split('.')[0])
if (major < NODE_MAJOR_MIN) {
  process.stderr.write(
    `error: Millrace needs Node ${NODE_MAJOR_MIN} or newer; this is Node ${process.versions.node}.\n` +
      'hint: in a clone of the repository, `npm ci` brings the right Node: use `npm run millrace -- …`.\n',
  )
  process.exitCode = 1
} else {
  // Compiled code is kept between runs: a command starts in a fraction of the time.
  module.enableCompileCache()
  const { runProgram } = await import('./program.ts')
  process.exitCode = await runProgram(process.argv)
}
