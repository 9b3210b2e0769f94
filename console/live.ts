/** A live result: the rows of a subscription as they stand, kept by key or by value. */

import type { Change, MillraceClient, ResultColumn, SubscriptionEvent } from '../client/index.ts'
import { element } from './element.ts'
import { resultRow, resultTable } from './result-table.ts'

/** More rows than this are counted but not shown. */
const ROWS_SHOWN_MAX = 500

export class LiveResult {
  readonly root: HTMLElement
  readonly #status = element('p', { className: 'quiet' }, 'connecting…')
  readonly #place = element('div')
  readonly #stop = new AbortController()
  #columns: readonly ResultColumn[] = []
  #key: readonly string[] | undefined
  #body: HTMLTableSectionElement | undefined
  readonly #shown = new Map<string, HTMLTableRowElement[]>()
  #rowCount = 0
  #changeCount = 0

  constructor(client: MillraceClient, target: string | { sql: string }, title: string) {
    const heading = element('h2', {}, `Live: ${title}`)
    this.root = element('div', { className: 'result' }, heading, this.#status, this.#place)
    void this.#follow(client, target)
  }

  close(): void {
    this.#stop.abort()
  }

  async #follow(client: MillraceClient, target: string | { sql: string }): Promise<void> {
    try {
      for await (const event of client.subscribe(target, { signal: this.#stop.signal })) {
        this.#take(event)
      }
    } catch (error) {
      if (this.#stop.signal.aborted) return
      this.#place.append(element('pre', { className: 'error' }, (error as Error).message))
    }
  }

  #take(event: SubscriptionEvent): void {
    switch (event.kind) {
      case 'schema':
        this.#begin(event.columns, event.key)
        break
      case 'snapshot':
        if (event.part === 0) this.#begin(this.#columns, this.#key)
        this.#apply(event.rows)
        this.#say(event.watermark)
        break
      case 'changes':
        this.#apply(event.rows)
        this.#say(event.watermark)
        break
      case 'progress':
        this.#say(event.watermark)
        break
      case 'error':
        this.#place.append(element('pre', { className: 'error' }, event.error.message))
        break
      case 'end':
        this.#status.append(event.reason === 'ended' ? ' · complete' : ` · ${event.reason}`)
    }
  }

  #begin(columns: readonly ResultColumn[], key: readonly string[] | undefined): void {
    this.#columns = columns
    this.#key = key
    this.#shown.clear()
    this.#rowCount = 0
    const { frame, body } = resultTable(columns)
    this.#body = body
    this.#place.replaceChildren(frame)
    this.#say(null)
  }

  #say(watermark: string | null): void {
    const rows = `${this.#rowCount.toLocaleString('en')} rows`
    const changes = `${this.#changeCount.toLocaleString('en')} changes`
    const known = watermark !== null && watermark !== 'infinity'
    const time = known ? ` · watermark ${watermark}` : ''
    const hidden = this.#rowCount > ROWS_SHOWN_MAX ? `, the last ${ROWS_SHOWN_MAX} shown` : ''
    this.#status.textContent = `${rows}${hidden} · ${changes}${time}`
  }

  #apply(changes: readonly Change[]): void {
    for (const { op, row } of changes) {
      this.#changeCount++
      if (op === '-D' || op === '-U') this.#remove(row)
      else this.#add(row)
    }
  }

  #nameOf(row: Change['row']): string {
    const names = this.#key ?? this.#columns.map((column) => column.name)
    return JSON.stringify(names.map((name) => row[name]))
  }

  #add(row: Change['row']): void {
    const name = this.#nameOf(row)
    const line = resultRow(this.#columns, row)
    line.className = 'fresh'
    this.#body?.prepend(line)
    this.#shown.set(name, [...(this.#shown.get(name) ?? []), line])
    this.#rowCount++
    if (this.#body !== undefined && this.#body.childElementCount > ROWS_SHOWN_MAX) {
      this.#body.lastElementChild?.remove()
    }
  }

  #remove(row: Change['row']): void {
    const name = this.#nameOf(row)
    const lines = this.#shown.get(name) ?? []
    lines.pop()?.remove()
    if (lines.length === 0) this.#shown.delete(name)
    this.#rowCount--
  }
}
