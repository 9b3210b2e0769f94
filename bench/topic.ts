/** The contract of a benchmark: a topic measures one thing beside its peers and gives a table. */

export interface Topic {
  /** For `--only`, and the name of its file. */
  readonly name: string
  readonly title: string
  run(): Promise<Report>
}

export interface Report {
  /** What was done, on which data, and what the numbers do not say. One sentence each. */
  readonly notes: readonly string[]
  readonly header: readonly string[]
  /** Cells as text, one row per contender. */
  readonly rows: readonly (readonly string[])[]
}

/** `1.62 M`, `431 k`, `87` with three digits that mean something. */
export function shortCount(value: number): string {
  // What three digits round up to the next unit is in that.
  if (value >= 999_500) return `${(value / 1e6).toPrecision(3)} M`
  if (value >= 999.5) return `${(value / 1e3).toPrecision(3)} k`
  return value.toPrecision(3)
}

/** `0.93x`, `2.4x`, `110x` */
export function ratio(value: number, base: number): string {
  const times = value / base
  return `${times < 10 ? times.toPrecision(2) : Math.round(times)}x`
}

export const milliseconds = (ms: number): string => `${ms < 10 ? ms.toFixed(2) : ms.toFixed(0)} ms`

/** Says on the terminal what is going on: a benchmark that is silent looks hung. */
export const say = (text: string): void => console.log(`  ${text}`)
