/** The list of scalar functions and operators, by name and alias. Adding one: its entry in the
 *  family's file and its test. */

import { assert } from '../../base/assert.ts'
import type { ScalarFunction } from '../function.ts'
import { arithmetic } from './arithmetic.ts'
import { arrays } from './array.ts'
import { chances } from './chance.ts'
import { comparison } from './comparison.ts'
import { conditional } from './conditional.ts'
import { constructors } from './constructor.ts'
import { elements } from './element.ts'
import { encodings } from './encoding.ts'
import { hashes } from './hash.ts'
import { inList } from './in-list.ts'
import { json } from './json.ts'
import { logic } from './logic.ts'
import { maps } from './map.ts'
import { masks } from './mask.ts'
import { math } from './math.ts'
import { pattern } from './pattern.ts'
import { quantifiedComparison } from './quantified.ts'
import { singleRow } from './single-row.ts'
import { string } from './string.ts'
import { stringEdits } from './string-edit.ts'
import { temporal } from './temporal.ts'
import { types } from './type-of.ts'
import { userFunction } from './user.ts'

/** Every function once, family by family. */
export const FUNCTIONS: readonly ScalarFunction[] = [
  ...comparison,
  ...quantifiedComparison,
  ...inList,
  ...logic,
  ...arithmetic,
  ...math,
  ...chances,
  ...conditional,
  ...singleRow,
  ...string,
  ...stringEdits,
  ...encodings,
  ...pattern,
  ...temporal,
  ...constructors,
  ...elements,
  ...arrays,
  ...maps,
  ...json,
  ...hashes,
  ...masks,
  ...types,
]

const BY_NAME = new Map<string, ScalarFunction>()
for (const entry of FUNCTIONS) {
  for (const name of [entry.name, ...(entry.aliases ?? [])]) {
    assert(!BY_NAME.has(name), `function ${name} is listed twice`)
    assert(name === name.toUpperCase(), `function ${name} is not in upper case`)
    BY_NAME.set(name, entry)
  }
}

/** The entry of this name or alias, in any case. */
export const findFunction = (name: string): ScalarFunction | undefined =>
  BY_NAME.get(name.toUpperCase())

/** Names of functions that are called by name (no operators), for hints. */
export const functionNames = (): string[] =>
  [...BY_NAME.keys()].filter((name) => /^[A-Z_0-9]+$/.test(name))

/** The entry that a plan's call names. INTERNAL if there is none: the plan is from elsewhere. */
export function functionOf(name: string): Exclude<ScalarFunction, { nulls: 'macro' }> {
  const entry = name === userFunction.name ? userFunction : BY_NAME.get(name)
  assert(entry !== undefined && entry.nulls !== 'macro', `no function ${name}`)
  return entry
}
