/** `/metrics` in Prometheus' text form. Figures are read when they are asked for. */

import { Gauge, Registry } from 'prom-client'
import type { App, AppContext } from '../app-context.ts'
import type { QueryInfo, StreamInfo } from '../info.ts'
import type { ConsumerFigures } from '../queue/stream-queue.ts'

export function metricsRoutes(app: App, context: AppContext): void {
  app.get('/metrics', async (c) => {
    const registry = new Registry()
    gauge(registry, 'millrace_ready', 'Whether the server has recovered', context.ready() ? 1 : 0)
    const recovery = context.recovery()
    if (recovery !== undefined) {
      const left = recovery.lastEpoch - recovery.epoch
      gauge(registry, 'millrace_recovery_epochs_left', 'Epochs to replay before it is ready', left)
    }
    const { heapUsed, rss } = process.memoryUsage()
    gauge(registry, 'millrace_memory_heap_bytes', 'JavaScript heap in use', heapUsed)
    gauge(registry, 'millrace_memory_resident_bytes', 'Memory of the process', rss)
    const { count } = context.subscriptions
    gauge(registry, 'millrace_subscriptions', 'Event streams open', count)
    if (context.ready()) await databaseMetrics(registry, context)
    return c.text(await registry.metrics(), 200, { 'content-type': registry.contentType })
  })
}

function gauge(registry: Registry, name: string, help: string, value: number): void {
  new Gauge({ name, help, registers: [registry] }).set(value)
}

async function databaseMetrics(registry: Registry, { database, clock }: AppContext): Promise<void> {
  const [queries, streams, engine] = await Promise.all([
    database.queries(),
    database.streams(),
    database.engineStatus(),
  ])
  gauge(registry, 'millrace_epoch', 'The last epoch', engine.epoch)
  const { checkpoint } = engine
  gauge(registry, 'millrace_checkpoint_epoch', 'Epoch of the last checkpoint', checkpoint.epoch)
  gauge(registry, 'millrace_checkpoint_bytes', 'Size of the last checkpoint', checkpoint.bytes)
  gauge(
    registry,
    'millrace_checkpoint_duration_seconds',
    'How long the last checkpoint took',
    checkpoint.durationMs / 1000,
  )
  gauge(registry, 'millrace_checkpoint_failures', 'Checkpoints that failed', checkpoint.failures)
  if (checkpoint.madeUs > 0) {
    const ageUs = clock.nowUs() - checkpoint.madeUs
    gauge(registry, 'millrace_checkpoint_age_seconds', 'Age of the last checkpoint', ageUs / 1e6)
  }
  const stalled = engine.stalled === undefined ? 0 : 1
  gauge(registry, 'millrace_stalled', 'Whether a full disk keeps epochs from running', stalled)
  for (const [name, help, value] of QUERY_GAUGES) labelled(registry, { name, help }, queries, value)
  for (const [name, help, value] of STREAM_GAUGES) {
    labelled(registry, { name, help }, streams, value)
  }
  queueMetrics(registry, streams)
}

const QUEUE_GAUGES: readonly Figure<ConsumerFigures>[] = [
  ['millrace_queue_served_rate', 'Records done per second', (queue) => queue.servedRate],
  [
    'millrace_queue_service_rate',
    'mu: records done per second of work',
    (queue) => queue.serviceRate,
  ],
  ['millrace_queue_backlog', 'L: records in the queue on average', (queue) => queue.backlog],
  ['millrace_queue_wait_seconds', 'W: time in the queue, L / lambda', (q) => q.waitSeconds],
  ['millrace_queue_load', 'rho: lambda / mu', (queue) => queue.load],
]

/** Over the last minute, of each consumer group and of the queries. */
function queueMetrics(registry: Registry, streams: readonly StreamInfo[]): void {
  const rate = ['millrace_queue_arrival_rate', 'lambda: records that come per second'] as const
  labelled(registry, { name: rate[0], help: rate[1] }, streams, (of) => of.queue?.arrivalRate)
  for (const [name, help, value] of QUEUE_GAUGES) {
    const labelNames = ['name', 'consumer', 'group']
    const metric = new Gauge({ name, help, labelNames, registers: [registry] })
    for (const { name: stream, queue } of streams) {
      for (const figures of queue?.consumers ?? []) {
        const { consumer, name: group } = figures
        const figure = value(figures)
        if (figure === null || figure === undefined) continue
        metric.set({ name: stream, consumer, ...(group === undefined ? {} : { group }) }, figure)
      }
    }
  }
}

type Figure<Item> = readonly [string, string, (item: Item) => number | null | undefined]

const QUERY_GAUGES: readonly Figure<QueryInfo>[] = [
  ['millrace_query_running', 'Whether the query runs', ({ state }) => Number(state === 'running')],
  ['millrace_query_rows_in', 'Rows the query has read', (query) => query.rowsIn],
  ['millrace_query_rows_out', 'Rows the query has put out', (query) => query.rowsOut],
  ['millrace_query_late_rows', 'Rows that came after their window closed', (q) => q.lateRows],
  ['millrace_query_lag_rows', 'Rows the query has not read yet', (query) => query.lagRows],
  ['millrace_query_state_rows', 'Rows of state', (query) => query.stateRows],
  ['millrace_query_state_bytes', 'Bytes of state', (query) => query.stateBytes],
]

const STREAM_GAUGES: readonly Figure<StreamInfo>[] = [
  ['millrace_stream_rows', 'Rows the stream has ever taken', (stream) => stream.rows],
  ['millrace_stream_lag_rows', 'Rows the engine has not read yet', (stream) => stream.lagRows],
  ['millrace_stream_bad_records', 'Messages passed over as bad', (stream) => stream.badRecords],
  [
    'millrace_intake_connected',
    'Whether the source of the stream is connected',
    ({ intake }) => intake && Number(intake.state === 'connected'),
  ],
  ['millrace_intake_connections', 'Times it connected', ({ intake }) => intake?.connections],
  ['millrace_intake_messages', 'Messages stored', ({ intake }) => intake?.messages],
  ['millrace_intake_duplicates', 'Messages recognised as seen', ({ intake }) => intake?.duplicates],
  ['millrace_intake_lost', 'Messages dropped for want of disk', ({ intake }) => intake?.lost],
]

function labelled<Item extends { readonly name: string }>(
  registry: Registry,
  { name, help }: { readonly name: string; readonly help: string },
  items: readonly Item[],
  value: (item: Item) => number | null | undefined,
): void {
  const metric = new Gauge({ name, help, labelNames: ['name'], registers: [registry] })
  for (const item of items) {
    const figure = value(item)
    if (figure !== null && figure !== undefined) metric.set({ name: item.name }, figure)
  }
}
