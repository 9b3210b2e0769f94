/** How long the engine does nothing else when there is very much to do at once, and how much memory
 *  that takes. */

import { runScenario, scenariosOf } from './large-state/scenarios.ts'
import { milliseconds, say, shortCount, type Topic } from './topic.ts'

const SIZES = { keys: 5_000_000, groups: 1_000_000, partners: 100_000 }

export const largeState: Topic = {
  name: 'large-state',
  title: 'Large state: the longest epoch, and the memory',
  async run() {
    const rows: string[][] = []
    for (const scenario of scenariosOf(SIZES)) {
      const { elapsedMs, longestMs, state, residentBytes } = await runScenario(scenario)
      say(`${scenario.title}: longest epoch ${milliseconds(longestMs)}`)
      rows.push([
        scenario.title,
        shortCount(scenario.count),
        shortCount(scenario.rows),
        milliseconds(elapsedMs),
        milliseconds(longestMs),
        shortCount(state.rows),
        mebibytes(state.bytes),
        mebibytes(residentBytes),
      ])
    }
    return {
      notes: [
        'Numbers as fast as they are made, a millisecond of event time apart, through the whole engine.',
        'State is what the operators kept shortly before the end; resident is the process with all topics before it.',
        'That the answers are right is tested with smaller numbers, and by MILLRACE_LONG=1 with these.',
      ],
      header: [
        'what',
        'rows in',
        'rows out',
        'time',
        'longest epoch',
        'state',
        'bytes',
        'resident',
      ],
      rows,
    }
  },
}

const mebibytes = (bytes: number): string => `${Math.round(bytes / 2 ** 20)} MiB`
