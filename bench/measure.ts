/** How a piece of work is timed: warmed up, then run several times. */

export interface Timing {
  readonly bestMs: number
  readonly medianMs: number
}

export interface Plan {
  readonly warmUps: number
  readonly runs: number
}

/** Times `work`, which gets fresh input from `prepare` each time; only `work` is on the clock. */
export async function measure<Input>(
  { warmUps, runs }: Plan,
  prepare: () => Input | Promise<Input>,
  work: (input: Input) => unknown,
): Promise<Timing> {
  const times: number[] = []
  for (let run = 0; run < warmUps + runs; run++) {
    const input = await prepare()
    const start = performance.now()
    const result = work(input)
    // Not awaited when it is no promise: that would put a turn of the event loop on the clock.
    if (result instanceof Promise) await result
    const elapsed = performance.now() - start
    if (run >= warmUps) times.push(elapsed)
  }
  times.sort((a, b) => a - b)
  return { bestMs: times[0], medianMs: times[times.length >> 1] }
}

/** Rows a second at the median. */
export const rate = (rows: number, { medianMs }: Timing): number => (rows * 1000) / medianMs
