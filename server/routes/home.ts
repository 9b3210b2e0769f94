/** `/`: says what this is and where to go on; and the OpenAPI document. */

import type { App } from '../app-context.ts'

const PAGE = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Millrace</title>
<style>
  body { font: 16px/1.5 system-ui, sans-serif; max-width: 44rem; margin: 3rem auto; padding: 0 1rem }
  code, pre { font: 14px/1.5 ui-monospace, monospace; background: #8882; border-radius: 4px }
  code { padding: 0 .3em } pre { padding: 1rem; overflow-x: auto }
  @media (prefers-color-scheme: dark) { body { background: #111; color: #ddd } a { color: #8bf } }
</style>
<h1>Millrace</h1>
<p>A SQL streaming database: continuous SQL in, live results out. This server is running.</p>
<pre>curl -s localhost:7070/v1/sql -H 'content-type: application/json' \\
  -d '{"sql": "SHOW TABLES"}'

curl -N 'localhost:7070/v1/subscribe?sql=SELECT+1+AS+one'</pre>
<ul>
  <li><a href="/v1/queries">/v1/queries</a>: continuous queries and materialized views</li>
  <li><a href="/v1/streams">/v1/streams</a>: streams and their offsets</li>
  <li><a href="/openapi.json">/openapi.json</a>: every call</li>
  <li><a href="/metrics">/metrics</a>: for Prometheus</li>
  <li><a href="/healthz">/healthz</a>, <a href="/readyz">/readyz</a>: probes</li>
</ul>
</html>
`

export function homeRoutes(app: App): void {
  app.get('/', (c) => c.html(PAGE))
  app.doc31('/openapi.json', {
    openapi: '3.1.0',
    info: { title: 'Millrace', version: '1', description: 'A SQL streaming database over queues.' },
  })
}
