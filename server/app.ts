/** The HTTP application: what every request passes through, and the list of routes. */

import { OpenAPIHono } from '@hono/zod-openapi'
import { asSqlError, SqlError } from '../engine/base/errors.ts'
import type { AppBindings, AppContext } from './app-context.ts'
import { accessCheck } from './http/access.ts'
import { sameOriginCheck } from './http/origin.ts'
import { problemResponse } from './http/problem.ts'
import { sqlTextOf } from './http/sql-text.ts'
import { apiDocument } from './routes/api-document.ts'
import { checkpointRoutes } from './routes/checkpoints.ts'
import { consoleRoutes } from './routes/console.ts'
import { healthRoutes } from './routes/health.ts'
import { metricsRoutes } from './routes/metrics.ts'
import { queryRoutes } from './routes/queries.ts'
import { queueRoutes } from './routes/queue.ts'
import { sqlRoutes } from './routes/sql.ts'
import { streamRoutes } from './routes/streams.ts'
import { subscribeRoutes } from './routes/subscribe.ts'
import { viewRoutes } from './routes/views.ts'
import { WEBHOOKS, webhookRoutes } from './routes/webhooks.ts'

/** Every error leaves as problem details; nothing a request holds can end the process (law 7). */
export function createApp(context: AppContext): OpenAPIHono<AppBindings> {
  const app = new OpenAPIHono<AppBindings>()
  const checkAccess = accessCheck(context.config.token)
  const checkOrigin = sameOriginCheck(context.config)
  app.use(async (c, next) => {
    checkOrigin(c.env.incoming)
    const isOpen = OPEN_PATHS.has(c.req.path) || c.req.path.startsWith(WEBHOOKS)
    if (!isOpen) checkAccess(c.req.header('authorization'))
    if (!EARLY_PATHS.has(c.req.path) && !context.ready()) throw notReady()
    await next()
  })
  healthRoutes(app, context)
  apiDocument(app)
  consoleRoutes(app)
  metricsRoutes(app, context)
  sqlRoutes(app, context)
  queryRoutes(app, context)
  subscribeRoutes(app, context)
  viewRoutes(app, context)
  streamRoutes(app, context)
  queueRoutes(app, context)
  webhookRoutes(app, context)
  checkpointRoutes(app, context)
  app.notFound((c) => problemResponse(missing(app, c.req.method, c.req.path)))
  app.onError((thrown, c) => {
    const error = asSqlError(thrown)
    const level = error.fault === 'internal' ? 'error' : 'debug'
    context.log[level]({ err: thrown, path: c.req.path }, error.message)
    return problemResponse(error, sqlTextOf(error))
  })
  return app
}

/** Probes answer without a token; webhooks look at who sends them themselves. */
const OPEN_PATHS: ReadonlySet<string> = new Set(['/healthz', '/readyz'])
/** Answered while the server recovers. */
const EARLY_PATHS: ReadonlySet<string> = new Set([
  '/',
  '/healthz',
  '/readyz',
  '/metrics',
  '/openapi.json',
])

const notReady = (): SqlError =>
  new SqlError('UNAVAILABLE', 'The server is recovering', {
    hint: 'GET /readyz answers 200 when it is ready.',
  })

/** 405 if the path exists with other methods, else 404. */
function missing(app: OpenAPIHono<AppBindings>, method: string, path: string): SqlError {
  const allowed = new Set<string>()
  for (const route of app.routes) {
    if (route.method === 'ALL') continue
    const literal = route.path.replace(/[.+?^${}()|[\]\\]/g, '\\$&')
    const pattern = literal.replace(/:\w+/g, '[^/]+').replace(/\*/g, '.+')
    if (new RegExp(`^${pattern}$`).test(path)) allowed.add(route.method)
  }
  if (allowed.size === 0) {
    return new SqlError('NOT_FOUND', `There is nothing at ${path}`, {
      hint: 'GET /openapi.json lists what there is.',
    })
  }
  const methods = [...allowed].sort().join(', ')
  return new SqlError('METHOD_NOT_ALLOWED', `${path} does not take ${method}`, {
    hint: `It takes ${methods}.`,
    details: { allow: methods },
  })
}
