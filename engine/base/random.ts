/** Seeded pseudo-random numbers. `Math.random` is banned: every run must be repeatable. */

export interface Random {
  /** A uint32. */
  next(): number
  /** An integer in [0, bound). */
  below(bound: number): number
  /** A double in [0, 1). */
  unit(): number
}

/** sfc32 (Chris Doty-Humphrey, PractRand): small, fast, passes PractRand; seeded through
 *  splitmix32. */
export function random(seed: number): Random {
  let state = seed >>> 0
  const splitmix = () => {
    state = (state + 0x9e3779b9) | 0
    let z = state ^ (state >>> 16)
    z = Math.imul(z, 0x21f0aaad)
    z = Math.imul(z ^ (z >>> 15), 0x735a2d97)
    return (z ^ (z >>> 15)) >>> 0
  }
  let a = splitmix()
  let b = splitmix()
  let c = splitmix()
  let counter = 1
  const next = () => {
    const t = (((a + b) | 0) + counter) | 0
    counter = (counter + 1) | 0
    a = b ^ (b >>> 9)
    b = (c + (c << 3)) | 0
    c = (c << 21) | (c >>> 11)
    c = (c + t) | 0
    return t >>> 0
  }
  for (let i = 0; i < 12; i++) next()
  return {
    next,
    below: (bound) => Math.floor((next() / 4294967296) * bound),
    unit: () => ((next() >>> 5) * 67108864 + (next() >>> 6)) / 9007199254740992,
  }
}
