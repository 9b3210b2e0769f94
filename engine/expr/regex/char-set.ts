/** Sets of characters (code points) as sorted, disjoint ranges: what a pattern's classes are. */

/** [low, high, low, high, …], both ends included. */
export type CharSet = readonly number[]

export const CODE_MAX = 0x10ffff

export const ANY: CharSet = [0, CODE_MAX]
export const DIGITS: CharSet = [48, 57]
export const WORD: CharSet = [48, 57, 65, 90, 95, 95, 97, 122]
/** Java's \s. */
export const SPACES: CharSet = [9, 13, 32, 32]
export const LINE_ENDS: CharSet = [10, 10, 13, 13, 0x2028, 0x2029]

export const one = (code: number): CharSet => [code, code]

/** All characters that are in one of the sets. */
export function union(...sets: readonly CharSet[]): CharSet {
  const ranges: [number, number][] = []
  for (const set of sets) {
    for (let i = 0; i < set.length; i += 2) ranges.push([set[i], set[i + 1]])
  }
  ranges.sort((a, b) => a[0] - b[0])
  const merged: number[] = []
  for (const [low, high] of ranges) {
    const last = merged.length - 1
    if (last > 0 && low <= merged[last] + 1) merged[last] = Math.max(merged[last], high)
    else merged.push(low, high)
  }
  return merged
}

/** All characters that are not in the set. */
export function negate(set: CharSet): CharSet {
  const rest: number[] = []
  let next = 0
  for (let i = 0; i < set.length; i += 2) {
    if (set[i] > next) rest.push(next, set[i] - 1)
    next = set[i + 1] + 1
  }
  if (next <= CODE_MAX) rest.push(next, CODE_MAX)
  return rest
}

/** Characters with case end here. */
const CASED_MAX = 0x1ffff

/** The set with the other case of each of its characters. Only ASCII letters stand for ASCII
 *  letters. */
export function withBothCases(set: CharSet): CharSet {
  const added: CharSet[] = [set]
  for (let i = 0; i < set.length; i += 2) {
    const high = Math.min(set[i + 1], CASED_MAX)
    for (let code = set[i]; code <= high; code++) {
      const text = String.fromCodePoint(code)
      for (const other of [text.toLowerCase(), text.toUpperCase()]) {
        const folded = other.codePointAt(0) as number
        if (folded === code || String.fromCodePoint(folded) !== other) continue
        if (folded < 128 === code < 128) added.push(one(folded))
      }
    }
  }
  return added.length === 1 ? set : union(...added)
}

const POSIX: Readonly<Record<string, CharSet>> = {
  Lower: [97, 122],
  Upper: [65, 90],
  Alpha: [65, 90, 97, 122],
  Digit: DIGITS,
  Alnum: [48, 57, 65, 90, 97, 122],
  Punct: [33, 47, 58, 64, 91, 96, 123, 126],
  Space: SPACES,
  Blank: [9, 9, 32, 32],
  XDigit: [48, 57, 65, 70, 97, 102],
  ASCII: [0, 127],
}

const properties = new Map<string, CharSet | undefined>()

/** The characters of \p{name}: Java's POSIX names, Unicode categories, scripts (`IsGreek` too);
 *  undefined if there is no such property. */
export function propertySet(name: string): CharSet | undefined {
  if (Object.hasOwn(POSIX, name)) return POSIX[name]
  if (!properties.has(name)) properties.set(name, scanProperty(name))
  return properties.get(name)
}

function scanProperty(name: string): CharSet | undefined {
  const test = propertyTest(name.replace(/^Is/, ''))
  if (test === undefined) return undefined
  const set: number[] = []
  for (let code = 0; code <= CODE_MAX; code++) {
    if (code === 0xd800) code = 0xe000
    if (!test.test(String.fromCodePoint(code))) continue
    if (set.at(-1) === code - 1) set[set.length - 1] = code
    else set.push(code, code)
  }
  return set
}

/** One character against a property: no loop, so V8's own engine is harmless. */
function propertyTest(name: string): RegExp | undefined {
  if (!/^\w+(?:=\w+)?$/.test(name)) return undefined
  for (const form of [name, `Script=${name}`]) {
    try {
      return new RegExp(`^\\p{${form}}$`, 'u')
    } catch {
      // Not this form.
    }
  }
  return undefined
}
