/** `/v1/webhooks`: requests of other services, for the tables of the webhook connector. */

import { z } from '@hono/zod-openapi'
import type { App, AppContext } from '../app-context.ts'
import { accessCheck } from '../http/access.ts'
import { readBody } from '../http/body.ts'

/** What stands before a webhook's own path. */
export const WEBHOOKS = '/v1/webhooks/'

export function webhookRoutes(app: App, context: AppContext): void {
  const { token, limits } = context.config
  const checkAccess = accessCheck(token)
  app.post(`${WEBHOOKS}*`, async (c) => {
    const path = decodeURIComponent(c.req.path.slice(WEBHOOKS.length))
    const receiver = context.database.webhook(path)
    // A signature proves who sends; without one the token must.
    if (!receiver.isSigned) checkAccess(c.req.header('authorization'))
    const body = await readBody(c.env.incoming, limits.bodyBytesMax)
    const { authorization: _, ...headers } = c.req.header()
    const count = await receiver.receive({ path, headers, query: c.req.query(), body })
    return c.json({ count })
  })
  register(app)
}

function register(app: App): void {
  app.openAPIRegistry.registerPath({
    method: 'post',
    path: '/v1/webhooks/{path}',
    summary: 'Receive a webhook; answers when its records are on the disk',
    request: { params: z.object({ path: z.string() }) },
    responses: {
      200: { description: '{"count": n}' },
      401: { description: 'The signature, or without one the token, is wrong' },
      404: { description: 'No table receives at this path' },
      413: { description: 'The body is too large' },
      422: { description: 'The body has not the form that the table says. Nothing was stored.' },
      503: { description: 'The records cannot be stored now' },
    },
  })
}
