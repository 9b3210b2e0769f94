/** An aggregate over a windowing table function assigns the windows itself, when nothing else reads
 *  the window columns: no column is made per row, only one value per window. */

import { fuseWindow as fuse } from '../../logical/fuse-window.ts'
import { mapNode } from '../../logical/visit.ts'
import type { Rule } from '../rule.ts'

export const fuseWindow: Rule = {
  name: 'fuse-window',
  apply: (root) =>
    mapNode(root, (node) => (node.kind === 'window-aggregate' ? (fuse(node) ?? node) : node)),
}
