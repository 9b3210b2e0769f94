/** How many rows an epoch takes from each table: many under load, few when there is little to do,
 *  and fewer when they take long: a row of a join can have a hundred thousand partners. */

/** Where it begins: growing from here to the most takes a few quick epochs. */
const ROWS_MIN = 256
/** An epoch that takes longer was too large. */
const SLOW_MS = 250

export class EpochSize {
  readonly #rowsMax: number
  readonly #rowsMin: number
  rows: number

  constructor(rowsMax: number) {
    this.#rowsMax = rowsMax
    this.#rowsMin = Math.min(ROWS_MIN, rowsMax)
    this.rows = this.#rowsMin
  }

  /** An epoch took so many, and so long. */
  took(rowCount: number, ms: number): void {
    if (ms > SLOW_MS && rowCount > 0) {
      const fit = Math.floor((rowCount * SLOW_MS) / ms)
      this.rows = Math.max(1, Math.min(this.rows, fit))
    } else if (rowCount >= this.rows) this.rows = Math.min(this.rows * 2, this.#rowsMax)
    else if (rowCount < this.rows / 4) {
      const least = Math.min(this.rows, this.#rowsMin)
      this.rows = Math.max(Math.ceil(this.rows / 2), least)
    }
  }
}
