/** The only file that knows node-sql-parser. It is given texts made of structure and placeholders
 *  (see `rewrite/rewritten.ts`), never the user's text. */

import nsp from 'node-sql-parser/build/postgresql.js'
import { asSqlError, fail, type Span } from '../../engine/base/errors.ts'
import { nodeOf, onlyFields, refuse, type TreeNode } from './lower/strict.ts'
import type { Rewritten } from './rewrite/rewritten.ts'
import { spanOf } from './token.ts'

interface Grammar {
  astify(sql: string, options: { readonly database: string }): unknown
}

const { Parser } = nsp as unknown as { readonly Parser: new () => Grammar }
const grammar = new Parser()

/** The tree of one SELECT. SYNTAX at the token where the grammar gave up. */
export function parseSelectText(out: Rewritten): TreeNode {
  out.start()
  const tree = nodeOf(astify(out), 'a query')
  if (tree.type !== 'select') refuse(`a query of the kind ${String(tree.type)}`)
  onlyFields(tree, 'SELECT', ['type', 'distinct', 'columns', 'from', 'where', 'groupby', 'having'])
  return tree
}

function astify(out: Rewritten): unknown {
  try {
    return grammar.astify(out.text, { database: 'postgresql' })
  } catch (error) {
    const place = placeOf(error)
    if (place === undefined) throw asSqlError(error)
    const origin = place < out.text.length ? out.originOf(place) : undefined
    return noSelect(out, origin)
  }
}

function noSelect(out: Rewritten, origin: Span | undefined): never {
  const at = spanOf(origin ?? out.originOf(out.text.length))
  fail('SYNTAX', origin === undefined ? 'The query ends too early' : 'The query goes wrong here', {
    at,
    hint: 'The order is SELECT, FROM, WHERE, GROUP BY, HAVING, QUALIFY, ORDER BY, LIMIT',
  })
}

/** The offset in the rewritten text at which the grammar gave up; undefined for other errors. */
function placeOf(error: unknown): number | undefined {
  const { location } = error as { location?: { start?: { offset?: number } } }
  return location?.start?.offset
}
