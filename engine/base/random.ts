/** Seeded pseudo-random numbers. `Math.random` is banned: every run must be repeatable. */

export interface Random {
  /** A uint32. */
  next(): number
  /** An integer in [0, bound). */
  below(bound: number): number
  /** A double in [0, 1). */
  unit(): number
}

/** A uint32 that nobody can foresee. For what is written down and repeated from there: the journal
 *  keeps each epoch's seed. */
export const freshSeed = (): number => globalThis.crypto.getRandomValues(new Uint32Array(1))[0]

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

/** A uint32 that depends on all of its arguments and on nothing else: for things that are numbered
 *  and made anew in any order. `index` is a whole number below 2^53. (The finalizer of MurmurHash3
 *  over Weyl sequences.) */
export function randomAt(seed: number, index: number, salt: number): number {
  let h = Math.imul(index | 0, 0x9e3779b1) ^ Math.imul(seed, 0x85ebca77)
  h ^= Math.imul((index / 4294967296) | 0, 0xc2b2ae3d) ^ Math.imul(salt, 0x27d4eb2f)
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return (h ^ (h >>> 16)) >>> 0
}
