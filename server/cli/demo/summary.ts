/** What the demo says at its end: the totals, checked against each other, and what to try next. */

import type { MillraceClient, Row } from '../../../client/index.ts'
import type { Style } from '../style.ts'
import { pad } from '../text-width.ts'
import { grouped } from './format.ts'
import { ALL_VIEWS, VIEWS } from './statements.ts'

export interface SummaryOptions {
  readonly client: MillraceClient
  /** Rows in the stream. */
  readonly rows: number
  /** Rows this run appended, and how long that took. */
  readonly rowsAppended: number
  readonly seconds: number
  readonly style: Style
}

/** Asks the views over HTTP. */
export async function summaryLines(options: SummaryOptions): Promise<string[]> {
  const { client, rows, rowsAppended, seconds, style } = options
  const counted = await count(client, VIEWS.hourly.name, 'SUM(flights)')
  const views = await Promise.all(
    ALL_VIEWS.map(async ({ name, about }) => {
      const size = grouped(await count(client, name, 'COUNT(*)')).padStart(10)
      return `   ${pad(name, 18)}${size} rows   ${style('dim', about)}`
    }),
  )
  const rate = grouped(rowsAppended / Math.max(seconds, 0.001))
  const verdict =
    counted === rows
      ? style('green', 'every one of them counted once')
      : style(['bold', 'red'], `${grouped(counted)} of them counted`)
  return [
    '',
    ` ${style('bold', 'Done.')} ${grouped(rows)} flights in the stream, ${verdict}.`,
    ` ${grouped(rowsAppended)} rows in ${seconds.toFixed(1)} s, ${rate} rows/s.`,
    '',
    ...views,
  ]
}

/** Shown when the server stays up. */
export function nextLines(url: string, style: Style): string[] {
  const at = url.endsWith(':7070') ? '' : ` --url ${url}`
  const command = (text: string) => `   ${style('cyan', text)}`
  return [
    '',
    ` ${style('bold', 'The server keeps running')} at ${url}. Try in another terminal:`,
    '',
    command(`npm run -s millrace -- sql${at}`),
    command(`npm run -s millrace -- tail airport_weeks${at}`),
    command(
      `npm run -s millrace -- sql${at} -e "SELECT origin, delay FROM long_delays WHERE delay > 1200"`,
    ),
    command(`curl -N ${url}/v1/queries/hourly/events`),
    '',
    ` ${style('dim', 'Ctrl-C stops it.')}`,
  ]
}

async function count(client: MillraceClient, view: string, what: string): Promise<number> {
  const [result] = await client.sql(`SELECT ${what} AS n FROM ${view}`)
  const rows: readonly Row[] = result?.kind === 'rows' ? result.rows : []
  return Number(rows[0]?.n ?? 0)
}
