/** `/v1/checkpoints` and `/v1/backups`: the state of the engine on the disk. */

import { z } from '@hono/zod-openapi'
import type { CheckpointStatus } from '../../engine/graph/protocol.ts'
import type { App, AppContext } from '../app-context.ts'
import { readJson } from '../http/body.ts'
import { parseWith } from '../http/parse.ts'
import { watermarkText } from '../sse/event.ts'

const BackupBody = z.strictObject({ name: z.string().openapi({ example: 'before-upgrade' }) })

export function checkpointRoutes(app: App, context: AppContext): void {
  app.post('/v1/checkpoints', async (c) =>
    c.json(checkpointJson(await context.database.checkpoint())),
  )
  app.get('/v1/checkpoints', async (c) => {
    const { checkpoint } = await context.database.engineStatus()
    return c.json(checkpointJson(checkpoint))
  })
  app.post('/v1/backups', async (c) => {
    const body = await readJson(c.env.incoming, context.config.limits.bodyBytesMax)
    const { name } = parseWith(BackupBody, body, 'body')
    return c.json({ name, folder: await context.database.backup(name) }, 201)
  })
  register(app)
}

function checkpointJson({ epoch, bytes, durationMs, madeUs, failures, error }: CheckpointStatus) {
  const madeAt = madeUs === 0 ? null : watermarkText(madeUs)
  return { epoch, bytes, durationMs, madeAt, failures, error: error ?? null }
}

function register(app: App): void {
  const { openAPIRegistry: registry } = app
  registry.registerPath({
    method: 'post',
    path: '/v1/checkpoints',
    summary: 'Make a checkpoint now',
    responses: {
      200: { description: '{"epoch", "bytes", "durationMs", "madeAt", "failures", "error"}' },
      507: { description: 'The disk is full' },
    },
  })
  registry.registerPath({
    method: 'get',
    path: '/v1/checkpoints',
    summary: 'The last checkpoint, and how many have failed',
    responses: { 200: { description: 'As POST answers' } },
  })
  registry.registerPath({
    method: 'post',
    path: '/v1/backups',
    summary: 'Copy the data folder, as of now, to backups/<name> below it',
    request: { body: { content: { 'application/json': { schema: BackupBody } }, required: true } },
    responses: { 201: { description: '{"name", "folder"}' } },
  })
}
