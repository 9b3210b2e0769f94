/** Turns the bytes of a `text/event-stream` body into events, as the HTML standard defines it
 *  ("Interpreting an event stream"), whatever the chunk boundaries: they may cut a line end, an
 *  UTF-8 character or the byte order mark in two. */

export interface SseEvent {
  /** The `event` field; 'message' if there was none. */
  readonly type: string
  /** The `data` lines, joined by a line feed. */
  readonly data: string
  /** The last `id` seen so far in the stream, also when this event carried none; '' before. */
  readonly id: string
}

const LF = 10
const CR = 13

/** One parser per connection: an event that is incomplete when the connection ends is dropped. */
export class SseParser {
  readonly #decoder = new TextDecoder()
  #line = ''
  #afterCr = false
  #type = ''
  #data: string[] = []
  #id: string
  #retryMs: number | undefined

  /** `lastEventId` is the id that this connection resumed from. */
  constructor(lastEventId = '') {
    this.#id = lastEventId
  }

  /** The reconnection delay that the server last asked for, in milliseconds. */
  get retryMs(): number | undefined {
    return this.#retryMs
  }

  /** Takes the next bytes of the body; returns the events they complete, in order. */
  push(bytes: Uint8Array): SseEvent[] {
    const text = this.#decoder.decode(bytes, { stream: true })
    const events: SseEvent[] = []
    let from = 0
    for (let at = 0; at < text.length; at++) {
      const code = text.charCodeAt(at)
      if (code !== LF && code !== CR) {
        this.#afterCr = false
        continue
      }
      if (code === LF && this.#afterCr) {
        // The second half of a CRLF: the line ended at the CR already.
        this.#afterCr = false
        from = at + 1
        continue
      }
      this.#afterCr = code === CR
      this.#endLine(this.#line + text.slice(from, at), events)
      this.#line = ''
      from = at + 1
    }
    this.#line += text.slice(from)
    return events
  }

  #endLine(line: string, events: SseEvent[]): void {
    if (line === '') {
      this.#dispatch(events)
      return
    }
    const colon = line.indexOf(':')
    if (colon === 0) return
    const name = colon < 0 ? line : line.slice(0, colon)
    const value = colon < 0 ? '' : line.slice(line[colon + 1] === ' ' ? colon + 2 : colon + 1)
    this.#field(name, value)
  }

  #field(name: string, value: string): void {
    if (name === 'data') this.#data.push(value)
    else if (name === 'event') this.#type = value
    else if (name === 'id' && !value.includes('\0')) this.#id = value
    else if (name === 'retry' && /^[0-9]+$/.test(value)) this.#retryMs = Number(value)
  }

  #dispatch(events: SseEvent[]): void {
    // Without a data line there is no event; the id it may have carried stays.
    if (this.#data.length > 0) {
      events.push({ type: this.#type || 'message', data: this.#data.join('\n'), id: this.#id })
    }
    this.#type = ''
    this.#data = []
  }
}
