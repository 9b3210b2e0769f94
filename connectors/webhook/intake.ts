/** Received requests as an intake: a request is answered when its records are in the log. */

import type { Clock } from '../../engine/base/clock.ts'
import { fail, SqlError } from '../../engine/base/errors.ts'
import type { Value } from '../../engine/batch/value.ts'
import type { IntakeConnector, IntakeFeed, IntakeMessage } from '../../engine/source/intake.ts'
import { toMillisecond } from '../../engine/source/stream-frame.ts'
import type { TableSpec } from '../../engine/source/table.ts'
import { badFinder, type FindBad } from '../bad-messages.ts'
import type { IntakeContext } from '../context.ts'
import { recordsOf } from '../http-body.ts'
import { aborted } from '../one-look.ts'
import type { WebhookReceiver, WebhookRequest } from './paths.ts'
import { type CheckSignature, signatureCheck } from './signature.ts'
import { webhook } from './spec.ts'

export const webhookIntake = ({ clock, webhooks }: IntakeContext): IntakeConnector => ({
  name: webhook.name,
  check({ options: { path } }, others) {
    const other = others.find(({ options }) => path !== undefined && options.path === path)
    if (other === undefined) return
    fail('INVALID_OPTION', `The table ${other.name} receives at '${path}' already`)
  },
  async run(table, feed, signal) {
    const close = webhooks.open(table.options.path, new Receiver(table, feed, clock))
    feed.connected()
    await aborted(signal)
    close()
    await feed.settled()
  },
})

/** So long for the disk; then the sender should try again. */
const STORE_MS = 10_000

const ID_HEADERS: Readonly<Record<string, string>> = {
  github: 'x-github-delivery',
  'standard-webhooks': 'webhook-id',
}

class Receiver implements WebhookReceiver {
  readonly #options: TableSpec['options']
  readonly #feed: IntakeFeed
  readonly #clock: Clock
  readonly #check: CheckSignature | undefined
  readonly #findBad: FindBad | undefined
  readonly #idHeader: string

  constructor(table: TableSpec, feed: IntakeFeed, clock: Clock) {
    const { options } = table
    this.#options = options
    this.#feed = feed
    this.#clock = clock
    this.#check = signatureCheck(options)
    if (options['reject-bad-records'] === 'true') this.#findBad = badFinder(table)
    const header = options['delivery-id.header'] ?? ID_HEADERS[options.signature]
    this.#idHeader = (header ?? 'Idempotency-Key').toLowerCase()
  }

  get isSigned(): boolean {
    return this.#check !== undefined
  }

  async receive(request: WebhookRequest): Promise<number> {
    const { headers, body } = request
    const nowUs = this.#clock.nowUs()
    this.#check?.(headers, body, nowUs)
    const records = recordsOf(body, this.#options)
    const starts = Int32Array.from(records, ({ start }) => start)
    const ends = Int32Array.from(records, ({ end }) => end)
    this.#findBad?.({ bytes: body, starts, ends }).forEach(({ index, error }) => {
      throw new SqlError(
        'BAD_RECORD',
        `Record ${index} of the request does not fit. ${error.message}`,
        {
          details: { ...error.details, index },
        },
      )
    })
    if (records.length === 0) return 0
    // An empty one names nothing.
    const id = headers[this.#idHeader] || undefined
    const metadata = this.#metadata(request, id, nowUs)
    await this.#store(
      records.map(({ start, end }) => ({ bytes: body.subarray(start, end), metadata })),
      id,
    )
    return records.length
  }

  #metadata({ headers, path, query }: WebhookRequest, id: string | undefined, nowUs: number) {
    const { keys } = this.#feed
    const all: Record<string, () => Value> = {
      headers: () => Object.entries(headers),
      path: () => path,
      query: () => Object.entries(query),
      'delivery-id': () => id ?? null,
      received: () => toMillisecond(nowUs),
    }
    return Object.fromEntries([...keys].map((key) => [key, all[key]()]))
  }

  /** UNAVAILABLE if the disk does not take them now. */
  #store(messages: readonly IntakeMessage[], id: string | undefined): Promise<void> {
    if (this.#feed.isFull) throw later()
    return new Promise((resolve, reject) => {
      const cancel = this.#clock.after(STORE_MS, () => reject(later()))
      this.#feed.put({
        messages,
        id,
        stored(error) {
          cancel()
          if (error === undefined) resolve()
          else reject(error.retry === 'backoff' ? error : later())
        },
      })
    })
  }
}

const later = (): SqlError =>
  new SqlError('UNAVAILABLE', 'The records cannot be stored now', {
    hint: 'Send the request again in a moment.',
  })
