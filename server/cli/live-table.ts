/** The rows of a changing result as they are now, redrawn in place. */

import type { Change, ResultColumn, Row, SubscriptionEvent } from '../../client/index.ts'
import { Painter } from './painter.ts'
import { styleOf } from './style.ts'
import { tableLines } from './table.ts'
import type { EventView } from './tail.ts'

const REDRAW_MS = 120
/** Lines around the rows: names, rule, status. */
const FRAME_LINES = 4

export class LiveTable implements EventView {
  readonly #painter = new Painter(process.stdout)
  readonly #style = styleOf(process.stdout)
  readonly #rows = new Map<string, { row: Row; count: number }>()
  #columns: readonly ResultColumn[] = []
  #watermark: string | null = null
  #changes = 0
  #timer: NodeJS.Timeout | undefined

  take(event: SubscriptionEvent): number {
    if (event.kind === 'schema') this.#columns = event.columns
    if ('watermark' in event) this.#watermark = event.watermark
    if (event.kind === 'snapshot' && event.part === 0) this.#rows.clear()
    const rows = event.kind === 'changes' || event.kind === 'snapshot' ? event.rows : []
    for (const change of rows) this.#apply(change)
    this.#changes += rows.length
    this.#timer ??= setTimeout(() => this.#draw(), REDRAW_MS)
    return rows.length
  }

  end(): void {
    clearTimeout(this.#timer)
    this.#draw()
    this.#painter.end()
  }

  /** Counts equal rows: a result is a bag. Rows that changed last are at the end of the map. */
  #apply({ op, row }: Change): void {
    const key = JSON.stringify(row)
    const count = (this.#rows.get(key)?.count ?? 0) + (op === '+I' || op === '+U' ? 1 : -1)
    this.#rows.delete(key)
    if (count !== 0) this.#rows.set(key, { row, count })
  }

  #draw(): void {
    this.#timer = undefined
    const { columns, rows } = this.#painter.size
    const all = [...this.#rows.values()].flatMap(({ row, count }) =>
      Array<Row>(Math.max(count, 0)).fill(row),
    )
    const shown = this.#sorted(all).slice(0, Math.max(1, rows - FRAME_LINES))
    const lines = tableLines(this.#columns, shown, { width: columns, style: this.#style })
    this.#painter.paint([...lines, this.#status(shown.length, all.length)])
  }

  /** By the columns from left to right, newest times first: rows then stay where they are. */
  #sorted(rows: Row[]): Row[] {
    const names = this.#columns.map(({ name, type }) => ({
      name,
      sign: type.startsWith('TIMESTAMP') ? -1 : 1,
    }))
    return rows.sort((a, b) => {
      for (const { name, sign } of names) {
        const [x, y] = [a[name], b[name]]
        if (x === y) continue
        if (x === null || y === null) return x === null ? 1 : -1
        return (x < y ? -1 : 1) * sign
      }
      return 0
    })
  }

  #status(shown: number, all: number): string {
    const some = shown < all ? `first ${shown} of ${all} rows` : `${all} rows`
    const time = this.#watermark === null ? '' : ` · watermark ${this.#watermark}`
    return this.#style('dim', `${some} · ${this.#changes} changes${time} · Ctrl-C to stop`)
  }
}
