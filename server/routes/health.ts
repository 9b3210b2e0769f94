/** Probes: `/healthz` says that the process answers, `/readyz` that it has recovered. */

import type { App, AppContext } from '../app-context.ts'

export function healthRoutes(app: App, context: AppContext): void {
  app.get('/healthz', (c) => c.json({ status: 'ok' }))
  app.get('/readyz', (c) => {
    if (context.ready()) return c.json({ status: 'ready' })
    const recovery = context.recovery()
    return c.json({ status: 'recovering', ...(recovery && { recovery }) }, 503)
  })
  app.openAPIRegistry.registerPath({
    method: 'get',
    path: '/healthz',
    summary: 'The process answers',
    responses: { 200: { description: 'It does' } },
  })
  app.openAPIRegistry.registerPath({
    method: 'get',
    path: '/readyz',
    summary: 'The server has recovered and serves results',
    responses: {
      200: { description: 'Ready' },
      503: {
        description:
          'Recovering: "recovery" has the epoch replayed last, the last to replay, and what it waits for',
      },
    },
  })
}
