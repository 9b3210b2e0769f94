/** The seed of a random test: MILLRACE_SEED, or a fixed one per test so that CI runs the same cases. */

export function seedOf(name: string): number {
  const given = process.env.MILLRACE_SEED
  if (given !== undefined) return Number(given)
  let hash = 17
  for (const char of name) hash = (Math.imul(hash, 31) + char.charCodeAt(0)) >>> 0
  return hash % 1_000_000
}
