/** The way of one operator's questions to a lookup client and of the answers back: in batches, some
 *  of them at once, again when one fails. What it does depends on the world outside; only what it
 *  hands over counts, and that is journaled. */

import { backoffMs } from '../base/backoff.ts'
import { type Clock, sleep } from '../base/clock.ts'
import { asSqlError, SqlError } from '../base/errors.ts'
import { freshSeed, random } from '../base/random.ts'
import type { Batch } from '../batch/batch.ts'
import { encodeBatch } from '../batch/ipc.ts'
import type { Answers, Asking } from '../operator/lookup/asking.ts'
import type {
  LookupAnswer,
  LookupClient,
  LookupConnector,
  LookupRequest,
} from '../source/lookup.ts'

/** Keys of one request. */
const KEYS_MAX = 256
const REQUESTS_MAX = 8
/** An answer to one request may not be larger: it has to go through the journal. */
const ANSWER_BYTES_MAX = 64 << 20
const PAUSE = { firstMs: 100, maxMs: 10_000 }

interface Question {
  readonly ids: readonly number[]
  readonly keys: Batch
}

export interface ChannelOptions {
  readonly asking: Asking
  readonly request: LookupRequest
  readonly connector: LookupConnector
  readonly clock: Pick<Clock, 'after'>
  /** An answer, or a failure, is here. */
  readonly onReady: () => void
}

export class LookupChannel {
  readonly #options: ChannelOptions
  readonly #closing = new AbortController()
  readonly #maxRetries: number
  readonly #timeoutMs: number
  readonly #requestsMax: number
  #client: LookupClient | undefined
  /** The last key that was taken over. */
  #asked = -1
  readonly #questions: Question[] = []
  #underWay = 0
  readonly #answers: Answers[] = []
  /** Why the keys cannot be answered for now; it is tried again. */
  trouble: SqlError | undefined
  /** Why they cannot be answered. */
  failure: SqlError | undefined

  constructor(options: ChannelOptions) {
    const values = options.request.table.options
    this.#options = options
    this.#maxRetries = Number(values['lookup.max-retries'])
    this.#timeoutMs = Number(values['lookup.timeout'])
    this.#requestsMax = values['lookup.async'] === 'true' ? REQUESTS_MAX : 1
  }

  /** Takes over the keys that are new, and asks for them. */
  ask(): void {
    const pending = this.failure === undefined ? this.#options.asking.pending(this.#asked) : null
    if (pending === null) return
    const { ids, keys } = pending
    this.#asked = ids[ids.length - 1]
    for (let from = 0; from < ids.length; from += KEYS_MAX) {
      const to = Math.min(from + KEYS_MAX, ids.length)
      this.#questions.push({ ids: ids.slice(from, to), keys: keys.slice(from, to) })
    }
    this.#askMore()
  }

  #askMore(): void {
    while (this.#underWay < this.#requestsMax && this.#questions.length > 0) {
      const question = this.#questions.shift()!
      this.#underWay++
      this.#answer(question).then(
        (answers) => this.#done(answers),
        (error) => this.#fail(asSqlError(error)),
      )
    }
  }

  #done(answers: Answers): void {
    this.#underWay--
    if (this.#closing.signal.aborted) return
    this.#answers.push(answers)
    this.#askMore()
    this.#options.onReady()
  }

  #fail(error: SqlError): void {
    this.#underWay--
    if (this.#closing.signal.aborted) return
    this.failure ??= error
    this.#questions.length = 0
    this.#options.onReady()
  }

  async #answer({ ids, keys }: Question): Promise<Answers> {
    const { signal } = this.#closing
    const chance = random(freshSeed())
    for (let tries = 0; ; tries++) {
      try {
        const answer = await this.#once(keys)
        this.trouble = undefined
        return answersOf(ids, answer)
      } catch (thrown) {
        const error = this.#named(thrown)
        if (error.retry === 'never' || tries >= this.#maxRetries || signal.aborted) throw error
        this.trouble = error
        await sleep(backoffMs(tries, PAUSE, chance), signal)
      }
    }
  }

  /** One try; CONNECTOR_FAILED when it takes too long. */
  async #once(keys: Batch): Promise<LookupAnswer> {
    const { request, connector, clock } = this.#options
    this.#client ??= connector.open(request)
    const trying = new AbortController()
    const stop = () => trying.abort()
    this.#closing.signal.addEventListener('abort', stop)
    const late = new SqlError('CONNECTOR_FAILED', `No answer within ${this.#timeoutMs} ms`)
    let cancel = () => {}
    const timeout = new Promise<never>((_, reject) => {
      cancel = clock.after(this.#timeoutMs, () => {
        trying.abort()
        reject(late)
      })
    })
    try {
      return await Promise.race([this.#client.lookup(keys, trying.signal), timeout])
    } finally {
      cancel()
      this.#closing.signal.removeEventListener('abort', stop)
    }
  }

  /** The error with the table that was asked; what a client library threw is CONNECTOR_FAILED. */
  #named(thrown: unknown): SqlError {
    const own = asSqlError(thrown)
    const code = thrown instanceof SqlError ? own.code : 'CONNECTOR_FAILED'
    const { message, hint, details } = own
    const { table } = this.#options.request
    return new SqlError(code, `Lookup in ${table.name}: ${message}`, {
      ...{ hint, details, cause: thrown },
    })
  }

  /** Takes answers that are here, up to about so many bytes. */
  take(bytesMax: number): Answers[] {
    const taken: Answers[] = []
    for (let bytes = 0; this.#answers.length > 0 && bytes < bytesMax; ) {
      const answers = this.#answers.shift()!
      bytes += answers.rows?.length ?? 0
      taken.push(answers)
    }
    return taken
  }

  async close(): Promise<void> {
    this.#closing.abort()
    await this.#client?.close()
  }
}

/** The answer with its rows in the order of the keys. LIMIT_EXCEEDED if it is too large. */
function answersOf(ids: readonly number[], { rows, of }: LookupAnswer): Answers {
  const order = Array.from({ length: rows.rowCount }, (_, row) => row).sort((a, b) => of[a] - of[b])
  const counts = new Array<number>(ids.length).fill(0)
  for (const row of order) counts[of[row]]++
  if (rows.rowCount === 0) return { ids, counts, rows: null }
  const bytes = encodeBatch(rows.keep(Int32Array.from(order), order.length))
  if (bytes.length > ANSWER_BYTES_MAX) {
    throw new SqlError('LIMIT_EXCEEDED', `${bytes.length} bytes for ${ids.length} keys`)
  }
  return { ids, counts, rows: bytes }
}
