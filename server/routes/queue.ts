/** `/v1/streams/{name}/…` for consumers: reading by offset, and consumer groups with
 *  acknowledgement. */

import { z } from '@hono/zod-openapi'
import { fail } from '../../engine/base/errors.ts'
import { readDurationMs } from '../../sql/index.ts'
import type { App, AppContext } from '../app-context.ts'
import { readJson } from '../http/body.ts'
import { parseWith } from '../http/parse.ts'
import type { Settled } from '../queue/consumer-group.ts'
import type { GroupSettings } from '../queue/group-state.ts'
import { readRecords } from '../queue/read-records.ts'
import { receiptOf } from '../queue/receipt.ts'

const WAIT_MS_MAX = 60_000
const VISIBILITY_MS_MAX = 12 * 3_600_000
const DELIVERIES_MAX = 1_000_000
const RECORDS_MAX = 10_000
const DEFAULT: GroupSettings = { order: 'none', visibilityMs: 30_000, deliveriesMax: 10 }

/** `20s`, `5 min`, `500` (milliseconds). */
const duration = (minMs: number, maxMs: number) =>
  z
    .union([z.string(), z.number()])
    .transform((value, context) => {
      const ms = readDurationMs(String(value))
      if (ms !== undefined && ms >= minMs && ms <= maxMs) return ms
      context.addIssue(`wanted a duration from ${minMs} ms to ${maxMs} ms, such as 20s`)
      return z.NEVER
    })
    .openapi({ type: 'string', example: '20s' })

const limit = z.coerce.number().int().min(1).max(RECORDS_MAX)
const group = z.string().min(1)

export const ReadQuery = z.strictObject({
  from: z.string().default('earliest'),
  limit: limit.default(100),
  split: z.coerce.number().int().min(0).optional(),
})

const settings = {
  order: z.enum(['none', 'split', 'key']).optional(),
  visibility: duration(1, VISIBILITY_MS_MAX).optional(),
  deliveries: z.coerce.number().int().min(0).max(DELIVERIES_MAX).optional(),
}

export const ConsumeQuery = z.strictObject({
  group,
  limit: limit.default(10),
  wait: duration(0, WAIT_MS_MAX).default(0),
  from: z.enum(['earliest', 'latest']).default('earliest'),
  ...settings,
})

const receipts = z.array(z.string()).max(RECORDS_MAX)
export const AckBody = z.strictObject({ group, receipts }).openapi('Ack')
export const NackBody = z
  .strictObject({
    group,
    receipts,
    delay: duration(0, VISIBILITY_MS_MAX).default(0),
    requeue: z.boolean().default(true),
  })
  .openapi('Nack')
export const ExtendBody = z
  .strictObject({ group, receipts, visibility: duration(1, VISIBILITY_MS_MAX) })
  .openapi('Extend')
export const GroupBody = z
  .strictObject({ from: z.enum(['earliest', 'latest']).default('earliest'), ...settings })
  .openapi('ConsumerGroup')

/** What the caller says, over `base`. */
const settingsOf = (
  base: GroupSettings,
  said: Omit<z.output<typeof GroupBody>, 'from'>,
): GroupSettings => ({
  order: said.order ?? base.order,
  visibilityMs: said.visibility ?? base.visibilityMs,
  deliveriesMax: said.deliveries ?? base.deliveriesMax,
})

const settled = ({ done, stale }: Settled) => ({ done, stale })

export function queueRoutes(app: App, context: AppContext): void {
  const { limits } = context.config
  const queue = (name: string) => context.database.queue(name)
  app.get('/v1/streams/:name/records', (c) => {
    const options = parseWith(ReadQuery, c.req.query(), 'query')
    const stream = context.database.readable(c.req.param('name'))
    const { texts, next } = readRecords(stream, options)
    return json(`{"records":[${texts.join(',')}],"next":${JSON.stringify(next)}}`)
  })
  const consume = async (name: string, query: Record<string, string>, signal: AbortSignal) => {
    const wish = parseWith(ConsumeQuery, query, 'query')
    const stream = queue(name)
    refuseOther(wish, stream.settings(wish.group))
    // How long a call wants to have its records is no setting of the group.
    const { limit: most, wait, visibility: visibilityMs, ...said } = wish
    const consumer = await stream.group(wish.group, settingsOf(DEFAULT, said), wish.from)
    const texts = await consumer.consume({ limit: most, visibilityMs }, wait, signal)
    return json(`{"records":[${texts.join(',')}]}`)
  }
  for (const method of ['get', 'post'] as const) {
    app[method]('/v1/streams/:name/consume', (c) => {
      const leaves = new AbortController()
      c.env.outgoing.once('close', () => leaves.abort())
      return consume(c.req.param('name'), c.req.query(), leaves.signal)
    })
  }
  const body = async <Schema extends z.ZodType>(
    schema: Schema,
    incoming: Parameters<typeof readJson>[0],
  ) => parseWith(schema, await readJson(incoming, limits.bodyBytesMax), 'body')
  const work = (name: string, said: z.output<typeof AckBody>) => {
    const consumer = queue(name).find(said.group)
    return { consumer, given: said.receipts.map((text) => receiptOf(text, consumer.splitCount)) }
  }
  app.post('/v1/streams/:name/ack', async (c) => {
    const said = await body(AckBody, c.env.incoming)
    const { consumer, given } = work(c.req.param('name'), said)
    return c.json(settled(await consumer.acknowledge(given)))
  })
  app.post('/v1/streams/:name/nack', async (c) => {
    const said = await body(NackBody, c.env.incoming)
    const { consumer, given } = work(c.req.param('name'), said)
    return c.json(
      settled(await (said.requeue ? consumer.handBack(given, said.delay) : consumer.reject(given))),
    )
  })
  app.post('/v1/streams/:name/extend', async (c) => {
    const said = await body(ExtendBody, c.env.incoming)
    const { consumer, given } = work(c.req.param('name'), said)
    return c.json(settled(await consumer.keep(given, said.visibility)))
  })
  groupRoutes(app, context)
  register(app)
}

function groupRoutes(app: App, context: AppContext): void {
  const queue = (name: string) => context.database.queue(name)
  const { bodyBytesMax } = context.config.limits
  app.get('/v1/streams/:name/groups', (c) =>
    c.json({ groups: queue(c.req.param('name')).statuses() }),
  )
  app.get('/v1/streams/:name/groups/:group', (c) =>
    c.json(queue(c.req.param('name')).status(c.req.param('group'))),
  )
  app.put('/v1/streams/:name/groups/:group', async (c) => {
    const said = parseWith(GroupBody, await readJson(c.env.incoming, bodyBytesMax), 'body')
    const [stream, name] = [queue(c.req.param('name')), c.req.param('group')]
    const known = stream.settings(name)
    if (known === undefined) await stream.group(name, settingsOf(DEFAULT, said), said.from)
    else await stream.change(name, settingsOf(known, said))
    return c.json(stream.status(name), known === undefined ? 201 : 200)
  })
  app.delete('/v1/streams/:name/groups/:group', async (c) => {
    await queue(c.req.param('name')).remove(c.req.param('group'))
    return c.body(null, 204)
  })
}

const json = (text: string): Response =>
  new Response(text, { headers: { 'content-type': 'application/json' } })

/** A group keeps the order and the number of deliveries that it was made with. */
function refuseOther(said: z.output<typeof ConsumeQuery>, known: GroupSettings | undefined): void {
  if (known === undefined) return
  const differs =
    (said.order ?? known.order) !== known.order ||
    (said.deliveries ?? known.deliveriesMax) !== known.deliveriesMax
  if (!differs) return
  fail('INVALID_ARGUMENT', `The consumer group ${said.group} has other settings`, {
    hint: 'PUT /v1/streams/{name}/groups/{group} changes them.',
    details: { order: known.order, deliveries: known.deliveriesMax },
  })
}

const RECORDS =
  '{"records": [{"split", "offset", "timestamp", "key", "headers", "priority", "value"}]'

/** Each route's method, path below `/v1/streams/{name}`, summary, query or body, and answer. */
const DOCUMENT = [
  ['get', 'records', 'Read records by offset', { query: ReadQuery }, `${RECORDS}, "next"}`],
  [
    'get',
    'consume',
    'Take records for a consumer group',
    { query: ConsumeQuery },
    `${RECORDS}} with "receipt" and "deliveries"`,
  ],
  ['post', 'consume', 'The same as GET', { query: ConsumeQuery }, `${RECORDS}}`],
  ['post', 'ack', 'Records are done', { body: AckBody }, '{"done", "stale"}'],
  ['post', 'nack', 'Hand records back, or reject them', { body: NackBody }, '{"done", "stale"}'],
  ['post', 'extend', 'Keep records for longer', { body: ExtendBody }, '{"done", "stale"}'],
  ['get', 'groups', 'The consumer groups', {}, '{"groups": […]}'],
  ['get', 'groups/{group}', 'A consumer group', {}, 'The group'],
  ['put', 'groups/{group}', 'Make or change a group', { body: GroupBody }, 'The group'],
  ['delete', 'groups/{group}', 'Remove a consumer group', {}, 'It is gone'],
] as const

function register({ openAPIRegistry }: App): void {
  for (const [method, path, summary, takes, description] of DOCUMENT) {
    const names = path.includes('{group}') ? { name: z.string(), group } : { name: z.string() }
    const schema = 'body' in takes ? takes.body : undefined
    openAPIRegistry.registerPath({
      ...{ method, summary, path: `/v1/streams/{name}/${path}` },
      request: {
        params: z.object(names),
        ...('query' in takes ? { query: takes.query } : {}),
        ...(schema === undefined ? {} : { body: { content: { 'application/json': { schema } } } }),
      },
      responses: { 200: { description } },
    })
  }
}
