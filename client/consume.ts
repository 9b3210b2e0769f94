/** Takes records of a stream for a consumer group, and says what became of them. */

import type { Http } from './http.ts'
import type { JsonValue, Row } from './results.ts'

export interface ConsumeOptions {
  /** Most records of one answer. Default 10. */
  readonly limit?: number | undefined
  /** Waits so long for a first record, up to 60 000. Default 0. */
  readonly waitMs?: number | undefined
  /** So long the records are kept for the caller. Default: as the group is set. */
  readonly visibilityMs?: number | undefined
  /** Where a new group begins. Default `earliest`. */
  readonly from?: 'earliest' | 'latest' | undefined
  readonly signal?: AbortSignal | undefined
}

export interface ConsumedRecord {
  /** Names this delivery, for `ack` and `nack`. */
  readonly receipt: string
  /** How often the record was given out, this time included. */
  readonly deliveries: number
  readonly split: number
  readonly offset: number
  readonly timestamp: string
  readonly key: string | null
  readonly headers: Readonly<Record<string, string>>
  readonly priority: number
  /** What the record does, in tables whose rows change. */
  readonly op?: '+I' | '+U' | '-D'
  readonly value: Row
}

export interface NackOptions {
  /** Ready again after so long. Default 0. */
  readonly delayMs?: number | undefined
  /** False: the records are given up. Default true. */
  readonly requeue?: boolean | undefined
}

export interface SettledRecords {
  readonly done: number
  /** Receipts that mean nothing any more: another delivery has followed. */
  readonly stale: readonly string[]
}

/** Which records: by what `consume` gave. */
export type Receipts = readonly (string | Pick<ConsumedRecord, 'receipt'>)[]

const pathOf = (stream: string, call: string): string =>
  `/v1/streams/${encodeURIComponent(stream)}/${call}`

/** Empty if there was none. What gets no answer comes again when its time has passed. */
export async function consume(
  http: Http,
  stream: string,
  group: string,
  { limit, waitMs, visibilityMs, from, signal }: ConsumeOptions = {},
): Promise<readonly ConsumedRecord[]> {
  const query = new URLSearchParams({ group })
  const said = { limit, wait: waitMs, visibility: visibilityMs, from }
  for (const [name, value] of Object.entries(said)) {
    if (value !== undefined) query.set(name, String(value))
  }
  const path = `${pathOf(stream, 'consume')}?${query}`
  const answer = await http.json<{ records: ConsumedRecord[] }>(path, { method: 'POST', signal })
  return answer.records
}

/** `ack` with `{}`, `nack` with its options. */
export function settle(
  http: Http,
  path: { readonly stream: string; readonly call: 'ack' | 'nack' },
  { group, receipts }: { readonly group: string; readonly receipts: Receipts },
  more: Readonly<Record<string, JsonValue | undefined>> = {},
): Promise<SettledRecords> {
  const texts = receipts.map((one) => (typeof one === 'string' ? one : one.receipt))
  const body = JSON.stringify({ group, receipts: texts, ...more })
  return http.json(pathOf(path.stream, path.call), { method: 'POST', body })
}
