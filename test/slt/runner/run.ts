/** Runs the records of one file in one mode, and says what differs from what the file expects. */

import { asSqlError } from '../../../engine/base/errors.ts'
import { type Random, random } from '../../../engine/base/random.ts'
import type { Batch } from '../../../engine/batch/batch.ts'
import { parseBatch } from '../../../engine/batch/pretty.ts'
import { formatOf } from '../../../engine/format/index.ts'
import { recordSchema } from '../../../engine/source/stream-frame.ts'
import type { TableSpec } from '../../../engine/source/table.ts'
import { decodeRecords } from '../../../server/records.ts'
import { watermarkText } from '../../../server/sse/event.ts'
import type { RowsResult } from '../../../server/statement-result.ts'
import { parseStatements } from '../../../sql/index.ts'
import { changeLines, errorLines, plainLines, rowLines, typeNames } from './answers.ts'
import { Life } from './life.ts'
import { Oracle } from './oracle.ts'
import { eventually, settle } from './settle.ts'
import type { Blessing, Mode, Rec, RecOf, SltFile } from './slt-file.ts'
import { Follower, unordered } from './twins.ts'

export interface RunOptions {
  readonly mode: Mode
  readonly seed: number
  /** In restart mode: how often, of a hundred steps, the server is restarted or killed after one. */
  readonly restartPercent: number
  /** Write down what is found. Only in bounded mode. */
  readonly bless: boolean
}

export interface Outcome {
  /** Each begins with path:line. */
  readonly problems: readonly string[]
  readonly blessings: readonly Blessing[]
  readonly restarts: number
}

/** One continuous form of a query of the file. */
interface Twin {
  readonly record: RecOf<'query'>
  readonly follower: Follower
  readonly emitsChanges: boolean
}

const ENDS_PLANS = /^\s*(DROP|CREATE\s+OR\s+REPLACE|ALTER)\b/i
const ADDS_ROWS = /^\s*(INSERT|UPDATE|DELETE)\b/i

export async function runFile(file: SltFile, options: RunOptions): Promise<Outcome> {
  const run = new FileRun(file, options)
  return run.all()
}

class FileRun {
  readonly #file: SltFile
  readonly #options: RunOptions
  readonly #random: Random
  readonly #problems: string[] = []
  readonly #blessings: Blessing[] = []
  readonly #followers = new Map<string, Follower>()
  readonly #tried = new Set<string>()
  #twins: Twin[] = []
  #twinCount = 0
  #restarts = 0
  #life!: Life
  #oracle: Oracle | undefined

  constructor(file: SltFile, options: RunOptions) {
    this.#file = file
    this.#options = options
    this.#random = random(options.seed)
  }

  async all(): Promise<Outcome> {
    const { mode, seed } = this.#options
    this.#life = await Life.begin({
      seed,
      checkpointIntervalMs: mode === 'restart' ? 1 + this.#random.below(30) : Infinity,
      ...(mode === 'batch1' ? { epochRowsMax: 1 } : {}),
    })
    if (this.#file.oracle && mode === 'bounded') this.#oracle = await Oracle.start()
    try {
      for (const [i, record] of this.#file.records.entries()) await this.#guarded(record, i)
      await this.#finish()
    } finally {
      await this.#life.end()
      this.#oracle?.close()
    }
    return { problems: this.#problems, blessings: this.#blessings, restarts: this.#restarts }
  }

  get #db() {
    return this.#life.db
  }

  async #guarded(record: Rec, index: number): Promise<void> {
    if (record.flags.has(this.#options.mode)) return
    const before = this.#problems.length
    await this.#attempt(record, index)
    this.#forgiveBug(record, before)
  }

  async #attempt(record: Rec, index: number): Promise<void> {
    try {
      if (this.#bringsRows(record)) await this.#startTwins(index)
      await this.#step(record)
      await this.#perhapsRestart()
    } catch (error) {
      this.#report(record, String(error instanceof Error ? error.stack : error))
    }
  }

  /** A record with a known bug must fail: when it does not any more, its `bug` line must go. */
  #forgiveBug(record: Rec, before: number): void {
    if (record.bug === undefined) return
    const found = this.#problems.splice(before).length
    const { mode, bless } = this.#options
    const shownBy = record.bug === 'all' ? 'bounded' : 'continuous'
    if (found === 0 && mode === shownBy && !bless) {
      this.#report(record, 'the bug is gone: remove its line')
    }
  }

  #bringsRows(record: Rec): boolean {
    if (record.kind === 'push' || record.kind === 'query') return true
    return record.kind === 'statement-ok' && ADDS_ROWS.test(record.sql)
  }

  #report(record: Rec, problem: string): void {
    const { path } = this.#file
    this.#problems.push(`${path}:${record.head + 1} (${this.#options.mode}) ${problem}`)
  }

  async #perhapsRestart(): Promise<void> {
    const { mode, restartPercent } = this.#options
    if (mode !== 'restart' || this.#random.below(100) >= restartPercent) return
    await (this.#random.below(2) === 0 ? this.#restart() : this.#kill())
  }

  async #restart(): Promise<void> {
    this.#restarts++
    await this.#life.restart()
  }

  async #kill(): Promise<void> {
    this.#restarts++
    // DuckDB's file is copied when nothing is on the way to it.
    const views = (await this.#db.queries()).filter(({ kind }) => kind === 'materialized-view')
    for (const { name } of views) {
      await this.#db.select(`SELECT COUNT(*) FROM \`${name}\``).catch(() => {})
    }
    await this.#life.kill()
  }

  async #step(record: Rec): Promise<void> {
    switch (record.kind) {
      case 'statement-ok':
        return this.#statement(record)
      case 'statement-error':
        return this.#refused(record)
      case 'query':
        return this.#query(record)
      case 'push':
        return this.#push(record)
      case 'end':
        await this.#db.endStream(record.stream)
        return settle(this.#db)
      case 'continuous':
        await this.#db.createQuery(record.sql, record.name)
        this.#followers.set(record.name, new Follower(record.name))
        return settle(this.#db)
      case 'changes':
        return this.#changes(record)
      case 'watermark':
      case 'late':
      case 'state':
        return this.#status(record)
      case 'clock':
        this.#life.clock.forward(record.forwardUs)
        return settle(this.#db)
      case 'checkpoint':
        await this.#db.checkpoint()
        return
      case 'restart':
        return this.#restart()
      case 'kill':
        return this.#kill()
    }
  }

  async #statement(record: RecOf<'statement-ok'>): Promise<void> {
    if (ENDS_PLANS.test(record.sql)) await this.#dropTwins()
    const results = await this.#db.execute(record.sql).catch((error) => error)
    if (results instanceof Error) {
      this.#report(record, errorLines(results, record.sql).join('\n'))
      return
    }
    this.#tried.clear()
    await settle(this.#db)
    if (this.#oracle !== undefined) await this.#mirror(record)
    if (record.expected === undefined) return
    const lines = (results as { message?: string; warnings?: string[] }[]).flatMap(
      ({ message = '', warnings = [] }) => [message, ...warnings.map((w) => `warning: ${w}`)],
    )
    this.#compare(record, record.expected, lines)
  }

  /** The same in DuckDB. */
  async #mirror({ sql, flags }: RecOf<'statement-ok'>): Promise<void> {
    const oracle = this.#oracle!
    if (flags.has('oracle')) return
    for (const statement of parseStatements(sql)) {
      if (statement.kind === 'create-table') {
        await oracle.createTable(statement.name.text, this.#db.embeddedTable(statement.name.text))
      } else if (statement.kind === 'create-view') {
        await oracle.run(`CREATE VIEW ${statement.name.text} AS ${statement.queryText}`)
      } else if (statement.kind === 'insert-values') {
        // Into a table with a key a row replaces the one before it.
        const { primaryKey } = this.#db.embeddedTable(statement.table.text)
        const verb = primaryKey === undefined ? 'INSERT' : 'INSERT OR REPLACE'
        await oracle.run(statement.text.replace(/^INSERT/i, verb))
      } else if (['drop', 'update', 'delete'].includes(statement.kind)) {
        await oracle.run(statement.text)
      }
    }
  }

  async #refused(record: RecOf<'statement-error'>): Promise<void> {
    const { sql, code, expected } = record
    if (ENDS_PLANS.test(sql)) await this.#dropTwins()
    const error = await this.#db.execute(sql).then(
      () => undefined,
      (thrown) => asSqlError(thrown),
    )
    if (error === undefined) return this.#report(record, `no error, but ${code} was expected`)
    const lines = errorLines(error, sql)
    if (this.#options.bless && (code === '?' || expected !== undefined)) {
      const head = `statement error ${code === '?' ? error.code : code}`
      this.#blessings.push({ record, head, expected: lines })
    } else if (error.code !== code) {
      this.#report(record, `the code ${code} was expected\n${lines.join('\n')}`)
    } else if (expected !== undefined) this.#compare(record, expected, lines)
    if (this.#hasTwin(record)) await this.#refusedTwin(record)
  }

  /** A continuous query is refused likewise, or fails on its rows. */
  async #refusedTwin(record: RecOf<'statement-error'>): Promise<void> {
    const { sql, code } = record
    const name = `failing_${record.line + 1}`
    const statement = ((): { kind: string } | undefined => {
      try {
        return parseStatements(sql)[0]
      } catch {
        return undefined
      }
    })()
    if (statement?.kind !== 'select') return
    try {
      await this.#db.createQuery(unordered(sql), name)
    } catch (thrown) {
      const found = asSqlError(thrown).code
      if (found !== code) this.#report(record, `as a continuous query it is refused by ${found}`)
      return
    }
    await settle(this.#db)
    const { state, error } = await this.#db.query(name)
    const found = (error as { code?: string } | null)?.code
    if (state !== 'failed' || found !== code) {
      this.#report(record, `as a continuous query it is ${state} (${found ?? 'no error'})`)
    }
    await this.#db.dropQuery(name)
  }

  async #query(record: RecOf<'query'>): Promise<void> {
    const { sql, types } = record
    const [result] = await this.#db.execute(sql).catch((error) => [error])
    if (result instanceof Error) return this.#report(record, errorLines(result, sql).join('\n'))
    const { schema, batches } = result as RowsResult
    if (record.plain) return this.#compare(record, record.expected ?? [], plainLines(batches))
    const found = typeNames(schema)
    if (types !== undefined && !this.#options.bless && found.join() !== types.join()) {
      this.#report(record, `the types are ${found.join(', ')}`)
    }
    const rows = rowLines(batches)
    const lines = record.ordered ? rows : [...rows].sort()
    const order = record.ordered ? ' nosort' : ''
    this.#compare(record, record.expected ?? [], lines, `query ${found.join(', ')}${order}`)
    await this.#askOracle(record, result, lines)
    await this.#checkTwins(record, lines)
  }

  async #askOracle(record: RecOf<'query'>, { schema }: RowsResult, ours: string[]): Promise<void> {
    if (this.#oracle === undefined || record.flags.has('oracle')) return
    try {
      const rows = await this.#oracle.query(record.duckdb, schema)
      const theirs = record.ordered ? rows : rows.sort()
      if (theirs.join('\n') === ours.join('\n')) return
      this.#report(record, `DuckDB answers\n${theirs.join('\n')}\n-- and we\n${ours.join('\n')}`)
    } catch (error) {
      this.#report(record, `DuckDB: ${(error as Error).message}`)
    }
  }

  #compare(
    record: Rec,
    expected: readonly string[],
    found: readonly string[],
    head?: string,
  ): void {
    const ordered = record.kind !== 'query' || record.ordered || record.plain
    const wanted = ordered ? expected : [...expected].sort()
    if (this.#options.bless) {
      if (record.bug === undefined) this.#blessings.push({ record, head, expected: found })
    } else if (wanted.join('\n') !== found.join('\n')) {
      this.#report(record, `expected\n${wanted.join('\n')}\n-- found\n${found.join('\n')}`)
    }
  }

  async #push({ stream, split, rows }: RecOf<'push'>): Promise<void> {
    const table = this.#db.embeddedTable(stream)
    const pieces = this.#options.mode === 'batch1' ? rows.map((row) => [row]) : [rows]
    for (const piece of pieces) {
      const batch = rowsFrom(piece, table)
      await this.#db.append(table, batch, { split })
      await settle(this.#db)
      await this.#oracle?.insert(table, batch)
    }
  }

  async #changes(record: RecOf<'changes'>): Promise<void> {
    const follower = this.#followers.get(record.name)
    if (follower === undefined) throw new Error(`no continuous ${record.name}`)
    await settle(this.#db)
    const batch = follower.changes(this.#db)
    this.#compare(record, record.expected ?? [], batch === null ? [] : changeLines(batch).sort())
  }

  async #status(record: RecOf<'watermark' | 'late' | 'state'>): Promise<void> {
    await settle(this.#db)
    const { queries } = await this.#db.engineStatus()
    const info = await this.#db.query(record.name)
    const status = queries.find(({ queryId }) => queryId === info.id)!
    const text = {
      late: () => String(status.lateRows),
      state: () => [status.state, status.error?.code].filter(Boolean).join(' '),
      watermark: () => watermarkText(status.watermarkUs) ?? 'none',
    }[record.kind]()
    const head = `${record.kind} ${record.name} ${text}`
    if (this.#options.bless && record.bug === undefined) this.#blessings.push({ record, head })
    else if (text !== record.text) this.#report(record, `expected ${record.text}, found ${text}`)
  }

  #hasTwin({ flags }: Rec): boolean {
    return this.#options.mode !== 'bounded' && !flags.has('twin')
  }

  /** Starts the continuous forms of the queries to come, as far as what they need is there: up to
   *  the next statement that takes something away. */
  async #startTwins(index: number): Promise<void> {
    for (const record of this.#file.records.slice(index)) {
      if (record.kind === 'statement-ok' && ENDS_PLANS.test(record.sql)) return
      if (record.kind !== 'query' || record.plain || !this.#hasTwin(record)) continue
      if (record.flags.has(this.#options.mode) || record.bug === 'all') continue
      if (this.#twins.some((twin) => twin.record === record)) continue
      const isNow = record === this.#file.records[index]
      if (!isNow && this.#tried.has(record.sql)) continue
      const error = await this.#startTwin(record)
      if (error === undefined) continue
      this.#tried.add(record.sql)
      if (isNow) this.#report(record, `the continuous form: ${error}`)
    }
  }

  /** What prevents it, if something does. */
  async #startTwin(record: RecOf<'query'>): Promise<string | undefined> {
    const name = () => `twin_${++this.#twinCount}`
    let plain = record.sql
    try {
      plain = unordered(record.sql)
      if (!/^\s*(SELECT|WITH|VALUES|\()/i.test(plain)) return undefined
      await this.#addTwin(record, name(), plain, false)
    } catch (thrown) {
      return errorLines(thrown, plain).join('\n')
    }
    // A form that knows no changes has its final results only.
    await this.#addTwin(record, name(), `${plain}\nEMIT CHANGES`, true).catch(() => {})
    return undefined
  }

  async #addTwin(
    record: RecOf<'query'>,
    name: string,
    sql: string,
    emitsChanges: boolean,
  ): Promise<void> {
    await this.#db.createQuery(sql, name)
    this.#twins.push({ record, follower: new Follower(name), emitsChanges })
  }

  /** What the changes up to here add up to is the bounded answer. */
  async #checkTwins(record: RecOf<'query'>, lines: readonly string[]): Promise<void> {
    if (record.flags.has('final')) return
    const twins = this.#twins.filter((twin) => twin.record === record && twin.emitsChanges)
    if (twins.length > 0) await settle(this.#db)
    for (const twin of twins) await this.#checkTwin(twin, lines)
  }

  async #checkTwin(
    { record, follower, emitsChanges }: Twin,
    lines: readonly string[],
  ): Promise<void> {
    const { state, error } = await this.#db.query(follower.name)
    const form = `the continuous form${emitsChanges ? ' with EMIT CHANGES' : ''}`
    if (state === 'failed') return this.#report(record, `${form} failed: ${JSON.stringify(error)}`)
    try {
      const wanted = [...lines].sort()
      const found = follower.rows(this.#db)
      if (wanted.join('\n') === found.join('\n')) return
      this.#report(
        record,
        `${form} is ${state}; expected\n${wanted.join('\n')}\n-- found\n${found.join('\n')}`,
      )
    } catch (thrown) {
      this.#report(record, `${form}: ${(thrown as Error).message}`)
    }
  }

  async #dropTwins(): Promise<void> {
    const twins = this.#twins
    this.#twins = []
    for (const { follower } of twins) await this.#db.dropQuery(follower.name)
  }

  /** All streams end; now both forms of every query must be the bounded answer. */
  async #finish(): Promise<void> {
    if (this.#twins.length === 0) return
    for (const { name, connector, ended } of await this.#db.streams()) {
      if (connector === 'log' && !ended) await this.#db.endStream(name)
    }
    await eventually('the end of all queries', async () =>
      (await this.#db.queries()).every(({ state }) =>
        ['ended', 'failed', 'paused'].includes(state),
      ),
    )
    await settle(this.#db)
    for (const record of new Set(this.#twins.map((twin) => twin.record))) {
      if (record.bug !== undefined) continue
      try {
        const [result] = (await this.#db.execute(record.sql)) as RowsResult[]
        const lines = rowLines(result.batches).sort()
        for (const twin of this.#twins)
          if (twin.record === record) await this.#checkTwin(twin, lines)
      } catch (error) {
        this.#report(record, `at the end: ${(error as Error).message}`)
      }
    }
  }
}

/** One row a line, or one JSON object a line. */
function rowsFrom(lines: readonly string[], table: TableSpec): Batch {
  const text = lines.join('\n')
  if (!text.startsWith('{')) return parseBatch(text, recordSchema(table))
  return decodeRecords(Buffer.from(text), formatOf('ndjson'), table, 1 << 20)
}
