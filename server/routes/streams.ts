/** `/v1/streams`: the embedded queue. Records are acknowledged when they are on the disk. */

import { z } from '@hono/zod-openapi'
import type { Batch } from '../../engine/batch/batch.ts'
import { formatOfMediaType } from '../../engine/format/index.ts'
import type { App, AppContext } from '../app-context.ts'
import { enveloped, type StreamRows } from '../envelope.ts'
import { mediaType, readBody } from '../http/body.ts'
import { parseWith } from '../http/parse.ts'
import { decodeEnveloped, saidInHeaders } from '../queue/enveloped-records.ts'
import { decodeRecords, RECORD_TYPES, recordFormat } from '../records.ts'

const RecordOptions = z.strictObject({
  split: z.coerce.number().int().min(0).optional(),
  format: z.string().optional(),
})

export function streamRoutes(app: App, context: AppContext): void {
  const { limits } = context.config
  app.get('/v1/streams', async (c) => c.json({ streams: await context.database.streams() }))
  app.get('/v1/streams/:name', async (c) =>
    c.json(await context.database.stream(c.req.param('name'))),
  )
  app.post('/v1/streams/:name/records', async (c) => {
    const options = parseWith(RecordOptions, c.req.query(), 'query')
    const table = context.database.embeddedTable(c.req.param('name'))
    const { incoming } = c.env
    const said = saidInHeaders(incoming.headers)
    const type = mediaType(incoming)
    // A content type that cannot be is refused before the body is read.
    const format =
      options.format === 'envelope' ? undefined : recordFormat(options.format, type, table)
    const body = await readBody(incoming, limits.bodyBytesMax)
    const { rowBytesMax } = limits
    const nowUs = context.clock.nowUs()
    let rows: Batch | StreamRows
    if (format === undefined) {
      const lines = formatOfMediaType(type)?.name === 'ndjson'
      rows = decodeEnveloped(body, table, { lines, rowBytesMax, said: said ?? {}, nowUs })
    } else {
      rows = decodeRecords(body, format, table, rowBytesMax)
      if (said !== undefined) rows = enveloped(rows, Array(rows.rowCount).fill(said), nowUs)
    }
    const idempotencyKey = c.req.header('idempotency-key')
    const { split } = options
    return c.json(await context.database.append(table, rows, { split, idempotencyKey }))
  })
  app.post('/v1/streams/:name/end', async (c) => {
    await context.database.endStream(c.req.param('name'))
    return c.json({ ended: true })
  })
  register(app)
}

function register(app: App): void {
  const { openAPIRegistry: registry } = app
  const params = z.object({ name: z.string() })
  registry.registerPath({
    method: 'get',
    path: '/v1/streams',
    summary: 'All streams and tables',
    responses: { 200: { description: '{"streams": […]}' } },
  })
  registry.registerPath({
    method: 'get',
    path: '/v1/streams/{name}',
    summary: 'Schema, splits, offsets and watermark of a stream',
    request: { params },
    responses: { 200: { description: 'The stream' } },
  })
  registry.registerPath({
    method: 'post',
    path: '/v1/streams/{name}/records',
    summary: 'Append records; answers when they are on the disk',
    request: {
      params,
      query: RecordOptions,
      body: { content: Object.fromEntries(RECORD_TYPES.map((t) => [t, { schema: {} }])) },
    },
    responses: {
      200: { description: '{"count": n, "offsets": [{"split", "first", "last"}]}' },
      422: { description: 'A record does not fit: its index and why. Nothing was stored.' },
    },
  })
  registry.registerPath({
    method: 'post',
    path: '/v1/streams/{name}/end',
    summary: 'Declare that no record will follow: windows close, dependent queries finish',
    request: { params },
    responses: { 200: { description: 'The stream has ended' } },
  })
}
