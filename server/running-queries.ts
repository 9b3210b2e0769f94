/** The continuous queries: started in the engine, their results fed to subscribers and into
 *  materialized views. */

import { asSqlError, errorFromJson, fail, type Span, type SqlError } from '../engine/base/errors.ts'
import type { QueryStatus } from '../engine/graph/protocol.ts'
import { type QueryPlan, tablesOf } from '../engine/plan/physical.ts'
import { sideOwner } from '../engine/source/side-table.ts'
import type { TableSpec } from '../engine/source/table.ts'
import type { RunningPlan } from './catalog-store.ts'
import type { Engine } from './engine.ts'
import { type QueryInfo, queryInfo } from './info.ts'
import type { Intakes } from './intakes.ts'
import type { FeedEnd, ResultFeed } from './result-feed.ts'
import type { Results } from './results.ts'
import type { Sinks } from './sinks.ts'
import type { Subscribable } from './sse/stream.ts'
import type { Streams } from './streams.ts'
import type { Views } from './views.ts'

export interface RunningQueriesContext {
  readonly engine: Engine
  readonly results: Results
  readonly streams: Streams
  readonly views: () => Views
  readonly sinks: Sinks
  readonly intakes: Pick<Intakes, 'trouble'>
  readonly queriesMax: number
}

export class RunningQueries {
  readonly #context: RunningQueriesContext
  readonly #plans = new Map<string, RunningPlan>()
  readonly #transient = new Map<string, QueryPlan>()
  readonly #viewErrors = new Map<string, SqlError>()

  constructor(context: RunningQueriesContext) {
    this.#context = context
  }

  /** Makes a query known that the engine starts by itself, after a restart. */
  restore(running: RunningPlan): void {
    this.#plans.set(running.plan.id, running)
    this.#context.results.add(running.plan.id)
  }

  /** The engine has recovered: tells subscribers which queries are over, and lets the views follow
   *  on. */
  async resume(): Promise<void> {
    const { engine, results } = this.#context
    const { queries } = await engine.request({ kind: 'status' })
    for (const { queryId, state, error } of queries) {
      const feed = results.get(queryId)
      if (state === 'ended') feed?.finish({ kind: 'ended' })
      if (state === 'failed' && error !== undefined) {
        feed?.finish({ kind: 'failed', error: errorFromJson(error) })
      }
    }
    for (const { plan, kind, target } of this.#plans.values()) {
      const feed = this.#feed(plan.id)
      if (kind === 'materialized-view') await this.#follow(plan, feed)
      if (target !== undefined) this.#write(plan, target, feed)
      feed.tellNeed()
    }
  }

  /** A view that cannot follow its results harms no other. */
  async #follow(plan: QueryPlan, feed: ResultFeed): Promise<void> {
    try {
      await this.#context.views().add(plan, feed)
    } catch (error) {
      this.viewFailed(plan.id, asSqlError(error))
    }
  }

  /** A job that cannot go on harms no other. */
  #write(plan: QueryPlan, target: TableSpec, feed: ResultFeed): void {
    try {
      this.#context.sinks.add(plan, target, feed)
    } catch (error) {
      this.viewFailed(plan.id, asSqlError(error))
    }
  }

  /** Refuses what the target of an INSERT cannot take, and a circle of such queries, which would
   *  feed itself for ever: UNSUPPORTED. */
  checkTarget(plan: QueryPlan, target: TableSpec, at: Span): void {
    try {
      this.#checkTarget(plan, target)
    } catch (thrown) {
      const { code, message, hint, details } = asSqlError(thrown)
      fail(code, message, { at, hint, details })
    }
  }

  #checkTarget(plan: QueryPlan, target: TableSpec): void {
    this.#context.sinks.check(plan, target)
    const readers = (tableId: string) =>
      [...this.#plans.values()].filter(
        (other) => other.target && sourcesOf(other.plan).has(tableId),
      )
    const sources = sourcesOf(plan)
    const seen = new Set<string>()
    const queue = [target]
    for (let table = queue.pop(); table !== undefined; table = queue.pop()) {
      if (sources.has(table.id)) {
        fail('UNSUPPORTED', `What the query writes to ${target.name} comes back to it`, {
          hint: 'Other INSERT queries lead from there to a table that it reads: SHOW QUERIES.',
        })
      }
      if (seen.has(table.id)) continue
      seen.add(table.id)
      for (const reader of readers(table.id)) if (reader.target) queue.push(reader.target)
    }
  }

  /** LIMIT_EXCEEDED if no more queries may run. */
  checkRoom(): void {
    const { queriesMax } = this.#context
    if (this.#plans.size + this.#transient.size < queriesMax) return
    fail('LIMIT_EXCEEDED', `There are ${queriesMax} queries already`, {
      hint: 'Drop one, or raise MILLRACE_QUERIES_MAX.',
    })
  }

  /** Starts a query. It must be in the saved catalog. */
  async start(running: RunningPlan): Promise<void> {
    const { results, views, sinks } = this.#context
    const { plan, kind, target } = running
    this.#plans.set(plan.id, running)
    const feed = results.add(plan.id)
    try {
      if (kind === 'materialized-view') await views().add(plan, feed)
      if (target !== undefined) sinks.add(plan, target, feed)
      await this.#attach(plan, feed)
    } catch (error) {
      await this.stop(plan.id).catch(() => {})
      throw error
    }
  }

  /** Starts a query in the place of another one, whose state it takes over; that one is over then,
   *  and still to be stopped. */
  async replace(running: RunningPlan, oldId: string): Promise<void> {
    const { engine, results, views, streams } = this.#context
    const { plan, kind } = running
    this.#plans.set(plan.id, running)
    const feed = results.add(plan.id)
    const letGo = streams.hold(tablesOf(plan.root).map(({ id }) => id))
    try {
      if (kind === 'materialized-view') await views().add(plan, feed)
      await engine.request({ kind: 'replace', queryId: oldId, plan })
      feed.tellNeed()
    } catch (error) {
      await this.stop(plan.id).catch(() => {})
      throw error
    } finally {
      letGo()
    }
  }

  /** The running query is planned once more, with the same result: its tables have another form, or
   *  its columns other names. Open streams end if they have told other names. */
  replan(plan: QueryPlan, warnings: readonly string[]): void {
    const running = this.#plans.get(plan.id)
    if (running === undefined) return
    this.#plans.set(plan.id, { ...running, plan, warnings })
    const namesOf = ({ schema }: QueryPlan) => schema.fields.map(({ name }) => name).join('\n')
    if (namesOf(plan) !== namesOf(running.plan)) this.#feed(plan.id).renew()
  }

  /** The query as it runs. UNKNOWN_QUERY. */
  running(queryId: string): RunningPlan {
    return this.#plans.get(queryId) ?? fail('UNKNOWN_QUERY', `There is no query ${queryId}`)
  }

  /** The records that the query begins with stay until it has begun. */
  async #attach(plan: QueryPlan, feed: ResultFeed): Promise<void> {
    const { engine, streams } = this.#context
    const letGo = streams.hold(tablesOf(plan.root).map(({ id }) => id))
    try {
      await engine.request({ kind: 'attach', plan })
      feed.tellNeed()
    } finally {
      letGo()
    }
  }

  /** Pauses a query where it is, or lets it go on. INVALID_ARGUMENT if it has ended or failed. */
  async setRunning(queryId: string, action: 'pause' | 'resume'): Promise<void> {
    await this.#context.engine.request({ kind: action, queryId })
  }

  /** The query has another name from now on. */
  rename(queryId: string, name: string): void {
    const running = this.#plans.get(queryId)
    if (running === undefined) return
    this.#plans.set(queryId, { ...running, plan: { ...running.plan, name } })
  }

  /** `end`: what its subscribers are told. */
  async stop(queryId: string, end?: FeedEnd): Promise<void> {
    const { engine, results, views, sinks } = this.#context
    const running = this.#plans.get(queryId)
    this.#plans.delete(queryId)
    this.#viewErrors.delete(queryId)
    await engine.request({ kind: 'detach', queryId })
    if (running?.target !== undefined) await sinks.drop(queryId)
    results.remove(queryId, end)
    if (running?.kind === 'materialized-view') await views().drop(queryId)
  }

  /** Starts a query that ends with its subscriber: the result's second part stops it. */
  async startTransient(plan: QueryPlan): Promise<[Subscribable, () => void]> {
    const { engine, results } = this.#context
    this.checkRoom()
    this.#transient.set(plan.id, plan)
    const feed = results.add(plan.id)
    const release = () => {
      this.#transient.delete(plan.id)
      results.remove(plan.id)
      // An engine that is gone has forgotten it already.
      engine.request({ kind: 'detach', queryId: plan.id }).catch(() => {})
    }
    try {
      await this.#attach(plan, feed)
    } catch (error) {
      release()
      throw error
    }
    return [{ ...plan, feed }, release]
  }

  /** IN_USE if someone's subscription reads the table. */
  checkNotSubscribed(tableId: string, tableName: string): void {
    const readers = this.subscriptionsOf(tableId)
    if (readers.length === 0) return
    fail('IN_USE', `The table ${tableName} is read by ${readers.length} open subscription(s)`, {
      hint: 'Wait until their clients have left.',
    })
  }

  /** Plans of subscriptions that read the table. */
  subscriptionsOf(tableId: string): QueryPlan[] {
    return [...this.#transient.values()].filter((plan) => sourcesOf(plan).has(tableId))
  }

  plan(queryId: string): QueryPlan | undefined {
    return this.#plans.get(queryId)?.plan
  }

  subscribable(queryId: string): Subscribable {
    const running = this.#plans.get(queryId)
    if (running === undefined) fail('UNKNOWN_QUERY', `There is no query ${queryId}`)
    const { plan, kind } = running
    const feed = this.#feed(queryId)
    const { name, schema, appendOnly, key } = plan
    const base = { name, schema, appendOnly, key, feed }
    return kind === 'query'
      ? base
      : { ...base, snapshot: () => this.#context.views().read(queryId) }
  }

  viewFailed(viewId: string, error: SqlError | undefined): void {
    if (error === undefined) this.#viewErrors.delete(viewId)
    else this.#viewErrors.set(viewId, error)
  }

  async infos(): Promise<QueryInfo[]> {
    const { queries } = await this.#context.engine.request({ kind: 'status' })
    const byId = new Map(queries.map((status) => [status.queryId, status]))
    return [...this.#plans.values()].map((running) => this.#info(running, byId))
  }

  async info(queryId: string): Promise<QueryInfo> {
    const all = await this.infos()
    const info = all.find(({ id }) => id === queryId)
    return info ?? fail('UNKNOWN_QUERY', `There is no query ${queryId}`)
  }

  #info(running: RunningPlan, statuses: ReadonlyMap<string, QueryStatus>): QueryInfo {
    const { id } = running.plan
    const status = statuses.get(id)
    const error = this.#viewErrors.get(id) ?? this.#sourceError(running.plan, status)
    return queryInfo({ ...running, status, error })
  }

  /** A query that is well, but whose sources' messages do not come. */
  #sourceError(plan: QueryPlan, status: QueryStatus | undefined): SqlError | undefined {
    if (status?.state !== 'running') return undefined
    const { intakes } = this.#context
    return [...sourcesOf(plan)].map((id) => intakes.trouble(id)).find((trouble) => trouble)
  }

  #feed(queryId: string): ResultFeed {
    const feed = this.#context.results.get(queryId)
    return feed ?? fail('INTERNAL', `query ${queryId} has no feed`)
  }
}

/** The ids of the tables that the rows come from; late rows come from their table. */
const sourcesOf = ({ root }: QueryPlan): Set<string> =>
  new Set(tablesOf(root).map(({ id }) => sideOwner(id) ?? id))
