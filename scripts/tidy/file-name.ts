/** Files are kebab-case and named after the one thing they own, never after a drawer. */

import type { Finding, Rule } from './rule.ts'
import { isTest } from './tree.ts'

const KEBAB = /^[a-z0-9]+(?:-[a-z0-9]+)*(?:\.(?:test|bench|config|d))*\.ts$/
/** As a name, or as its last word. */
const DRAWERS = /^(?:utils?|helpers?|common|misc|manager)$/

export const fileName: Rule = {
  name: 'file-name',
  check: (tree) =>
    [...tree.sources.keys()].flatMap((path): Finding[] => {
      const folders = path.split('/')
      const name = folders.pop() ?? ''
      if (!KEBAB.test(name)) return [{ path, line: 1, message: 'name the file in-kebab-case.ts' }]
      if (isTest(path)) return []
      const names = [...folders, name.split('.')[0]]
      const drawer = names.find((part) => DRAWERS.test(part.split('-').at(-1) ?? ''))
      return drawer === undefined
        ? []
        : [{ path, line: 1, message: `"${drawer}" says nothing: name what the file owns` }]
    }),
}
