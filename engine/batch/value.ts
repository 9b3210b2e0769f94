/** A single value outside its column: what literals, the reference interpreter, the builders and
 *  the HTTP edge hold. */

/** boolean -> boolean; tinyint..int, date, interval_month, float, double -> number;
 *  bigint, time, timestamp*, interval_second, decimal -> "i64 value": a number when it is in
 *  [-2^53, 2^53), else a bigint (decimals: the scaled integer); varchar, json -> string;
 *  bytes -> Uint8Array; array -> Value[]; map -> [key, value][]; row -> Value[]. */
export type Value = null | boolean | number | bigint | string | Uint8Array | readonly Value[]

const SAFE = 2n ** 53n

/** An exact integer in its "i64 value" form. */
export const exactInteger = (value: bigint): number | bigint =>
  value >= -SAFE && value < SAFE ? Number(value) : value

/** The exact integer that two 32-bit lanes are, the low one first. */
export function integerOfLanes(low: number, high: number): number | bigint {
  if (high >= -2097152 && high < 2097152) return high * 4294967296 + (low >>> 0)
  return (BigInt(high) << 32n) + BigInt(low >>> 0)
}
