/** The web console: run SQL, watch queries live. It uses the client as any page would. */

import { MillraceClient, MillraceError, type SqlResult } from '../client/index.ts'
import { byId, element } from './element.ts'
import { LiveResult } from './live.ts'
import { Overview } from './overview.ts'
import { resultRow, resultTable } from './result-table.ts'

const client = new MillraceClient({ url: location.origin })
const editor = byId<HTMLTextAreaElement>('sql')
const output = byId('output')
let live: LiveResult | undefined

const overview = new Overview(client, {
  follow: (name) => follow(name, name),
  select: (name) => {
    editor.value = `SELECT * FROM ${quoted(name)} LIMIT 100;`
    void run()
  },
})

function show(...results: readonly HTMLElement[]): void {
  live?.close()
  live = undefined
  overview.followed = undefined
  output.replaceChildren(...results)
}

function follow(target: string | { sql: string }, title: string): void {
  const next = new LiveResult(client, target, title)
  show(next.root)
  live = next
  overview.followed = typeof target === 'string' ? target : undefined
  void overview.refresh()
}

async function run(): Promise<void> {
  const sql = editor.value
  try {
    show(...(await client.sql(sql)).map(resultElement))
  } catch (error) {
    show(errorElement(error))
  }
  void overview.refresh()
}

function resultElement(result: SqlResult): HTMLElement {
  if (result.kind === 'ok') {
    const warnings = (result.warnings ?? []).map((text) => element('p', {}, text))
    const message = element('p', { className: 'quiet' }, result.message)
    return element('div', { className: 'result' }, message, ...warnings)
  }
  const { frame, body } = resultTable(result.columns)
  body.append(...result.rows.map((row) => resultRow(result.columns, row)))
  const rows = result.rows.length
  const note = element('p', { className: 'quiet' }, rows === 1 ? '1 row' : `${rows} rows`)
  return element('div', { className: 'result' }, frame, note)
}

function errorElement(error: unknown): HTMLElement {
  const parts = [(error as Error).message]
  if (error instanceof MillraceError) {
    if (error.snippet !== undefined) parts.push(error.snippet)
    if (error.hint !== undefined) parts.push(`hint: ${error.hint}`)
  }
  return element('pre', { className: 'error' }, parts.join('\n\n'))
}

const quoted = (name: string): string =>
  /^[A-Za-z_]\w*$/.test(name) ? name : `"${name.replaceAll('"', '""')}"`

byId('editor').addEventListener('submit', (event) => {
  event.preventDefault()
  void run()
})
byId('follow').addEventListener('click', () => {
  const sql = editor.value.trim().replace(/;\s*$/, '')
  follow({ sql }, sql.split('\n')[0].slice(0, 60))
})
editor.addEventListener('keydown', (event) => {
  if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) {
    event.preventDefault()
    void run()
  }
})
