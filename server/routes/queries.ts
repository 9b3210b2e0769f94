/** `/v1/queries`: continuous queries and materialized views. */

import { z } from '@hono/zod-openapi'
import type { App, AppContext } from '../app-context.ts'
import { readJson } from '../http/body.ts'
import { parseWith } from '../http/parse.ts'
import { withSqlText } from '../http/sql-text.ts'
import { putQuery, renameQuery } from '../statements/create-query.ts'

export const QueryBody = z
  .strictObject({
    name: z.string().min(1).optional().openapi({ example: 'busy_airports' }),
    sql: z.string(),
  })
  .openapi('Query')

export const PutBody = z
  .strictObject({
    sql: z.string(),
    confirm: z.string().optional().openapi({ description: 'From the problem that asked for it' }),
  })
  .openapi('QueryText')

export const PatchBody = z
  .strictObject({ name: z.string().min(1).openapi({ example: 'busy_airports' }) })
  .openapi('QueryName')

export function queryRoutes(app: App, context: AppContext): void {
  const { limits } = context.config
  app.get('/v1/queries', async (c) => c.json({ queries: await context.database.queries() }))
  app.post('/v1/queries', async (c) => {
    const body = await readJson(c.env.incoming, limits.bodyBytesMax)
    const { name, sql } = parseWith(QueryBody, body, 'body')
    return c.json(await withSqlText(sql, () => context.database.createQuery(sql, name)), 201)
  })
  app.get('/v1/queries/:name', async (c) =>
    c.json(await context.database.query(c.req.param('name'))),
  )
  app.put('/v1/queries/:name', async (c) => {
    const body = parseWith(PutBody, await readJson(c.env.incoming, limits.bodyBytesMax), 'body')
    const put = () => context.database.change((parts) => putQuery(parts, c.req.param('name'), body))
    const { info, replaced } = await withSqlText(body.sql, put)
    if (replaced === undefined) return c.json(info, 201)
    const { how, operators, warnings } = replaced
    return c.json({ ...info, replaced: { how, operators, warnings } })
  })
  app.patch('/v1/queries/:name', async (c) => {
    const body = parseWith(PatchBody, await readJson(c.env.incoming, limits.bodyBytesMax), 'body')
    const name = c.req.param('name')
    return c.json(await context.database.change((parts) => renameQuery(parts, name, body.name)))
  })
  app.delete('/v1/queries/:name', async (c) => {
    await context.database.dropQuery(c.req.param('name'))
    return c.body(null, 204)
  })
  for (const action of ['pause', 'resume'] as const) {
    app.post(`/v1/queries/:name/${action}`, async (c) =>
      c.json(await context.database.changeQuery(action, c.req.param('name'))),
    )
  }
  app.post('/v1/queries/:name/restart', async (c) =>
    c.json(await context.database.restartQuery(c.req.param('name'))),
  )
  register(app)
}

function register(app: App): void {
  const { openAPIRegistry: registry } = app
  const params = z.object({ name: z.string() })
  const path = '/v1/queries/{name}'
  registry.registerPath({
    method: 'get',
    path: '/v1/queries',
    summary: 'All continuous queries and materialized views',
    responses: { 200: { description: '{"queries": […]}' } },
  })
  registry.registerPath({
    method: 'post',
    path: '/v1/queries',
    summary: 'Start a continuous query',
    request: { body: { content: { 'application/json': { schema: QueryBody } }, required: true } },
    responses: { 201: { description: 'The query' } },
  })
  registry.registerPath({
    method: 'get',
    path,
    summary: 'State, plan, watermark, rows, lag, state size and last error',
    request: { params },
    responses: { 200: { description: 'The query' } },
  })
  const bodyOf = (schema: typeof PutBody | typeof PatchBody) => ({
    body: { content: { 'application/json': { schema } }, required: true },
  })
  registry.registerPath({
    method: 'put',
    path,
    summary: 'Another SELECT in the place of a query, with the state of equal operators',
    request: { params, ...bodyOf(PutBody) },
    responses: {
      200: { description: 'The query, and what became of its state' },
      201: { description: 'There was no such query: it is started' },
      409: { description: 'State would be lost: details.confirm confirms it' },
    },
  })
  registry.registerPath({
    method: 'patch',
    path,
    summary: 'Another name',
    request: { params, ...bodyOf(PatchBody) },
    responses: { 200: { description: 'The query' } },
  })
  registry.registerPath({
    method: 'delete',
    path,
    summary: 'Stop a query and remove its results',
    request: { params },
    responses: { 204: { description: 'It is gone' } },
  })
  const actions = {
    pause: 'Stop a query where it is; state and results stay',
    resume: 'Let a paused query go on; it catches up',
    restart: 'Run a query from the beginning of its tables once more, under a new id',
  }
  for (const [action, summary] of Object.entries(actions)) {
    const responses = { 200: { description: 'The query' } }
    registry.registerPath({
      ...{ method: 'post', path: `${path}/${action}`, summary, request: { params }, responses },
    })
  }
}
