/** Continuous queries beside the bounded ones: started before the records come, what their
 *  changelogs add up to must be the bounded answer. */

import type { Batch } from '../../../engine/batch/batch.ts'
import { consolidate } from '../../../engine/batch/consolidate.ts'
import { decodeBatch } from '../../../engine/batch/ipc.ts'
import type { ResultFrame } from '../../../engine/graph/protocol.ts'
import type { Database } from '../../../server/database.ts'
import { parseStatements } from '../../../sql/index.ts'
import { rowLines } from './answers.ts'

/** What a follower saw of a query, over all lives of the server: what was released may not change. */
export class Follower {
  readonly name: string
  readonly #frames: ResultFrame[] = []
  /** Results that a `changes` record has shown. */
  #shown = 0

  constructor(name: string) {
    this.name = name
  }

  /** Reads all results that are there, those seen before once more. */
  read(db: Database): Batch[] {
    const { schema, feed } = db.subscribable(this.name)
    const cursor = feed.cursor(0)
    const batches: Batch[] = []
    for (let seq = 0; ; seq++) {
      const frame = cursor.next()?.frame
      if (frame === undefined) break
      const payload = frame.payload.slice()
      const before = this.#frames[seq]
      if (before !== undefined && Buffer.compare(before.payload, payload) !== 0) {
        throw new Error(`result ${seq} of ${this.name} is not what it was`)
      }
      if (frame.seq !== seq) throw new Error(`result ${frame.seq} of ${this.name} is not ${seq}`)
      this.#frames[seq] = { ...frame, payload }
      batches.push(decodeBatch(payload, schema))
    }
    cursor.close()
    if (batches.length < this.#frames.length) {
      throw new Error(`${this.name} had ${this.#frames.length} results, now ${batches.length}`)
    }
    return batches
  }

  /** What came since the last call, added up. */
  changes(db: Database): Batch | null {
    const { schema } = db.subscribable(this.name)
    const batches = this.read(db).slice(this.#shown)
    this.#shown += batches.length
    return consolidate(batches, schema)
  }

  /** The rows that the whole changelog adds up to, as sorted lines. */
  rows(db: Database): string[] {
    const { schema, appendOnly } = db.subscribable(this.name)
    const batches = this.read(db)
    if (appendOnly && batches.some(({ weights }) => weights?.some((weight) => weight < 0))) {
      throw new Error(`${this.name} is called append-only and retracts`)
    }
    const whole = consolidate(batches, schema)
    if (whole === null) return []
    const lines = rowLines([whole])
    return lines
      .flatMap((line, i) => {
        const weight = whole.weights?.[i] ?? 1
        if (weight < 0) throw new Error(`${this.name}: ${line} has weight ${weight}`)
        return Array<string>(weight).fill(line)
      })
      .sort()
  }
}

/** The query without an ORDER BY that changes nothing about which rows there are: a continuous query
 *  has no order. */
export function unordered(sql: string): string {
  const [statement] = parseStatements(sql)
  if (statement.kind !== 'select') return sql
  const { orderBy, limit, offset } = statement.query
  if (orderBy.length === 0 || limit !== undefined || offset !== undefined) return sql
  const head = sql.slice(0, orderBy[0].value.at.offset)
  return sql.slice(0, head.toUpperCase().lastIndexOf('ORDER'))
}
