/** JSON paths, the part of SQL:2016's language that Flink has: `$.a.b`, `$['a']`, `$[0]`, `$[-1]`,
 *  `$[0, 2 to 4]`, `$[*]`, `$.*`, `$..a`, behind `lax` or `strict` (the default, as in Flink). */

import { fail, type Span } from '../../base/errors.ts'
import { encodeText } from '../utf8.ts'

export type Step =
  /** A member; `deep`: at any depth. */
  | {
      readonly kind: 'key'
      readonly name: string
      readonly bytes: Uint8Array
      /** Whether JSON spells it without escapes. */
      readonly isPlain: boolean
      readonly deep: boolean
    }
  /** Elements by ranges of positions from 0, negative ones from the end. */
  | { readonly kind: 'index'; readonly ranges: readonly (readonly [number, number])[] }
  /** Every member (`.*`), every element (`[*]`). */
  | { readonly kind: 'all'; readonly of: 'object' | 'array' }

export interface JsonPath {
  readonly steps: readonly Step[]
  /** Whether it means one value at most. */
  readonly isSingle: boolean
  /** Whether a document that does not fit is an error. */
  readonly strict: boolean
}

/** The step to a member. */
export const keyStep = (name: string, deep = false): Step => ({
  kind: 'key',
  name,
  bytes: encodeText(name),
  isPlain: JSON.stringify(name).length === name.length + 2,
  deep,
})

/** The step to an element, from 0 or, negative, from the end. */
export const indexStep = (index: number): Step => ({ kind: 'index', ranges: [[index, index]] })

/** A path of steps. */
export const pathOf = (steps: readonly Step[], strict = true): JsonPath => ({
  steps,
  strict,
  isSingle: steps.every(
    (step) =>
      (step.kind === 'key' && !step.deep) ||
      (step.kind === 'index' &&
        step.ranges.length === 1 &&
        step.ranges[0][0] === step.ranges[0][1]),
  ),
})

const STEPS_MAX = 100

/** INVALID_ARGUMENT with the character if it is no path, UNSUPPORTED for filters and methods. */
export function parseJsonPath(text: string, at: Span | undefined): JsonPath {
  const begin = /^\s*(?:(lax|strict)\s+)?\$/i.exec(text)
  if (begin === null) return bad(text, 0, at, 'it begins with $')
  const steps: Step[] = []
  let place = begin[0].length
  while (place < text.trimEnd().length) {
    const [step, next] = stepAt(text, place, at)
    steps.push(step)
    place = next
    if (steps.length > STEPS_MAX) bad(text, place, at, `it has at most ${STEPS_MAX} steps`)
  }
  return pathOf(steps, begin[1]?.toLowerCase() !== 'lax')
}

function bad(text: string, place: number, at: Span | undefined, hint: string): never {
  const shown = text.length > 60 ? `${text.slice(0, 60)}…` : text
  fail('INVALID_ARGUMENT', `Not a JSON path: character ${place + 1} of '${shown}'`, {
    at,
    hint: `A path: ${hint}.`,
  })
}

const MEMBER = /(\.\.?)(?:([\p{L}_$][\p{L}\p{N}_$-]*)|"((?:[^"\\]|\\.)*)"|(\*))/uy
/** Flink's documentation also writes `$.['a b']`. */
const QUOTED = /\.?\[\s*(?:'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)")\s*\]/y
const EVERY = /\[\s*\*\s*\]/y
const RANGES =
  /\[\s*(-?\d{1,9}(?:\s+to\s+-?\d{1,9})?(?:\s*,\s*-?\d{1,9}(?:\s+to\s+-?\d{1,9})?)*)\s*\]/y

function stepAt(text: string, place: number, at: Span | undefined): [Step, number] {
  const match = (pattern: RegExp) => {
    pattern.lastIndex = place
    return pattern.exec(text)
  }
  const member = match(MEMBER)
  if (member !== null) {
    const [all, dots, plain, quoted, star] = member
    const next = place + all.length
    if (text[next] === '(') refuse('Methods', text, place, at)
    if (star !== undefined) {
      if (dots === '..') bad(text, place, at, '.. stands before a name')
      return [{ kind: 'all', of: 'object' }, next]
    }
    return [keyStep(plain ?? unescaped(quoted), dots === '..'), next]
  }
  const quoted = match(QUOTED)
  if (quoted !== null) return [keyStep(unescaped(quoted[1] ?? quoted[2])), place + quoted[0].length]
  const every = match(EVERY)
  if (every !== null) return [{ kind: 'all', of: 'array' }, place + every[0].length]
  const ranges = match(RANGES)
  if (ranges !== null) {
    return [{ kind: 'index', ranges: ranges[1].split(',').map(rangeOf) }, place + ranges[0].length]
  }
  if (/^(?:\?|\[\s*\?)/.test(text.slice(place))) refuse('Filters', text, place, at)
  return bad(text, place, at, "$ and then .name, ['name'], [0], [*] or .*")
}

function refuse(what: string, text: string, place: number, at: Span | undefined): never {
  fail('UNSUPPORTED', `${what} in a JSON path: character ${place + 1} of '${text.slice(0, 60)}'`, {
    at,
    hint: 'Take the value out and compare it in SQL.',
  })
}

const unescaped = (text: string): string => text.replace(/\\(.)/g, '$1')

function rangeOf(text: string): readonly [number, number] {
  const [from, to = from] = text
    .trim()
    .split(/\s+to\s+/)
    .map(Number)
  return [from, to]
}
