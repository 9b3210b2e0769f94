/** Gathers the bad records of an epoch, for `"s$dead_letters"`. A record that several readings of
 *  its table meet is kept once. */

import { Batch } from '../batch/batch.ts'
import { columnOf } from '../batch/builder.ts'
import { valueAt } from '../batch/rows.ts'
import {
  DEAD_LETTERS,
  type DeadLetter,
  deadLettersName,
  isDeadLetters,
} from '../source/dead-letter-table.ts'
import type { SideLogs } from './side-logs.ts'

/** Of so many dead letters of a table it is known that they are there: oldest forgotten first, so
 *  that a replay forgets the same ones. */
const KNOWN_MAX = 100_000

export class DeadLetters {
  /** What is in the log, by side table. */
  readonly #known = new Map<string, Set<string>>()
  readonly #new = new Map<string, DeadLetter[]>()

  /** Learns what the logs hold. Once, after they are opened and before a replay. */
  async open(logs: SideLogs): Promise<void> {
    this.#known.clear()
    for (const id of logs.ids().filter(isDeadLetters)) {
      for await (const { columns, rowCount } of logs.rows(id, DEAD_LETTERS)) {
        for (let i = 0; i < rowCount; i++) {
          this.#isNew(id, String(valueAt(columns[0], i)), String(valueAt(columns[1], i)))
        }
      }
    }
  }

  add(tableId: string, letter: DeadLetter): void {
    const id = deadLettersName(tableId)
    if (!this.#isNew(id, letter.split, letter.offset)) return
    const letters = this.#new.get(id)
    if (letters === undefined) this.#new.set(id, [letter])
    else letters.push(letter)
  }

  #isNew(id: string, split: string, offset: string): boolean {
    const known = this.#known.get(id) ?? new Set()
    this.#known.set(id, known)
    const key = `${split}\0${offset}`
    if (known.has(key)) return false
    known.add(key)
    if (known.size > KNOWN_MAX) known.delete(known.values().next().value!)
    return true
  }

  /** Writes what the epoch brought. */
  write(logs: SideLogs, epoch: number, nowUs: number): void {
    for (const [id, letters] of this.#new) {
      const arrived = Math.floor(nowUs / 1000) * 1000
      const rows = letters.map(({ split, offset, error, record }) => {
        return [split, offset, error, record, arrived]
      })
      const columns = DEAD_LETTERS.fields.map(({ type }, i) =>
        columnOf(
          type,
          rows.map((row) => row[i]),
        ),
      )
      logs.append(id, epoch, nowUs, new Batch(DEAD_LETTERS, columns, letters.length))
    }
    this.#new.clear()
  }

  /** The table is no more. */
  forget(tableId: string): void {
    this.#known.delete(deadLettersName(tableId))
  }
}
