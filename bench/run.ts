/** Runs the benchmarks and rewrites bench/RESULTS.md: `npm run bench [-- --only NAME]`. */

import { parseArgs } from 'node:util'
import { machineLine } from './machine.ts'
import { saveReport, table } from './report.ts'
import type { Topic } from './topic.ts'

/** By name, in the order of RESULTS.md. Loaded when run: one topic's libraries are not in another's
 *  process before it starts. */
const TOPICS: Readonly<Record<string, () => Promise<Topic>>> = {
  tumble: async () => (await import('./tumble.bench.ts')).tumble,
  hop: async () => (await import('./hop.bench.ts')).hop,
  log: async () => (await import('./log.bench.ts')).log,
  plan: async () => (await import('./plan.bench.ts')).plan,
  'shared-plans': async () => (await import('./shared-plans.bench.ts')).sharedPlans,
  'json-decode': async () => (await import('./json-decode.bench.ts')).jsonDecode,
  'binary-decode': async () => (await import('./binary-decode.bench.ts')).binaryDecode,
  consume: async () => (await import('./consume.bench.ts')).consume,
  nexmark: async () => (await import('./nexmark.bench.ts')).nexmark,
  'large-state': async () => (await import('./large-state.bench.ts')).largeState,
  checkpoint: async () => (await import('./checkpoint.bench.ts')).checkpoint,
  start: async () => (await import('./start.bench.ts')).start,
}

const { values } = parseArgs({ options: { only: { type: 'string' } } })
const names = Object.keys(TOPICS)
const chosen = names.filter((name) => values.only === undefined || values.only === name)
if (chosen.length === 0) {
  console.error(`There is no topic '${values.only}'. Topics: ${names.join(', ')}`)
  process.exitCode = 2
}
const machine = machineLine()
for (const name of chosen) {
  const topic = await TOPICS[name]()
  console.log(`\n${topic.title}`)
  const report = await topic.run()
  console.log(`\n${table(report)}\n`)
  saveReport(topic, report, machine, names)
}
