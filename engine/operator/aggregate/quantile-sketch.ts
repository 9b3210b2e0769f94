/** Approximate quantiles with a bounded relative error: DDSketch (Masson, Rim, Lee 2019). Values
 *  are counted in buckets whose bounds grow by a constant factor. Counts can be taken back and
 *  added up, so sketches take retractions, merge, and do not depend on the order of the rows. */

/** Counts by bucket; the order of the buckets is that of the values in them. */
export type QuantileSketch = Map<number, number>

/** A quantile is off by at most this share of the value. */
const ACCURACY = 0.01
const GAMMA = (1 + ACCURACY) / (1 - ACCURACY)
const LOG_GAMMA = Math.log(GAMMA)
/** Added to the bucket of a positive value: all doubles have buckets in (0, 2 * OFFSET). */
const OFFSET = 1 << 20
const INFINITY = 1 << 30
const NAN = INFINITY + 1

/** Adds `weight` to the count of the value's bucket; returns the sketch. */
export function addQuantile(
  sketch: QuantileSketch | undefined,
  value: number,
  weight: number,
): QuantileSketch {
  return addCount(sketch ?? new Map(), bucketOf(value), weight)
}

function addCount(sketch: QuantileSketch, bucket: number, weight: number): QuantileSketch {
  const count = (sketch.get(bucket) ?? 0) + weight
  if (count === 0) sketch.delete(bucket)
  else sketch.set(bucket, count)
  return sketch
}

function bucketOf(value: number): number {
  if (value === 0) return 0
  if (Number.isNaN(value)) return NAN
  const size = Math.abs(value)
  const bucket = size === Infinity ? INFINITY : OFFSET + Math.ceil(Math.log(size) / LOG_GAMMA)
  return value < 0 ? -bucket : bucket
}

function numberOf(bucket: number): number {
  if (bucket === 0) return 0
  if (bucket === NAN) return Number.NaN
  const size =
    Math.abs(bucket) === INFINITY
      ? Infinity
      : (2 * Math.exp((Math.abs(bucket) - OFFSET) * LOG_GAMMA)) / (GAMMA + 1)
  return bucket < 0 ? -size : size
}

/** Adds all of `from`, which stays as it is; returns the sketch. */
export function mergeQuantiles(
  sketch: QuantileSketch | undefined,
  from: QuantileSketch | undefined,
): QuantileSketch | undefined {
  if (from === undefined) return sketch
  const merged: QuantileSketch = sketch ?? new Map()
  for (const [bucket, count] of from) addCount(merged, bucket, count)
  return merged
}

/** The value below which about a share `p` of the values lies; undefined if there is none. */
export function quantileOf(sketch: QuantileSketch | undefined, p: number): number | undefined {
  if (sketch === undefined || sketch.size === 0) return undefined
  const buckets = [...sketch].sort(([a], [b]) => a - b)
  const total = buckets.reduce((sum, [, count]) => sum + count, 0)
  if (total <= 0) return undefined
  const rank = p * (total - 1)
  let below = 0
  for (const [bucket, count] of buckets) {
    below += count
    if (below > rank) return numberOf(bucket)
  }
  return numberOf(buckets[buckets.length - 1][0])
}
