/** Laws 4 and 5 on a disk that loses its power in the middle of anything: what was acknowledged is
 *  counted once, what was released never changes, ids have no gap. */

import { describe, test } from 'vitest'
import { seedOf } from '../seed.ts'
import { PowerCutCase } from './power-cut-case.ts'

const CASES = process.env.MILLRACE_LONG ? 2000 : 36
const GROUPS = 6

describe('whatever the moment at which the power goes', () => {
  const first = seedOf('power-cut')
  for (let group = 0; group < GROUPS; group++) {
    const name = `seeds ${first + group}, ${first + group + GROUPS}, … (replay: MILLRACE_SEED=<seed> npx vitest run test/fault/power-cut)`
    const run = async () => {
      for (let i = group; i < CASES; i += GROUPS) await new PowerCutCase(first + i).run()
    }
    test(name, run, process.env.MILLRACE_LONG ? 1_800_000 : 60_000)
  }
})
