/** Functions fit on a screen. Tests are exempt. */

import { checkLengths } from './ratchet.ts'
import type { Rule } from './rule.ts'
import { isTest } from './tree.ts'

const LIMIT = { lines: 70, advice: 'pull its parts out into functions with names' }

export const functionLength: Rule = {
  name: 'function-length',
  check(tree) {
    const measured = [...tree.sources.values()]
      .filter((file) => !isTest(file.path))
      .flatMap(({ path, functions }) =>
        functions.map(({ name, line, endLine }) => ({
          key: `${path}#${name}`,
          path,
          line,
          length: endLine - line + 1,
        })),
      )
    return checkLengths(tree, 'function-length', measured, LIMIT)
  },
}
