/** "Did you mean": the known name that is closest to a name nobody knows. */

/** Edits (insert, delete, replace, swap of neighbours) from `a` to `b`, ignoring case. Optimal
 *  string alignment distance. O(a x b), so callers pass names, not texts. */
function editDistance(a: string, b: string): number {
  const [from, to] = [a.toLowerCase(), b.toLowerCase()]
  let older: number[] = []
  let old = Array.from({ length: to.length + 1 }, (_, j) => j)
  for (let i = 1; i <= from.length; i++) {
    const row = [i]
    for (let j = 1; j <= to.length; j++) {
      const change = from[i - 1] === to[j - 1] ? 0 : 1
      let best = Math.min(old[j] + 1, row[j - 1] + 1, old[j - 1] + change)
      const swapped = i > 1 && j > 1 && from[i - 1] === to[j - 2] && from[i - 2] === to[j - 1]
      if (swapped) best = Math.min(best, older[j - 2] + 1)
      row.push(best)
    }
    older = old
    old = row
  }
  return old[to.length]
}

const LENGTH_MAX = 128

/** The candidate at the smallest distance, if that is at most a third of the name's length (and at
 *  least one edit is forgiven); undefined if none is that near. */
export function nearestName(name: string, candidates: Iterable<string>): string | undefined {
  if (name.length > LENGTH_MAX) return undefined
  let best: string | undefined
  let bestDistance = Math.max(1, Math.floor(name.length / 3)) + 1
  for (const candidate of candidates) {
    if (Math.abs(candidate.length - name.length) >= bestDistance) continue
    const distance = editDistance(name, candidate)
    if (distance < bestDistance) [best, bestDistance] = [candidate, distance]
  }
  return best
}
