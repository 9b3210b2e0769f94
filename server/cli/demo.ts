/** `millrace demo`: replays three million real flights through continuous queries, live. */

import { Command, InvalidArgumentError, Option } from 'commander'
import type { DemoOptions } from './demo/run.ts'

/** Three days a second: half a year of flights takes a minute. */
const DEFAULT_SPEED = 3 * 86_400
const UNITS: Record<string, number> = { s: 1, m: 60, h: 3600, d: 86_400 }

export function demoCommand(): Command {
  return new Command('demo')
    .description('see continuous SQL at work on three million real flights')
    .addOption(
      new Option('--speed <speed>', 'event time per second: seconds, 12h, 3d, or max')
        .argParser(speedOf)
        .default(DEFAULT_SPEED, '3d'),
    )
    .option('--rows <n>', 'replay only the first n flights', wholeNumber)
    .addOption(
      new Option('-p, --port <port>', 'port of the server, 0 for any free one')
        .env('MILLRACE_PORT')
        .argParser(wholeNumber)
        .default(7070),
    )
    .option('-d, --data <folder>', 'data folder', './data/demo')
    .option('--fresh', 'start over instead of continuing an interrupted run')
    .option('--exit', 'end after the last flight instead of serving on')
    .action(async (options: DemoOptions) => {
      const { runDemo } = await import('./demo/run.ts')
      process.exitCode = await runDemo(options)
    })
}

function speedOf(text: string): number {
  if (text === 'max') return Infinity
  const [, number, unit] = /^(\d+(?:\.\d+)?)([smhd]?)$/.exec(text) ?? []
  const speed = Number(number) * UNITS[unit || 's']
  if (speed > 0) return speed
  throw new InvalidArgumentError('Expected event seconds per second (3600), 1h, 3d, or max.')
}

function wholeNumber(text: string): number {
  if (/^\d+$/.test(text)) return Number(text)
  throw new InvalidArgumentError('Expected a whole number.')
}
