/** Files stay short enough to be read in one go. Tests are exempt. */

import { checkLengths } from './ratchet.ts'
import type { Rule } from './rule.ts'
import { isTest } from './tree.ts'

const LIMIT = { lines: 400, advice: 'split it by idea, one file each' }

export const fileLength: Rule = {
  name: 'file-length',
  check(tree) {
    const measured = [...tree.sources.values()]
      .filter((file) => !isTest(file.path))
      .map(({ path, lines }) => ({ key: path, path, line: 1, length: lines.length - 1 }))
    return checkLengths(tree, 'file-length', measured, LIMIT)
  },
}
