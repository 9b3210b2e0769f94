/** Nothing that is committed names a machine: no absolute home or work folders, no registry but the
 *  public one. */

import type { Finding, Rule } from './rule.ts'

const MACHINE = /(?:^|[\s"'`(=:])(?:\/(?:work|root|home\/\w+|Users\/\w+)\/|[A-Z]:\\\w)/
const REGISTRY = /"resolved": "https?:\/\/(?!registry\.npmjs\.org\/)/

export const machinePath: Rule = {
  name: 'machine-path',
  check: (tree) =>
    [...tree.texts].flatMap(([path, text]) =>
      text.split('\n').flatMap((line, index): Finding[] => {
        if (MACHINE.test(line)) {
          const message = 'names a folder of one machine: make the path relative'
          return [{ path, line: index + 1, message }]
        }
        if (!REGISTRY.test(line)) return []
        return [{ path, line: index + 1, message: 'names a private registry: leave it out' }]
      }),
    ),
}
