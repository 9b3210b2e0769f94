/** The web console at `/`: the page, its style, and its modules with those of the client. In the
 *  repository they are TypeScript and lose their types on the way; in the package they are
 *  JavaScript. */

import { stripTypeScriptTypes } from 'node:module'
import { fileURLToPath } from 'node:url'
import { nodeDisk } from '../../engine/base/disk.ts'
import { fail } from '../../engine/base/errors.ts'
import type { App } from '../app-context.ts'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))

/** Names that can stand in a path: no way out of the two folders. */
const FILE = /^[a-z][a-z-]*\.(html|css|js|ts)$/

const TYPES: Record<string, string> = {
  html: 'text/html; charset=utf-8',
  css: 'text/css; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  ts: 'text/javascript; charset=utf-8',
}

/** A file as the browser takes it. NOT_FOUND if there is none. */
function pageFile(folder: string, name: string): { body: string; type: string } {
  const ending = FILE.exec(name)?.[1] ?? fail('NOT_FOUND', `There is nothing at /${folder}/${name}`)
  const read = (file: string) => {
    const bytes = nodeDisk.readAll(`${ROOT}${folder}/${file}`)
    return bytes === undefined ? undefined : Buffer.from(bytes).toString()
  }
  const type = TYPES[ending]
  if (ending === 'html' || ending === 'css') {
    return { body: read(name) ?? fail('NOT_FOUND', `There is no /${folder}/${name}`), type }
  }
  const stem = name.slice(0, -3)
  const source = read(`${stem}.ts`)
  const body = source === undefined ? read(`${stem}.js`) : stripTypeScriptTypes(source)
  return { body: body ?? fail('NOT_FOUND', `There is no /${folder}/${name}`), type }
}

export function consoleRoutes(app: App): void {
  const answer = (folder: string, name: string) => {
    const { body, type } = pageFile(folder, name)
    const headers = { 'content-type': type, 'content-security-policy': POLICY }
    return new Response(body, { headers })
  }
  app.get('/', () => answer('console', 'index.html'))
  app.get('/console/:file', (c) => answer('console', c.req.param('file')))
  app.get('/client/:file', (c) => answer('client', c.req.param('file')))
}

/** The page runs its own modules and talks to its own server, nothing else. */
const POLICY = "default-src 'self'; img-src 'self' data:; style-src 'self'"
