/** Event streams: of a query or materialized view by name, or of a SELECT for as long as its client
 *  stays. */

import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response'
import { z } from '@hono/zod-openapi'
import type { Context } from 'hono'
import { fail } from '../../engine/base/errors.ts'
import type { App, AppBindings, AppContext } from '../app-context.ts'
import { readJson } from '../http/body.ts'
import { parseWith } from '../http/parse.ts'
import { withSqlText } from '../http/sql-text.ts'
import { prepareStream, type StreamRequest, type Subscribable } from '../sse/stream.ts'
import { SqlBody } from './sql.ts'

const EventOptions = z.strictObject({
  mode: z.enum(['changelog', 'upsert']).default('changelog'),
  snapshot: z.enum(['true', 'false']).optional(),
  on_slow: z.enum(['disconnect', 'drop', 'block']).default('disconnect'),
  after: z.string().optional(),
  from: z.enum(['earliest', 'latest']).default('earliest'),
})
const SqlOptions = EventOptions.extend({ sql: z.string() })

type Call = Context<AppBindings>

export function subscribeRoutes(app: App, context: AppContext): void {
  const { limits } = context.config
  app.get('/v1/queries/:name/events', async (c) => {
    const options = parseWith(EventOptions, c.req.query(), 'query')
    const source = context.database.subscribable(c.req.param('name'))
    return sendStream(c, context, { source, request: requestOf(c, options) })
  })
  app.get('/v1/subscribe', async (c) => {
    const { sql, ...options } = parseWith(SqlOptions, c.req.query(), 'query')
    return subscribe(c, context, sql, requestOf(c, options))
  })
  app.post('/v1/subscribe', async (c) => {
    const options = parseWith(EventOptions, c.req.query(), 'query')
    const body = await readJson(c.env.incoming, limits.bodyBytesMax)
    const { sql } = parseWith(SqlBody, body, 'body')
    return subscribe(c, context, sql, requestOf(c, options))
  })
  register(app)
}

function requestOf(c: Call, options: z.output<typeof EventOptions>): StreamRequest {
  return {
    mode: options.mode,
    onSlow: options.on_slow,
    snapshot: options.snapshot === undefined ? undefined : options.snapshot === 'true',
    after: options.after ?? (c.req.header('last-event-id') || undefined),
    from: options.from,
  }
}

/** A query that lives as long as its client stays. */
async function subscribe(
  c: Call,
  context: AppContext,
  sql: string,
  request: StreamRequest,
): Promise<Response> {
  if (request.after !== undefined) {
    fail('GONE', 'A query that was only subscribed to is gone with its connection', {
      hint: 'Create it with POST /v1/queries to be able to resume; or subscribe without an id.',
    })
  }
  const query = await withSqlText(sql, () => context.database.subscribe(sql))
  try {
    return await sendStream(c, context, { ...query, request })
  } catch (error) {
    query.release()
    throw error
  }
}

interface StreamToSend {
  readonly source: Subscribable
  readonly request: StreamRequest
  /** Called once, when the stream is over. */
  readonly release?: () => void
}

const HEADERS = {
  'content-type': 'text/event-stream; charset=utf-8',
  'cache-control': 'no-cache, no-transform',
  'x-accel-buffering': 'no',
}

async function sendStream(
  c: Call,
  context: AppContext,
  { source, request, release }: StreamToSend,
): Promise<Response> {
  const { subscriptions, clock, config } = context
  const { heartbeatMs, progressMs } = config
  const leave = subscriptions.reserve()
  try {
    const prepared = await prepareStream(source, request, { clock, heartbeatMs, progressMs })
    const { outgoing } = c.env
    outgoing.writeHead(200, HEADERS)
    outgoing.socket?.setNoDelay(true)
    const stream = prepared.start(outgoing, () => {
      leave()
      subscriptions.remove(stream)
      release?.()
    })
    subscriptions.add(stream)
    outgoing.once('close', () => stream.close())
    // A write that meets a closed socket is no news: `close` comes with it.
    outgoing.on('error', () => {})
    return RESPONSE_ALREADY_SENT
  } catch (error) {
    leave()
    throw error
  }
}

function register(app: App): void {
  const { openAPIRegistry: registry } = app
  const responses = {
    200: { description: 'text/event-stream: schema, snapshot, changes, progress, error, end' },
    410: { description: 'The position is older than what is kept' },
  }
  registry.registerPath({
    method: 'get',
    path: '/v1/queries/{name}/events',
    summary: 'Follow the changes of a query or materialized view; resumable by Last-Event-ID',
    request: { params: z.object({ name: z.string() }), query: EventOptions },
    responses,
  })
  registry.registerPath({
    method: 'get',
    path: '/v1/subscribe',
    summary: 'Follow the changes of a SELECT while the connection lasts',
    request: { query: SqlOptions },
    responses,
  })
  registry.registerPath({
    method: 'post',
    path: '/v1/subscribe',
    summary: 'The same, with the SELECT in the body',
    request: {
      query: EventOptions,
      body: { content: { 'application/json': { schema: SqlBody } }, required: true },
    },
    responses,
  })
}
