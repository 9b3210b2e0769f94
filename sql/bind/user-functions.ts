/** Finds the calls of user functions in a syntax tree before it is bound, so that binding an
 *  expression needs no catalog: each such call is given its function. */

import { SqlError } from '../../engine/base/errors.ts'
import { nearestName } from '../../engine/base/nearest-name.ts'
import type { Catalog } from '../catalog/catalog.ts'
import type { FunctionEntry } from '../catalog/entry.ts'

interface Surroundings {
  readonly catalog: Catalog
  /** Gets the ids of the functions that are called. */
  readonly dependsOn: Set<string>
}

/** Binds the tree with its calls of user functions found. Unknown functions may also turn out to be
 *  misspelled user functions. */
export function withUserFunctions<Tree, Bound>(
  tree: Tree,
  { catalog, dependsOn }: Surroundings,
  bind: (tree: Tree) => Bound,
): Bound {
  const functions = catalog.list('function')
  if (functions.length === 0) return bind(tree)
  const finder = new Finder(catalog, functions, dependsOn)
  const found = finder.visit(tree) as Tree
  try {
    return bind(found)
  } catch (error) {
    throw finder.withHint(error)
  }
}

type Part = Readonly<Record<string, unknown>>

class Finder {
  readonly #catalog: Catalog
  readonly #names: readonly string[]
  readonly #dependsOn: Set<string>
  /** The nearest user function, by the place of a call that is none. */
  readonly #near = new Map<number, string>()

  constructor(catalog: Catalog, functions: readonly FunctionEntry[], dependsOn: Set<string>) {
    this.#catalog = catalog
    this.#names = functions.map(({ name }) => name)
    this.#dependsOn = dependsOn
  }

  /** The tree with its calls found; parts without any are the same objects. */
  visit(part: unknown): unknown {
    if (Array.isArray(part)) {
      const changed = part.map((item) => this.visit(item))
      return changed.some((item, i) => item !== part[i]) ? changed : part
    }
    if (typeof part !== 'object' || part === null || ArrayBuffer.isView(part)) return part
    let changed: Record<string, unknown> | undefined
    for (const [key, value] of Object.entries(part)) {
      const visited = this.visit(value)
      if (visited === value) continue
      changed ??= { ...part }
      changed[key] = visited
    }
    const result = (changed ?? part) as Part
    return result.kind === 'call' ? this.#call(result) : result
  }

  #call(call: Part): Part {
    const { name, at } = call as { name?: { text: string; at: Part }; at?: { offset: number } }
    if (name === undefined || at === undefined) return call
    const entry = this.#catalog.findFunction(name.text)
    if (entry !== undefined) {
      this.#dependsOn.add(entry.id)
      return { ...call, user: entry.definition }
    }
    const near = nearestName(name.text, this.#names)
    if (near !== undefined) this.#near.set(at.offset, near)
    return call
  }

  /** The error with the name that was meant, if a user function was. */
  withHint(error: unknown): unknown {
    if (!(error instanceof SqlError) || error.code !== 'UNKNOWN_FUNCTION') return error
    const near = error.at && this.#near.get(error.at.offset)
    if (near === undefined) return error
    const { code, message, at, position, details } = error
    return new SqlError(code, message, { at, position, details, hint: `Did you mean ${near}?` })
  }
}
