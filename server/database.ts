/** The database behind the HTTP routes, and the one to embed in a program: statements, queries,
 *  streams and subscriptions, without HTTP. */

import { SseParser } from '../client/sse-parser.ts'
import { intakeConnectors, sinkConnectors } from '../connectors/index.ts'
import { WebhookPaths, type WebhookReceiver } from '../connectors/webhook/paths.ts'
import type { Clock } from '../engine/base/clock.ts'
import type { Disk } from '../engine/base/disk.ts'
import { asSqlError, fail, SqlError } from '../engine/base/errors.ts'
import { SerialQueue } from '../engine/base/serial-queue.ts'
import type { Batch } from '../engine/batch/batch.ts'
import type { CheckpointStatus, EngineStatus } from '../engine/graph/protocol.ts'
import { isLogged, type TableSpec } from '../engine/source/table.ts'
import { ViewStore } from '../engine/view/view.ts'
import { type Catalog, type Name, Settings } from '../sql/index.ts'
import { makeBackup } from './backup.ts'
import { CatalogStore } from './catalog-store.ts'
import type { ServerConfig } from './config.ts'
import { CATALOG_CONNECTORS } from './connectors.ts'
import type { Engine } from './engine.ts'
import type { StreamRows } from './envelope.ts'
import type { QueryInfo, StreamInfo } from './info.ts'
import { Intakes } from './intakes.ts'
import { Queues } from './queue/queues.ts'
import { embeddedTable, type ReadableStream, readableStream } from './queue/readable-stream.ts'
import type { StreamQueue } from './queue/stream-queue.ts'
import { Results } from './results.ts'
import { RunningQueries } from './running-queries.ts'
import { shutDown } from './shut-down.ts'
import { Sinks } from './sinks.ts'
import type { Subscribable } from './sse/stream.ts'
import type { RowsResult, StatementResult } from './statement-result.ts'
import { createQuery, dropQuery } from './statements/create-query.ts'
import { type ExecuteOptions, execute } from './statements/execute.ts'
import { restartQuery } from './statements/restart-query.ts'
import { runSelect, selectStatement } from './statements/select.ts'
import { type Subscription, subscribe } from './statements/subscribe.ts'
import { type Validation, validate } from './statements/validate.ts'
import { streamInfos } from './stream-infos.ts'
import { streamSink } from './stream-sink.ts'
import { type AppendOptions, type AppendResult, Streams } from './streams.ts'
import { syncStreams } from './sync-streams.ts'
import { Views } from './views.ts'

export interface DatabaseContext {
  readonly config: ServerConfig
  readonly disk: Disk
  readonly clock: Clock
  /** Not started yet. */
  readonly engine: Engine
}

/** What statements work on. */
export interface DatabaseParts {
  readonly disk: Disk
  readonly config: ServerConfig
  readonly clock: Clock
  readonly catalog: Catalog
  readonly settings: Settings
  readonly engine: Engine
  readonly streams: Streams
  readonly sinks: Sinks
  readonly intakes: Intakes
  readonly queues: Queues
  readonly results: Results
  readonly queries: RunningQueries
  readonly views: () => Views
  /** Writes the catalog to the disk. */
  readonly save: () => void
}

const HERE = { offset: 0, length: 0 }
const named = (text: string): Name => ({ text, at: HERE })

export class Database {
  readonly #parts: DatabaseParts
  readonly #context: DatabaseContext
  /** Statements that change the catalog go one after another. */
  readonly #changes = new SerialQueue()
  readonly #ready: Promise<void>
  readonly #webhooks = new WebhookPaths()
  #views: Views | undefined
  #state: 'starting' | 'ready' | 'closed' = 'starting'
  /** Ends the wait for the engine's recovery. */
  #abandon = (_: SqlError) => {}
  #broken: SqlError | undefined

  /** Begins to open the data folder, which must be locked: see `ready`. Raises at once what makes a
   *  start impossible: DATA_DAMAGED, DATA_VERSION. */
  constructor(context: DatabaseContext) {
    this.#context = context
    const { config, disk, clock, engine } = context
    const { dataFolder, limits } = config
    const store = new CatalogStore(disk, dataFolder, CATALOG_CONNECTORS)
    const { catalog, running } = store.load()
    engine.start({
      dataFolder,
      checkpointIntervalMs: config.checkpointIntervalMs,
      checkpointsKept: config.checkpointsKept,
      durability: config.durability,
      epochRowsMax: config.epochRowsMax,
      resultRetentionBytesMax: config.resultRetentionBytesMax,
      queries: running.map(({ plan }) => plan),
    })
    const results = new Results({
      ...{ disk, dataFolder },
      bytesMax: limits.resultBytesMax,
      onNeed: (queryId, seq) => {
        engine.request({ kind: 'need', queryId, seq }).catch(() => {})
      },
    })
    const streams = new Streams({
      disk,
      clock,
      dataFolder,
      unsyncedBytesMax: limits.unsyncedBytesMax,
      segmentBytesMax: config.segmentBytesMax,
      durability: config.durability,
      onAppended: (tableId, split, end, ended) => {
        // A broken engine is told of elsewhere; the records are safe.
        engine.request({ kind: 'appended', tableId, split, end, ended }).catch(() => {})
        queues.appended(tableId, split, end)
      },
      neededFrom: (tableId, split) => queues.neededFrom(tableId, split),
      onCompacted: (tableId) => queues.compacted(tableId),
    })
    const queues = new Queues({
      ...{ disk, clock, dataFolder, streams, durability: config.durability },
      engineStatus: () => engine.request({ kind: 'status' }),
    })
    const views = () => this.#views ?? fail('UNAVAILABLE', 'The views are not open yet')
    const { queriesMax } = limits
    const sinks = this.#openSinks(streams)
    const connectors = intakeConnectors({
      ...{ disk, clock },
      webhooks: this.#webhooks,
      eventParser: (lastEventId) => new SseParser(lastEventId),
    })
    const intakes = new Intakes({ disk, clock, dataFolder, streams, connectors })
    const feeds = { engine, results, streams, views, sinks, intakes }
    const queries = new RunningQueries({ ...feeds, queriesMax })
    const settings = new Settings()
    const save = () => store.save(catalog)
    this.#parts = {
      ...{ disk, config, clock, catalog, settings, engine, streams, results, queries, views, save },
      ...{ sinks, intakes, queues },
    }
    for (const plan of running) queries.restore(plan)
    this.#ready = this.#open(engine)
    this.#ready.catch((error) => this.#break(asSqlError(error)))
  }

  async #open(engine: Engine): Promise<void> {
    const { results, queries, catalog, streams, sinks, intakes, queues } = this.#parts
    const recovered = new Promise<void>((resolve, reject) => {
      this.#abandon = reject
      engine.listen({
        ...results.listener,
        ready: (nextSeqs) => {
          results.listener.ready?.(nextSeqs)
          resolve()
        },
        stalled: (error) => streams.stall(error),
        needed: (offsets) => streams.need(offsets),
        syncStreams: () => void syncStreams(streams, engine),
        broken: (error) => {
          this.#break(error)
          reject(error)
        },
      })
    })
    recovered.catch(() => {})
    const tables = catalog.list('table').map(({ spec }) => spec)
    streams.removeOthers(tables.map(({ id }) => id))
    await Promise.all(tables.filter(isLogged).map((table) => streams.open(table)))
    await queues.openAll(tables)
    await engine.request({ kind: 'opened' })
    const store = await this.#openViews()
    await store.keepOnly(catalog.list('materialized-view').map(({ id }) => id))
    await recovered
    sinks.keepOnly(catalog.list('query').map(({ id }) => id))
    await queries.resume()
    if (this.#state !== 'starting') return
    this.#state = 'ready'
    queues.start()
    for (const table of tables) if (table.intake) intakes.start(table)
  }

  #openSinks(streams: Streams): Sinks {
    const { disk, clock, config } = this.#context
    const print = (text: string, to: 'stdout' | 'stderr') => void process[to].write(text)
    const connectors = sinkConnectors({ disk, clock, print })
    const embedded = streamSink(streams)
    return new Sinks({
      ...{ disk, clock, dataFolder: config.dataFolder },
      connectors: connectors.set(embedded.name, embedded),
      onFailed: (queryId, error) => this.#parts.queries.viewFailed(queryId, error),
    })
  }

  async #openViews(): Promise<ViewStore> {
    const { dataFolder, viewMemoryBytesMax } = this.#context.config
    const store = await ViewStore.open({
      path: `${dataFolder}/views.duckdb`,
      memoryBytesMax: viewMemoryBytesMax,
      threads: 2,
    })
    this.#views = new Views({
      store,
      clock: this.#context.clock,
      onFailed: (viewId, error) => this.#parts.queries.viewFailed(viewId, error),
    })
    return store
  }

  /** Resolves when everything that was acknowledged is processed again; rejects with what prevents
   *  it. */
  get ready(): Promise<void> {
    return this.#ready
  }

  get isReady(): boolean {
    return this.#state === 'ready' && this.#broken === undefined
  }

  /** Why the database cannot go on; undefined if it can. */
  get broken(): SqlError | undefined {
    return this.#broken
  }

  #break(error: SqlError): void {
    this.#broken ??= error
  }

  #use(): DatabaseParts {
    if (this.#broken !== undefined) throw this.#broken
    if (this.#state === 'closed') fail('UNAVAILABLE', 'The database is closed')
    if (this.#state === 'starting') fail('UNAVAILABLE', 'The database is recovering')
    return this.#parts
  }

  /** Runs statements in order and stops at the first error; what earlier ones did stays. */
  execute(sql: string, options?: ExecuteOptions): Promise<StatementResult[]> {
    return execute(this.#use(), this.#changes, sql, options)
  }

  /** Runs a single SELECT over what is there now. */
  async select(sql: string): Promise<RowsResult> {
    const parts = this.#use()
    return runSelect(parts, selectStatement(parts.config, sql))
  }

  /** Checks statements and plans queries; runs nothing. */
  async validate(sql: string): Promise<Validation> {
    return validate(this.#use(), sql)
  }

  /** Starts a continuous query. Without a name it gets one. */
  createQuery(sql: string, name?: string): Promise<QueryInfo> {
    const parts = this.#use()
    return this.#changes.run(() => createQuery(parts, sql, name))
  }

  /** Runs a change of the catalog when those before it are done. */
  change<T>(action: (parts: DatabaseParts) => Promise<T>): Promise<T> {
    const parts = this.#use()
    return this.#changes.run(() => action(parts))
  }

  queries(): Promise<QueryInfo[]> {
    return this.#use().queries.infos()
  }

  async query(name: string): Promise<QueryInfo> {
    return this.#use().queries.info(this.#queryId(name))
  }

  /** Stops a query or materialized view and removes its results. */
  dropQuery(name: string): Promise<void> {
    const parts = this.#use()
    return this.#changes.run(() => dropQuery(parts, name))
  }

  /** Stops a query where it is, or lets it go on from there. INVALID_ARGUMENT if it is over. */
  async changeQuery(kind: 'pause' | 'resume', name: string): Promise<QueryInfo> {
    const { queries } = this.#use()
    const id = this.#queryId(name)
    await this.#changes.run(() => queries.setRunning(id, kind))
    return queries.info(id)
  }

  /** Runs a query from the beginning of its tables once more. */
  restartQuery(name: string): Promise<QueryInfo> {
    const parts = this.#use()
    return this.#changes.run(() => restartQuery(parts, this.#queryId(name)))
  }

  /** A query or materialized view, to follow its changes. */
  subscribable(name: string): Subscribable {
    return this.#use().queries.subscribable(this.#queryId(name))
  }

  /** Starts a query for one subscriber; `release` ends it. */
  subscribe(sql: string): Promise<Subscription> {
    return subscribe(this.#use(), sql)
  }

  /** The name of a materialized view as it was created. UNKNOWN_TABLE if there is none. */
  viewName(name: string): string {
    return this.#use().catalog.expect('materialized-view', named(name)).name
  }

  /** A table of the embedded queue. UNKNOWN_TABLE, or UNSUPPORTED for a table of another kind. */
  embeddedTable(name: string): TableSpec {
    return embeddedTable(this.#use().catalog, named(name))
  }

  /** Stores rows with the table's stored columns; resolves when they are on the disk. */
  append(
    table: TableSpec,
    rows: Batch | StreamRows,
    options?: AppendOptions,
  ): Promise<AppendResult> {
    return this.#use().streams.append(table.id, rows, options)
  }

  /** A stream as a queue, with consumer groups. UNKNOWN_TABLE, UNSUPPORTED. */
  queue(name: string): StreamQueue {
    return this.#use().queues.of(this.embeddedTable(name))!
  }

  /** A stream whose records can be read by offset: also one that Millrace keeps itself. */
  readable(name: string): ReadableStream {
    return readableStream(this.#use(), named(name))
  }

  /** Who receives what comes to a path below `/v1/webhooks/`. NOT_FOUND. */
  webhook(path: string): WebhookReceiver {
    this.#use()
    const hint = "A table of the webhook connector with this 'path' does."
    return this.#webhooks.find(path) ?? fail('NOT_FOUND', `No table receives at ${path}`, { hint })
  }

  async endStream(name: string): Promise<void> {
    const table = this.embeddedTable(name)
    await this.#use().streams.end(table.id)
  }

  async streams(): Promise<StreamInfo[]> {
    return streamInfos(this.#use())
  }

  async stream(name: string): Promise<StreamInfo> {
    const { id } = this.#use().catalog.expect('table', named(name))
    return (await this.streams()).find((stream) => stream.id === id)!
  }

  /** Makes a checkpoint now. DISK_FULL, UNAVAILABLE. */
  checkpoint(): Promise<CheckpointStatus> {
    return this.#use().engine.request({ kind: 'checkpoint' })
  }

  /** Copies the data folder, as of now, to a folder of that name below it; returns its path. No
   *  catalog change runs meanwhile. */
  backup(name: string): Promise<string> {
    const { engine, streams, views, catalog, queues } = this.#use()
    const { disk, config } = this.#context
    return this.#changes.run(() => {
      const tableIds = catalog.list('table').map(({ spec }) => spec.id)
      const { dataFolder } = config
      const parts = { disk, dataFolder, engine, streams, queues, views: views(), tableIds }
      return makeBackup(parts, name)
    })
  }

  engineStatus(): Promise<EngineStatus> {
    return this.#use().engine.request({ kind: 'status' })
  }

  #queryId(name: string): string {
    const { catalog } = this.#use()
    const entry = catalog.find(name)
    if (entry?.kind === 'query' || entry?.kind === 'materialized-view') return entry.id
    return catalog.expect('query', named(name)).id
  }

  /** Takes no more work, drains, checkpoints and lets go of the data folder. */
  async close(): Promise<void> {
    if (this.#state === 'closed') return
    this.#state = 'closed'
    this.#abandon(new SqlError('UNAVAILABLE', 'The database is closed'))
    // What is being opened must be open before it can be closed.
    await this.#ready.catch(() => {})
    await this.#changes.idle()
    await shutDown(this.#parts, this.#views)
  }
}
