/** Which table receives what comes to which path. The server's HTTP side asks, the connector
 *  answers while its table is there. */

export interface WebhookRequest {
  /** Below `/v1/webhooks/`. */
  readonly path: string
  /** By lower-case name. */
  readonly headers: Readonly<Record<string, string>>
  readonly query: Readonly<Record<string, string>>
  readonly body: Uint8Array
}

export interface WebhookReceiver {
  /** Whether requests prove by a signature who sent them; else the server asks for its token. */
  readonly isSigned: boolean
  /** Stores the body's records; resolves to their number when they are on the disk. UNAUTHORIZED,
   *  INVALID_VALUE, BAD_RECORD, UNAVAILABLE. */
  receive(request: WebhookRequest): Promise<number>
}

/** At the end of a path: it and all below. */
const ALL_BELOW = '/*'

export class WebhookPaths {
  readonly #receivers = new Map<string, WebhookReceiver>()

  /** The result ends it. */
  open(path: string, receiver: WebhookReceiver): () => void {
    this.#receivers.set(path, receiver)
    return () => {
      if (this.#receivers.get(path) === receiver) this.#receivers.delete(path)
    }
  }

  /** The receiver of exactly this path, or of the nearest one above it that takes all below. */
  find(path: string): WebhookReceiver | undefined {
    const exact = this.#receivers.get(path)
    if (exact !== undefined) return exact
    for (
      let above = path;
      above !== '';
      above = above.slice(0, Math.max(above.lastIndexOf('/'), 0))
    ) {
      const found = this.#receivers.get(`${above}${ALL_BELOW}`)
      if (found !== undefined) return found
    }
    return undefined
  }
}
