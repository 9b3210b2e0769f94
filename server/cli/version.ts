/** The version of this package, from its package.json. */

import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

/** Walks up from this file: the sources lie two folders deep, the published files three. */
function readVersion(): string {
  for (let folder = import.meta.dirname; ; folder = dirname(folder)) {
    try {
      const { name, version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
      if (name === 'millrace') return version
    } catch {
      // No package.json here: look one folder up.
    }
    if (folder === dirname(folder)) return 'unknown'
  }
}

export const VERSION = readVersion()
