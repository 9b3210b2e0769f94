/** A slow matcher from the definition in the SQL standard: of all candidate matches that begin at a
 *  row, enumerated in the order of preference, the first is taken. It sees all rows at once. */

import type { MatchTerm } from '../../../../engine/operator/nodes.ts'

export interface ReferenceRow {
  readonly symbol: string | null
  readonly price: number | null
  readonly tax: number
  readonly second: number
}

/** The rows of a partition, and which variables those of the match are mapped to so far. */
export interface Mapped {
  readonly rows: readonly ReferenceRow[]
  readonly start: number
  readonly path: readonly number[]
  readonly number: number
}

export type Truth = boolean | null

export interface Skip {
  readonly to: 'past-last' | 'next-row' | 'first' | 'last'
  readonly variable?: number
}

export interface ReferenceQuery {
  readonly pattern: MatchTerm
  readonly conditions: readonly ((mapped: Mapped) => Truth)[]
  readonly within: number
  readonly skip: Skip
}

export type Found =
  | { readonly kind: 'match'; readonly mapped: Mapped }
  | { readonly kind: 'unmatched'; readonly mapped: Mapped }

export class TooManySteps extends Error {}
export class SkipError extends Error {}

const STEPS_MAX = 100_000

/** All matches of a partition, in order, and the rows that are in none. SkipError where the standard
 *  wants an error; TooManySteps if it takes too long. */
export function findAll(rows: readonly ReferenceRow[], query: ReferenceQuery): Found[] {
  const found: Found[] = []
  let number = 1
  let covered = 0
  for (let start = 0; start < rows.length; ) {
    const mapped = preferred({ rows, start, path: [], number }, query)
    if (mapped === undefined) {
      if (start >= covered) {
        found.push({ kind: 'unmatched', mapped: { rows, start, path: [], number: 0 } })
      }
      start++
      continue
    }
    found.push({ kind: 'match', mapped })
    number++
    covered = Math.max(covered, start + mapped.path.length)
    start = next(mapped, query.skip)
  }
  return found
}

function next({ start, path }: Mapped, { to, variable }: Skip): number {
  if (path.length === 0 || to === 'next-row') return start + 1
  if (to === 'past-last') return start + path.length
  const at = to === 'first' ? path.indexOf(variable!) : path.lastIndexOf(variable!)
  if (at <= 0) throw new SkipError()
  return start + at
}

/** The match that begins at a row and is preferred; undefined if there is none. */
export function preferred(from: Mapped, query: ReferenceQuery): Mapped | undefined {
  let steps = 0
  const { rows, start } = from

  function* candidates(term: MatchTerm, mapped: Mapped): Generator<Mapped> {
    if (++steps > STEPS_MAX) throw new TooManySteps()
    switch (term.kind) {
      case 'variable': {
        const row = rows[start + mapped.path.length]
        if (row === undefined || row.second - rows[start].second > query.within) return
        const longer = { ...mapped, path: [...mapped.path, term.variable] }
        if (query.conditions[term.variable](longer) === true) yield longer
        return
      }
      case 'sequence':
        yield* inOrder(term.terms, mapped)
        return
      case 'choice':
        for (const part of term.terms) yield* candidates(part, mapped)
        return
      case 'repeat':
        yield* repeated(term, 0, mapped)
    }
  }

  function* inOrder([first, ...rest]: readonly MatchTerm[], mapped: Mapped): Generator<Mapped> {
    if (first === undefined) yield mapped
    else for (const longer of candidates(first, mapped)) yield* inOrder(rest, longer)
  }

  function* repeated(
    term: Extract<MatchTerm, { kind: 'repeat' }>,
    count: number,
    mapped: Mapped,
  ): Generator<Mapped> {
    if (++steps > STEPS_MAX) throw new TooManySteps()
    if (count >= term.from && term.reluctant) yield mapped
    if (count < term.to) {
      for (const longer of candidates(term.term, mapped)) {
        const isEmpty = longer.path.length === mapped.path.length
        if (count < term.from || !isEmpty) yield* repeated(term, count + 1, longer)
      }
    }
    if (count >= term.from && !term.reluctant) yield mapped
  }

  for (const mapped of candidates(query.pattern, from)) return mapped
  return undefined
}

/** The positions of the rows up to `depth` that are mapped to one of the variables (absent: any). */
export function members({ start, path }: Mapped, depth: number, of?: readonly number[]): number[] {
  const found: number[] = []
  for (let i = 0; i <= depth && i < path.length; i++) {
    if (of === undefined || of.includes(path[i])) found.push(start + i)
  }
  return found
}
