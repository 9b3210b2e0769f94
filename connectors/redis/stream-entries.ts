/** Writes results as entries of a stream, each once. Either Redis keeps how far the job has come,
 *  in the same transactions; or every entry's id is made from its place among the job's results, so
 *  that the last id tells and Redis refuses what it has. */

import { fail, SqlError } from '../../engine/base/errors.ts'
import type { SinkFrame } from '../../engine/source/sink.ts'
import type { RowMessage } from '../row-messages.ts'
import type { RedisLink, Reply } from './connect.ts'
import type { FrameWriter, RedisSinkParts } from './sink.ts'
import { streamState } from './stream-state.ts'

export interface EntryForm {
  readonly messages: (frame: SinkFrame) => readonly RowMessage[]
  readonly fields: (message: Buffer) => readonly (string | Buffer)[]
}

/** An entry's place among all that the job writes. */
interface Place {
  readonly seq: number
  readonly index: number
}

/** Entries of a transaction, unless a result has more. */
const TRANSACTION_ENTRIES = 1000
/** In an id's milliseconds: 24 bits of the job, then 40 of the result's number. */
const SEQ_BITS = 40n
/** So long without a write, and Redis may forget the job. */
const POSITION_SECONDS = 90 * 24 * 3600

export class StreamEntries implements FrameWriter {
  readonly #link: RedisLink
  readonly #parts: RedisSinkParts
  readonly #form: EntryForm
  readonly #done: Place

  private constructor(link: RedisLink, parts: RedisSinkParts, form: EntryForm, done: Place) {
    this.#link = link
    this.#parts = parts
    this.#form = form
    this.#done = done
  }

  /** UNSUPPORTED if the key holds something else, or the entries of somebody else where there
   *  may be none. */
  static async open(
    link: RedisLink,
    parts: RedisSinkParts,
    form: EntryForm,
  ): Promise<StreamEntries> {
    const { table } = parts
    const { key, 'sink.ids': ids } = table.options
    const type = String(await link.send(['TYPE', key]))
    if (type !== 'none' && type !== 'stream') {
      fail('UNSUPPORTED', `The key ${key} holds a ${type}, not a stream`)
    }
    const done = ids === 'explicit' ? await lastPlace(link, parts) : await keptPlace(link, parts)
    return new StreamEntries(link, parts, form, done)
  }

  async write(frames: readonly SinkFrame[]): Promise<void> {
    const left = frames.filter(({ seq }) => seq >= this.#done.seq)
    if (this.#isExplicit) return this.#writeEntries(left)
    let entries: (readonly (string | Buffer)[])[] = []
    for (const [i, frame] of left.entries()) {
      if (frame.seq > this.#done.seq) entries = [...entries, ...this.#entries(frame, () => '*')]
      if (entries.length < TRANSACTION_ENTRIES && i < left.length - 1) continue
      await this.#transaction(entries, frame.seq)
      entries = []
    }
  }

  get #isExplicit(): boolean {
    return this.#parts.table.options['sink.ids'] === 'explicit'
  }

  async #writeEntries(frames: readonly SinkFrame[]): Promise<void> {
    const { seq: doneSeq, index: doneIndex } = this.#done
    for (const frame of frames) {
      const entries = this.#entries(frame, (index) => idOf(this.#parts.token, frame.seq, index))
      const rest = frame.seq === doneSeq ? entries.slice(doneIndex + 1) : entries
      await Promise.all(rest.map((entry) => this.#link.send(entry)))
    }
  }

  #entries(frame: SinkFrame, idAt: (index: number) => string): (readonly (string | Buffer)[])[] {
    const { key, 'sink.max-length': most } = this.#parts.table.options
    const trim = most === undefined ? [] : ['MAXLEN', '~', most]
    return this.#form
      .messages(frame)
      .map(({ bytes }, index) => ['XADD', key, ...trim, idAt(index), ...this.#form.fields(bytes)])
  }

  /** All entries and the position, or nothing. */
  async #transaction(
    entries: readonly (readonly (string | Buffer)[])[],
    seq: number,
  ): Promise<void> {
    const { send } = this.#link
    const position = positionKey(this.#parts)
    const commands = [
      ['MULTI'],
      ...entries,
      ['SET', position, String(seq), 'EX', String(POSITION_SECONDS)],
      ['EXEC'],
    ]
    const replies = await Promise.all(commands.map((command) => send(command)))
    const results = replies[replies.length - 1] as readonly (Reply | Error)[] | null
    const refused = results?.find((result) => result instanceof Error)
    if (results !== null && refused === undefined) return
    throw new SqlError('CONNECTOR_FAILED', `A transaction was refused: ${refused ?? 'no answer'}`)
  }
}

/** In the same slot of a cluster as the stream. */
function positionKey({ table, token }: RedisSinkParts): string {
  const { key } = table.options
  const tag = /\{([^}]+)\}/.exec(key)?.[1] ?? key
  return `millrace:{${tag}}:${token}`
}

async function keptPlace(link: RedisLink, parts: RedisSinkParts): Promise<Place> {
  const kept = await link.send(['GET', positionKey(parts)])
  const seq = Math.max(parts.appliedSeq, kept === null ? -1 : Number(String(kept)))
  return { seq, index: Infinity }
}

async function lastPlace(link: RedisLink, parts: RedisSinkParts): Promise<Place> {
  const { token, appliedSeq, table } = parts
  const { last } = await streamState(link, table.options.key)
  if (last.id === '0-0') return { seq: appliedSeq, index: Infinity }
  const [ms, number] = last.id.split('-').map(BigInt)
  if (ms >> SEQ_BITS !== jobBits(token)) {
    fail(
      'UNSUPPORTED',
      `The stream ${table.options.key} has entries that this query did not write`,
      {
        hint: `Write to a stream of its own, or set 'sink.ids' = 'auto'.`,
      },
    )
  }
  return { seq: Number(ms & ((1n << SEQ_BITS) - 1n)), index: Number(number) - 1 }
}

const jobBits = (token: string): bigint => BigInt(`0x${token.slice(0, 6)}`)

const idOf = (token: string, seq: number, index: number): string =>
  `${(jobBits(token) << SEQ_BITS) + BigInt(seq)}-${index + 1}`
