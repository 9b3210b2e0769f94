/** How many rows an epoch takes from each table: many under load, few when there is little to
 *  do. */

const ROWS_MIN = 4_096

export class EpochSize {
  readonly #rowsMax: number
  readonly #rowsMin: number
  rows: number

  constructor(rowsMax: number) {
    this.#rowsMax = rowsMax
    this.#rowsMin = Math.min(ROWS_MIN, rowsMax)
    this.rows = this.#rowsMin
  }

  /** An epoch took so many. */
  took(rowCount: number): void {
    if (rowCount >= this.rows) this.rows = Math.min(this.rows * 2, this.#rowsMax)
    else if (rowCount < this.rows / 4) this.rows = Math.max(Math.ceil(this.rows / 2), this.#rowsMin)
  }
}
