/** The answer that all contenders of the TUMBLE benchmark must agree on. */

/** By `<hour in ms since 1970> <origin>`. */
export type Groups = Map<string, Group>

export interface Group {
  readonly count: number
  readonly sum: number
  /** Rounded toward zero: Millrace's AVG of integers is an integer. */
  readonly avg: number
}

export const HOUR_MS = 3_600_000

export const hourOf = (dateMs: number): number => dateMs - (dateMs % HOUR_MS)
export const groupKey = (hourMs: number, origin: string): string => `${hourMs} ${origin}`

/** Raises an error that names the first difference. */
export function mustEqual(name: string, actual: Groups, expected: Groups): void {
  if (actual.size !== expected.size) {
    throw new Error(`${name} has ${actual.size} groups, not ${expected.size}`)
  }
  for (const [key, want] of expected) {
    const got = actual.get(key)
    if (got?.count === want.count && got.sum === want.sum && got.avg === want.avg) continue
    throw new Error(`${name} has ${key} = ${JSON.stringify(got)}, not ${JSON.stringify(want)}`)
  }
}
