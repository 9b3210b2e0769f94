/** Puts the console's page and style beside its compiled modules: the last step of `npm run build`.
 */

import { copyFileSync, mkdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../', import.meta.url))
mkdirSync(`${root}dist/console`, { recursive: true })
for (const file of ['index.html', 'console.css']) {
  copyFileSync(`${root}console/${file}`, `${root}dist/console/${file}`)
}
