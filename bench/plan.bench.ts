/** From the text of an ordinary query to a plan that the engine can run. */

import {
  Catalog,
  type CreateTable,
  defineTable,
  Planner,
  parseStatements,
  type Statement,
} from '../sql/index.ts'
import { measure, type Timing } from './measure.ts'
import { milliseconds, say, type Topic } from './topic.ts'

const PLAN = { warmUps: 30, runs: 101 }

const TABLE = `
  CREATE TABLE flights (
    \`date\` TIMESTAMP(3), delay BIGINT, distance BIGINT, origin STRING, destination STRING,
    WATERMARK FOR \`date\` AS \`date\` - INTERVAL '1' MINUTE
  )`

const QUERY = `
  SELECT origin, window_start, COUNT(*) AS flights, AVG(delay) AS average,
    SUM(CASE WHEN delay > 15 AND distance < 500 OR delay > 60 THEN 1 ELSE 0 END) AS late
  FROM TABLE(TUMBLE(TABLE flights, DESCRIPTOR(\`date\`), INTERVAL '1' HOUR))
  WHERE origin IN ('ATL', 'ORD', 'DFW') AND destination <> origin
  GROUP BY origin, window_start, window_end
  HAVING COUNT(*) > 10`

export const plan: Topic = {
  name: 'plan',
  title: 'SQL: text to plan',
  async run() {
    const catalog = new Catalog()
    const [create] = parseStatements(TABLE)
    const table = defineTable(create as CreateTable, catalog)
    if (table === undefined) throw new Error('the table was not defined')
    catalog.add(table)
    const planner = new Planner(catalog)
    const parse = await measure(PLAN, () => QUERY, parseStatements)
    const [statement] = parseStatements(QUERY)
    const bind = await measure(
      PLAN,
      () => statement,
      (parsed) => planner.planQuery(asSelect(parsed), 'continuous', { id: 'q1', name: 'bench' }),
    )
    say(`parse ${milliseconds(parse.medianMs)}, bind to lower ${milliseconds(bind.medianMs)}`)
    const cells = (name: string, { medianMs, bestMs }: Timing) => [
      name,
      milliseconds(medianMs),
      milliseconds(bestMs),
    ]
    return {
      notes: ['A windowed aggregate with CASE, IN, HAVING over five columns, in a warm process.'],
      header: ['step', 'median', 'best'],
      rows: [cells('parse', parse), cells('bind, optimize, lower', bind)],
    }
  },
}

function asSelect(statement: Statement) {
  if (statement.kind !== 'select') throw new Error('the query is not a SELECT')
  return statement
}
