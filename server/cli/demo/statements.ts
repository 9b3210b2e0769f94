/** The demo's SQL: one stream and four continuous queries over it. It is what a user would type. */

export const STREAM = 'flights'

/** The file is in the order of departure; the watermark still allows a quarter of an hour. */
export const CREATE_STREAM = `
CREATE TABLE IF NOT EXISTS flights (
  \`date\` TIMESTAMP(3),
  delay BIGINT,
  distance BIGINT,
  origin STRING,
  destination STRING,
  WATERMARK FOR \`date\` AS \`date\` - INTERVAL '15' MINUTE
)`

export interface DemoView {
  readonly name: string
  /** One line for people. */
  readonly about: string
  readonly sql: string
}

const view = (name: string, about: string, query: string): DemoView => ({
  name,
  about,
  sql: `CREATE MATERIALIZED VIEW IF NOT EXISTS ${name} AS\n${query}`,
})

export const VIEWS = {
  hourly: view(
    'hourly',
    'flights, average and worst delay per hour, whole country',
    `SELECT window_start, window_end,
       COUNT(*) AS flights, AVG(CAST(delay AS DOUBLE)) AS avg_delay, MAX(delay) AS max_delay
FROM TABLE(TUMBLE(TABLE flights, DESCRIPTOR(\`date\`), INTERVAL '1' HOUR))
GROUP BY window_start, window_end`,
  ),
  hourlyByOrigin: view(
    'hourly_by_origin',
    'flights and average delay per hour and airport',
    `SELECT window_start, window_end, origin,
       COUNT(*) AS flights, AVG(CAST(delay AS DOUBLE)) AS avg_delay
FROM TABLE(TUMBLE(TABLE flights, DESCRIPTOR(\`date\`), INTERVAL '1' HOUR))
GROUP BY window_start, window_end, origin`,
  ),
  airportWeeks: view(
    'airport_weeks',
    'each airport by week, updated while the week goes on',
    `SELECT window_start, window_end, origin,
       COUNT(*) AS flights, AVG(CAST(delay AS DOUBLE)) AS avg_delay, MAX(delay) AS max_delay
FROM TABLE(TUMBLE(TABLE flights, DESCRIPTOR(\`date\`), INTERVAL '7' DAY))
GROUP BY window_start, window_end, origin
EMIT CHANGES`,
  ),
  longDelays: view(
    'long_delays',
    'an alert for every flight more than five hours late',
    `SELECT \`date\`, origin, destination, delay
FROM flights
WHERE delay > 300`,
  ),
} as const

/** In order of creation. */
export const ALL_VIEWS: readonly DemoView[] = Object.values(VIEWS)
