/** The figures of a queue, by queueing theory: arrival rate λ, service rate μ, backlog L, wait W
 *  and load ρ, over the last minute. L = λW (Little's law) ties them together. */

export interface QueueFigureValues {
  /** λ: records that come, per second. */
  readonly arrivalRate: number
  /** Records that are done, per second. */
  readonly servedRate: number
  /** μ: records that are done per second of the time in which there were any; null: there were
   *  none. */
  readonly serviceRate: number | null
  /** L: records in the queue, on average. */
  readonly backlog: number
  /** W = L / λ: seconds that a record is in the queue, on average; null: nothing comes. */
  readonly waitSeconds: number | null
  /** ρ = λ / μ: beyond 1 the queue grows. null without μ. */
  readonly load: number | null
}

interface Slice {
  readonly fromUs: number
  arrived: number
  served: number
  /** Seconds with a backlog, and the backlog summed over time. */
  busySeconds: number
  backlogSeconds: number
  seconds: number
}

const SLICE_US = 5_000_000
const SLICES = 12

export class QueueFigures {
  #slices: Slice[] = []
  #backlog: number
  #atUs: number

  /** `backlog`: records that are in the queue already. */
  constructor(backlog: number, nowUs: number) {
    this.#backlog = backlog
    this.#atUs = nowUs
  }

  arrived(count: number, nowUs: number): void {
    this.#advance(nowUs).arrived += count
    this.#backlog += count
  }

  served(count: number, nowUs: number): void {
    this.#advance(nowUs).served += count
    this.#backlog = Math.max(0, this.#backlog - count)
  }

  /** So many were served since the last look, and so many are in the queue now. */
  observed(backlog: number, served: number, nowUs: number): void {
    this.#advance(nowUs).served += served
    this.#backlog = backlog
  }

  values(nowUs: number): QueueFigureValues {
    this.#advance(nowUs)
    const total = (of: (slice: Slice) => number) =>
      this.#slices.reduce((sum, slice) => sum + of(slice), 0)
    const seconds = total((slice) => slice.seconds)
    const per = (value: number, by: number) => (by > 0 ? value / by : 0)
    const arrivalRate = per(
      total((slice) => slice.arrived),
      seconds,
    )
    const served = total((slice) => slice.served)
    const busy = total((slice) => slice.busySeconds)
    const backlog =
      seconds > 0
        ? per(
            total((slice) => slice.backlogSeconds),
            seconds,
          )
        : this.#backlog
    const serviceRate = served > 0 && busy > 0 ? served / busy : null
    return {
      arrivalRate,
      servedRate: per(served, seconds),
      serviceRate,
      backlog,
      waitSeconds: arrivalRate > 0 ? backlog / arrivalRate : null,
      load: serviceRate === null ? null : arrivalRate / serviceRate,
    }
  }

  /** The slice of now; the time since the last call is accounted for. */
  #advance(nowUs: number): Slice {
    while (this.#atUs < nowUs) {
      const slice = this.#slice(this.#atUs)
      const toUs = Math.min(nowUs, slice.fromUs + SLICE_US)
      const seconds = (toUs - this.#atUs) / 1e6
      slice.seconds += seconds
      slice.backlogSeconds += seconds * this.#backlog
      if (this.#backlog > 0) slice.busySeconds += seconds
      // A long silence is no reason to go through it slice by slice.
      this.#atUs = Math.max(toUs, nowUs - SLICE_US * SLICES)
    }
    const slice = this.#slice(nowUs)
    this.#slices = this.#slices.filter(({ fromUs }) => fromUs > nowUs - SLICE_US * SLICES)
    return slice
  }

  #slice(us: number): Slice {
    const fromUs = Math.floor(us / SLICE_US) * SLICE_US
    const last = this.#slices.at(-1)
    if (last !== undefined && last.fromUs >= fromUs) return last
    const none = { arrived: 0, served: 0, busySeconds: 0, backlogSeconds: 0, seconds: 0 }
    const slice: Slice = { fromUs, ...none }
    this.#slices.push(slice)
    return slice
  }
}
