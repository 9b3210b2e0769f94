/** The demo's data: three million real US flights (npm package vega-datasets), and the names of the
 *  airports in them. */

import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { CliFailure } from '../failure.ts'

export interface Dataset {
  readonly parquet: string
  /** Airport code to `City, ST`; empty if the list is missing. */
  readonly cities: ReadonlyMap<string, string>
}

/** Rows in the file; its first and its last departure, in microseconds since 1970 UTC. */
export const FLIGHTS = {
  rows: 3_000_000,
  firstUs: Date.UTC(2001, 0, 1, 0, 1) * 1000,
  lastUs: Date.UTC(2001, 6, 1) * 1000,
} as const

/** Raises CliFailure if the package is not installed. */
export function findDataset(): Dataset {
  for (let folder = import.meta.dirname; ; folder = dirname(folder)) {
    const data = join(folder, 'node_modules', 'vega-datasets', 'data')
    const parquet = join(data, 'flights-3m.parquet')
    if (existsSync(parquet)) return { parquet, cities: readCities(join(data, 'airports.csv')) }
    if (folder === dirname(folder)) break
  }
  throw new CliFailure(
    'The demo needs flights-3m.parquet from the npm package vega-datasets, which is not installed',
    'in a clone of Millrace run `npm ci`; elsewhere `npm install vega-datasets`',
  )
}

/** The list is `iata,name,city,state,…`; fields with commas are quoted. */
function readCities(path: string): ReadonlyMap<string, string> {
  if (!existsSync(path)) return new Map()
  const lines = readFileSync(path, 'utf8').split(/\r?\n/).slice(1)
  return new Map(
    lines.map((line) => {
      const fields = [...line.matchAll(/("(?:[^"]|"")*"|[^,]*)(?:,|$)/g)].map(([, field]) =>
        field.replace(/^"|"$/g, '').replaceAll('""', '"'),
      )
      const [code, , city, state] = fields
      return [code, state && state !== 'NA' ? `${city}, ${state}` : city] as const
    }),
  )
}
