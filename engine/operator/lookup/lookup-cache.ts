/** The answers that a lookup join keeps: per key its rows, or that it has none. Part of the
 *  operator's state, because a replay must know what was known. */

import { Batch } from '../../batch/batch.ts'
import { columnOf } from '../../batch/builder.ts'
import { type Column, gather } from '../../batch/column.ts'
import { type Field, type Schema, schemaOf } from '../../batch/schema.ts'
import { BOOLEAN, TIMESTAMP } from '../../batch/types.ts'
import type { Expr } from '../../expr/ir.ts'
import { Arrangement } from '../../state/arrangement.ts'
import { timesOf } from '../../state/times.ts'
import type { JoinGroups } from '../join/join-groups.ts'
import { compileFindGroups } from '../join/join-keys.ts'
import { nullColumn } from '../join/join-single.ts'
import type { LookupCacheSpec } from '../nodes.ts'
import type { OperatorContext, Section } from '../operator.ts'

export interface LookupCacheOptions {
  readonly spec: LookupCacheSpec
  readonly groups: JoinGroups
  /** Of the rows that are joined. */
  readonly right: Schema
  readonly keys: readonly Expr[]
  readonly context: OperatorContext
}

export class LookupCache {
  readonly #options: LookupCacheOptions
  /** The rows, their keys, when they were answered, and whether the key has no row. */
  readonly answers: Arrangement
  readonly #keySchema: Schema
  readonly #width: number
  /** Slots below this are gone. */
  #oldest = 0

  constructor(options: LookupCacheOptions) {
    const { right, keys, groups } = options
    this.#options = options
    this.#width = right.fields.length
    const keyFields = keys.map(({ type }, i): Field => ({ name: `$key${i}`, type, nullable: true }))
    this.#keySchema = schemaOf(keyFields)
    const nullable = right.fields.map((field) => ({ ...field, nullable: true }))
    this.answers = new Arrangement({
      schema: schemaOf([
        ...nullable,
        ...keyFields,
        { name: '$written', type: TIMESTAMP, nullable: false },
        { name: '$missing', type: BOOLEAN, nullable: false },
      ]),
      table: groups.table,
      heads: groups.firstPlace,
      ...{ indexed: false, tracked: false, counted: false },
    })
  }

  /** The cached rows by slot, with the columns that are joined. */
  get view(): Batch {
    const { view } = this.answers.rows
    return view.withColumns(this.#options.right, view.columns.slice(0, this.#width))
  }

  /** The slots of a group's rows in `answers.found`, and how many there are; -1: nothing is known
   *  of it. */
  find(group: number): number {
    const { answers } = this
    const n = answers.members(group)
    if (n === 0) return -1
    if (this.#isExpired(answers.found[0])) {
      this.#forget(group)
      return -1
    }
    return this.#isMissing(answers.found[0]) ? 0 : n
  }

  #forget(group: number): void {
    const n = this.answers.members(group)
    for (let i = 0; i < n; i++) this.answers.rows.kill(this.answers.found[i])
  }

  #isExpired(slot: number): boolean {
    const { expireAfterWriteUs } = this.#options.spec
    if (expireAfterWriteUs === undefined) return false
    const column = this.answers.rows.view.columns[this.#width + this.#options.keys.length]
    const [writtenUs] = timesOf(column, slot, slot + 1)
    return this.#options.context.clock.nowUs - writtenUs >= expireAfterWriteUs
  }

  #isMissing(slot: number): boolean {
    const { columns } = this.answers.rows.view
    return columns[columns.length - 1].values[slot] === 1
  }

  /** Keeps an answer: the rows `rows` of a batch for a group, which is known by row `at` of the key
   *  columns. */
  put(group: number, keys: readonly Column[], at: number, batch: Batch, rows: Int32Array): void {
    const isMissing = rows.length === 0
    this.#forget(group)
    if (isMissing && !this.#options.spec.cachesMissing) return
    const n = Math.max(1, rows.length)
    const places = new Int32Array(n).fill(at)
    const { schema } = this.answers.rows
    const own = isMissing
      ? this.#options.right.fields.map(({ type }) => nullColumn(type, 1))
      : batch.columns.map((column) => gather(column, rows, n))
    const columns = [
      ...own,
      ...keys.map((column) => gather(column, places, n)),
      columnOf(TIMESTAMP, new Array<number>(n).fill(this.#options.context.clock.nowUs)),
      columnOf(BOOLEAN, new Array<boolean>(n).fill(isMissing)),
    ]
    const all = Int32Array.from({ length: n }, (_, i) => i)
    this.answers.insert(new Batch(schema, columns, n), all, n, new Int32Array(n).fill(group))
  }

  /** Forgets the oldest answers: those whose time is over, and those beyond the most rows. */
  tidy(): void {
    const { rows, groups } = this.answers
    const { maxRows } = this.#options.spec
    while (this.#oldest < rows.count) {
      const slot = this.#oldest
      if (rows.weights[slot] === 0) {
        this.#oldest++
        continue
      }
      if (rows.live <= maxRows && !this.#isExpired(slot)) break
      this.#forget(groups[slot])
    }
    if (rows.crowded) this.#oldest = 0
    this.answers.tidy()
  }

  snapshot(): Section[] {
    return this.answers.rows.snapshot('cache-')
  }

  restore(sections: readonly Section[]): void {
    const { keys, groups, context } = this.#options
    const find = compileFindGroups({
      keys: this.#keySchema.fields.map(
        (field, index): Expr => ({ kind: 'column', index, ...field }),
      ),
      nullSafe: keys.map(() => false),
      schema: this.#keySchema,
      insert: true,
    })
    this.answers.restore('cache-', sections, (batch, rows, n, into) => {
      const columns = batch.columns.slice(this.#width, this.#width + keys.length)
      const keyed = batch.withColumns(this.#keySchema, columns)
      find(keyed, groups.table, rows, n, into, context.clock)
    })
  }
}
