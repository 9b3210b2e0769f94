/** Why a path gives no value of a document: there is none, or the document and the path do not fit
 *  (strict mode), as SQL:2016's ON EMPTY and ON ERROR tell apart. */

import { encodeText } from '../utf8.ts'
import { JsonFinder } from './find.ts'
import { type JsonPath, pathOf } from './path.ts'

/** What is asked for: any value, a scalar, an array or object, or anything in a wrapper. */
export type Asked = 'any' | 'scalar' | 'nested' | 'wrapped'

export const FOUND = 0
export const EMPTY = 1
export const ERROR = 2

/** FOUND, EMPTY or ERROR for each document. In lax mode what cannot be followed is empty, a text
 *  that is no JSON too. JSON null is no value, except for JSON_EXISTS (`any`). */
export function outcomeOf(path: JsonPath, asked: Asked): (document: string) => number {
  const finder = new JsonFinder(path)
  const required = new JsonFinder(pathOf(singleSteps(path)))
  const failed = path.strict ? ERROR : EMPTY
  return (document) => {
    const bytes = encodeText(document)
    const count = finder.find(bytes, 0, bytes.length)
    if (count < 0) return failed
    if (!path.isSingle) {
      if (path.strict && required.find(bytes, 0, bytes.length) === 0) return ERROR
      if (asked === 'any') return count > 0 ? FOUND : EMPTY
      return asked === 'scalar' ? failed : FOUND
    }
    if (count === 0) return failed
    if (asked === 'any') return FOUND
    const first = bytes[finder.found[0]]
    // n: null.
    if (first === 110) return EMPTY
    const isNested = first === 123 || first === 91
    return asked === 'wrapped' || isNested === (asked === 'nested') ? FOUND : failed
  }
}

/** The steps before the first that can lead to several values: in strict mode all must be there. */
function singleSteps({ steps }: JsonPath): JsonPath['steps'] {
  const several = steps.findIndex((step) => !pathOf([step]).isSingle)
  return several < 0 ? steps : steps.slice(0, several)
}
