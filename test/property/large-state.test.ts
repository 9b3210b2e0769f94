/** Many groups, and one that has half of all rows: the answers stay right. How long the longest epoch
 *  is and how much memory the state takes is measured by `npm run bench -- --only large-state`, and
 *  printed by MILLRACE_LONG=1, which has five million keys and a window of a million groups. */

import { expect, test } from 'vitest'
import { runScenario, scenariosOf } from '../../bench/large-state/scenarios.ts'
import { decodeBatch } from '../../engine/batch/ipc.ts'
import { valueAt } from '../../engine/batch/rows.ts'

const LONG = process.env.MILLRACE_LONG === '1'
const SIZES = LONG
  ? { keys: 5_000_000, groups: 1_000_000, partners: 100_000 }
  : { keys: 60_000, groups: 50_000, partners: 10_000 }

const mb = (bytes: number): string => `${Math.round(bytes / 2 ** 20)} MiB`

test.each(scenariosOf(SIZES))('$title', { timeout: 600_000 }, async (scenario) => {
  let [rows, sum] = [0, 0]
  const run = await runScenario(scenario, ({ payload }, { schema }) => {
    const batch = decodeBatch(payload, schema)
    const last = batch.columns[batch.columns.length - 1]
    for (let row = 0; row < batch.rowCount; row++) {
      const weight = batch.weights === null ? 1 : batch.weights[row]
      rows += weight
      sum += weight * Number(valueAt(last, row))
    }
  })
  if (LONG) {
    const { elapsedMs, longestMs, state, residentBytes } = run
    console.log(
      `${scenario.title}: ${Math.round(elapsedMs)} ms, longest epoch ${Math.round(longestMs)} ms with ` +
        `the reading, ${state.rows} rows of state in ${mb(state.bytes)}, resident ${mb(residentBytes)}`,
    )
  }
  expect({ rows, sum }).toEqual({ rows: scenario.rows, sum: scenario.sum })
})
