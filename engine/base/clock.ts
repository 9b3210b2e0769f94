/** The only place that reads the wall clock or sets a timer. Everything else is handed a `Clock`,
 *  so that a test can drive time and a replay can repeat it (law 1). */

export interface Clock {
  /** Wall-clock time, integer microseconds since 1970 UTC. */
  nowUs(): number
  /** Monotonic milliseconds, for measuring how long something took. */
  monotonicMs(): number
  /** Runs `callback` once after `delayMs`; the result cancels it. The timer does not keep the
   *  process alive. */
  after(delayMs: number, callback: () => void): () => void
}

export const systemClock: Clock = {
  nowUs: () => Math.floor((performance.timeOrigin + performance.now()) * 1000),
  monotonicMs: () => performance.now(),
  after(delayMs, callback) {
    const timer = setTimeout(callback, delayMs)
    timer.unref()
    return () => clearTimeout(timer)
  },
}

/** Resolves after `delayMs` of the clock, or as soon as `signal` aborts. */
export function pause(clock: Pick<Clock, 'after'>, delayMs: number, signal: AbortSignal) {
  return new Promise<void>((resolve) => {
    if (signal.aborted) return resolve()
    const done = () => {
      cancel()
      signal.removeEventListener('abort', done)
      resolve()
    }
    const cancel = clock.after(delayMs, done)
    signal.addEventListener('abort', done)
  })
}

/** Settles as `done` does, but resolves after `waitMs` of the clock at the latest. */
export async function within(
  clock: Pick<Clock, 'after'>,
  waitMs: number,
  done: Promise<void>,
): Promise<void> {
  const late = Promise.withResolvers<void>()
  const cancel = clock.after(waitMs, late.resolve)
  await Promise.race([done, late.promise]).finally(cancel)
}

/** Resolves after `delayMs` of the wall clock, or as soon as `signal` aborts; keeps the process
 *  alive while it waits. */
export function sleep(delayMs: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted) return resolve()
    const done = () => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', done)
      resolve()
    }
    const timer = setTimeout(done, delayMs)
    signal?.addEventListener('abort', done)
  })
}

/** What an epoch knows of time and chance: read once, written to the journal, replayed from it.
 *  CURRENT_TIMESTAMP, PROCTIME, RAND, UUID and idle timeouts use this and nothing else. */
export interface EpochClock {
  /** The epoch's number; grows by one. */
  epoch: number
  /** The epoch's clock reading, integer microseconds since 1970 UTC; never decreases. */
  nowUs: number
  /** The epoch's random seed, a uint32. */
  seed: number
}
