/** The lists at the side: what runs on the server and how it fares, every second. */

import type { JsonValue, MillraceClient, QueryInfo, StreamInfo } from '../client/index.ts'
import { sleep } from '../client/sleep.ts'
import { byId, element } from './element.ts'

const INTERVAL_MS = 1000

export interface OverviewActions {
  readonly follow: (name: string) => void
  readonly select: (name: string) => void
}

export class Overview {
  readonly #client: MillraceClient
  readonly #actions: OverviewActions
  /** The query that is followed now. */
  followed: string | undefined

  constructor(client: MillraceClient, actions: OverviewActions) {
    this.#client = client
    this.#actions = actions
    void this.#loop()
  }

  async #loop(): Promise<void> {
    for (;;) {
      await this.refresh()
      await sleep(INTERVAL_MS)
    }
  }

  async refresh(): Promise<void> {
    const server = byId('server')
    try {
      const [queries, streams] = await Promise.all([
        this.#client.listQueries(),
        this.#client.listStreams(),
      ])
      server.textContent = `${queries.length} queries, ${streams.length} streams`
      byId('queries').replaceChildren(...queries.map((query) => this.#query(query)))
      byId('streams').replaceChildren(...streams.map((stream) => this.#stream(stream)))
    } catch (error) {
      server.textContent = (error as Error).message
    }
  }

  #query(query: QueryInfo): HTMLLIElement {
    const parts = [query.state, `${count(query.rowsOut)} rows out`, time(query.watermark)]
    const className = query.state === 'failed' ? 'failed' : ''
    const pressed = String(this.followed === query.name)
    return this.#item(query.name, parts, { className, pressed, action: this.#actions.follow })
  }

  #stream(stream: StreamInfo): HTMLLIElement {
    const ended = stream.ended === true ? 'ended' : time(stream.watermark)
    const parts = [`${count(stream.rows)} rows`, ended]
    const look = { className: '', pressed: 'false', action: this.#actions.select }
    return this.#item(stream.name, parts, look)
  }

  #item(
    name: string,
    parts: readonly string[],
    look: { className: string; pressed: string; action: (name: string) => void },
  ): HTMLLIElement {
    const text = parts.filter((part) => part !== '').join(' · ')
    const button = element(
      'button',
      { attributes: { type: 'button', 'aria-pressed': look.pressed } },
      element('strong', {}, name),
      element('small', { className: look.className }, text),
    )
    button.addEventListener('click', () => look.action(name))
    return element('li', {}, button)
  }
}

const count = (value: JsonValue | undefined): string => Number(value ?? 0).toLocaleString('en')

const time = (value: JsonValue | undefined): string =>
  typeof value === 'string' && value !== 'infinity' ? value.slice(0, 19).replace('T', ' ') : ''
