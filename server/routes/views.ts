/** `/v1/views/{name}`: the rows of a materialized view as they are now. */

import { z } from '@hono/zod-openapi'
import type { App, AppContext } from '../app-context.ts'
import { acceptedFormat, rowsResponse } from '../http/formats.ts'
import { parseWith } from '../http/parse.ts'
import { withSqlText } from '../http/sql-text.ts'
import { rowsText } from '../statement-result.ts'

const ViewOptions = z.strictObject({
  filter: z.string().optional().openapi({ example: "origin = 'ATL'" }),
  order: z.string().optional().openapi({ example: 'flights DESC' }),
  limit: z.coerce.number().int().min(0).optional(),
  offset: z.coerce.number().int().min(0).optional(),
})

export function viewRoutes(app: App, context: AppContext): void {
  app.get('/v1/views/:name', async (c) => {
    const format = acceptedFormat(c.req.header('accept'))
    const options = parseWith(ViewOptions, c.req.query(), 'query')
    const sql = selectText(context.database.viewName(c.req.param('name')), options)
    const result = await withSqlText(sql, () => context.database.select(sql))
    if (format !== 'json') return rowsResponse(format, result)
    return c.body(`{${rowsText(result)}}`, 200, { 'content-type': 'application/json' })
  })
  app.openAPIRegistry.registerPath({
    method: 'get',
    path: '/v1/views/{name}',
    summary: 'Rows of a materialized view, filtered, ordered and cut',
    request: { params: z.object({ name: z.string() }), query: ViewOptions },
    responses: { 200: { description: 'JSON, CSV, NDJSON or Arrow, by Accept' } },
  })
}

/** The parts are SQL of the caller's own; parsed as one SELECT, they can do no more than that. */
function selectText(name: string, options: z.output<typeof ViewOptions>): string {
  const { filter, order, limit, offset } = options
  const parts = [`SELECT * FROM "${name.replaceAll('"', '""')}"`]
  // On a line of their own, so that a comment at the end hides nothing.
  if (filter !== undefined) parts.push(`WHERE (${filter}\n)`)
  if (order !== undefined) parts.push(`ORDER BY ${order}`)
  if (limit !== undefined) parts.push(`LIMIT ${limit}`)
  if (offset !== undefined) parts.push(`OFFSET ${offset}`)
  return parts.join('\n')
}
