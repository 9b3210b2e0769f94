/** Prints changes one below the other as an aligned table, in the order they come. */

import type { ChangeOp, ResultColumn, SubscriptionEvent } from '../../client/index.ts'
import { styleOf } from './style.ts'
import { TableLayout } from './table.ts'
import type { EventView } from './tail.ts'

const COLOURS = { '+I': 'green', '+U': 'green', '-U': 'yellow', '-D': 'red' } as const
const OP_WIDTH = 3

export class ChangePrinter implements EventView {
  readonly #style = styleOf(process.stdout)
  #layout: TableLayout | undefined
  #appendOnly = false
  #headed = false

  take(event: SubscriptionEvent): number {
    switch (event.kind) {
      case 'schema':
        this.#appendOnly = event.appendOnly
        this.#layout = this.#layoutFor(event.columns)
        return 0
      case 'snapshot':
      case 'changes':
        this.#print(event.rows)
        return event.rows.length
      case 'end':
        process.stderr.write('The result is complete.\n')
        return 0
      default:
        return 0
    }
  }

  end(): void {}

  #layoutFor(columns: readonly ResultColumn[]): TableLayout {
    const { isTTY, columns: cells } = process.stdout
    const margin = this.#appendOnly ? 0 : OP_WIDTH
    return new TableLayout(columns, {
      style: this.#style,
      width: isTTY ? cells - margin : undefined,
    })
  }

  #print(changes: (SubscriptionEvent & { kind: 'changes' | 'snapshot' })['rows']): void {
    const layout = this.#layout
    if (layout === undefined || changes.length === 0) return
    const cells = changes.map(({ row }) => layout.cells(row))
    layout.fit(cells)
    const lines = cells.map((line, i) => `${this.#mark(changes[i].op)}${layout.line(line)}`)
    if (!this.#headed) {
      const [names, rule] = layout.header()
      const margin = this.#appendOnly ? '' : ' '.repeat(OP_WIDTH)
      const ruleMargin = this.#appendOnly ? '' : this.#style('dim', '─'.repeat(OP_WIDTH))
      lines.unshift(margin + names, ruleMargin + rule)
      this.#headed = true
    }
    process.stdout.write(`${lines.join('\n')}\n`)
  }

  #mark(op: ChangeOp): string {
    return this.#appendOnly ? '' : this.#style(COLOURS[op], ` ${op}`)
  }
}
