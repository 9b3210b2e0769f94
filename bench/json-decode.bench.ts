/** JSON messages into columns: the generated decoder beside JSON.parse, over Nexmark bids of about
 *  256 bytes with seven fields, in one process and one run. */

import { decodeBatch } from '../engine/batch/ipc.ts'
import { jsonRowTexts } from '../engine/batch/json-rows.ts'
import type { Schema } from '../engine/batch/schema.ts'
import { decodeJsonRows } from '../engine/format/json.ts'
import type { Messages } from '../engine/format/messages.ts'
import { JsonMessages } from '../engine/source/json-messages.ts'
import { measure, rate, type Timing } from './measure.ts'
import { planNexmark, runNexmark } from './nexmark/run-query.ts'
import { milliseconds, type Report, ratio, shortCount, type Topic } from './topic.ts'

const EVENTS = 218_000
const CHUNK_ROWS = 8192
const PLAN = { warmUps: 3, runs: 11 }
const SLOW_PLAN = { warmUps: 1, runs: 3 }
const OPTIONS = { unknownFields: 'ignore', missingFields: 'null' } as const

interface Result {
  readonly name: string
  readonly timing: Timing
}

export const jsonDecode: Topic = {
  name: 'json-decode',
  title: 'JSON: Nexmark bids into columns, seven fields',
  async run() {
    const { texts, schema } = await bids()
    const chunks = chunksOf(texts)
    const few: Schema = { fields: schema.fields.slice(0, 3) }
    const all = new JsonMessages(schema, OPTIONS)
    const part = new JsonMessages(few, OPTIONS)
    const results: Result[] = [
      await timed('generated decoder, 7 columns', () => decodeAll(all, chunks)),
      await timed('generated decoder, 3 of the 7 columns', () => decodeAll(part, chunks)),
      await timed('JSON.parse alone, from strings', () => {
        for (const text of texts) JSON.parse(text)
      }),
      await timed('JSON.parse alone, from bytes', () => parseAll(chunks)),
      await timed('JSON.parse into columns', () => slowly(chunks, schema), SLOW_PLAN),
    ]
    if (all.slowCount > 0) throw new Error('the decoder left messages to JSON.parse')
    return report(texts, results)
  },
}

async function timed(name: string, work: () => void, plan = PLAN): Promise<Result> {
  return { name, timing: await measure(plan, () => undefined, work) }
}

async function bids(): Promise<{ texts: string[]; schema: Schema }> {
  const plan = planNexmark('SELECT * FROM bid', { events: EVENTS, eventsPerSecond: 100_000 })
  const texts: string[] = []
  await runNexmark(plan, ({ payload }) => {
    texts.push(...jsonRowTexts(decodeBatch(payload, plan.schema)))
  })
  return { texts, schema: plan.schema }
}

/** Bytes as a broker's client would hand them over. */
function chunksOf(texts: readonly string[]): Messages[] {
  const chunks: Messages[] = []
  for (let from = 0; from < texts.length; from += CHUNK_ROWS) {
    const list = texts.slice(from, from + CHUNK_ROWS).map((text) => Buffer.from(`${text}\n`))
    const ends = new Int32Array(list.length)
    let at = 0
    for (const [i, { length }] of list.entries()) {
      at += length
      ends[i] = at
    }
    const starts = ends.map((end, i) => end - list[i].length)
    // The line end is not the message's.
    for (let i = 0; i < ends.length; i++) ends[i]--
    chunks.push({ bytes: new Uint8Array(Buffer.concat(list)), starts, ends })
  }
  return chunks
}

function decodeAll(decoder: JsonMessages, chunks: readonly Messages[]): void {
  for (const chunk of chunks) decoder.decode(chunk)
}

function parseAll(chunks: readonly Messages[]): void {
  for (const { bytes, starts, ends } of chunks) {
    const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
    for (let i = 0; i < starts.length; i++) JSON.parse(text.toString('utf8', starts[i], ends[i]))
  }
}

function slowly(chunks: readonly Messages[], schema: Schema): void {
  for (const { bytes } of chunks) decodeJsonRows(bytes, schema, { ...OPTIONS, lines: true })
}

function report(texts: readonly string[], results: readonly Result[]): Report {
  const bytes = texts.reduce((sum, { length }) => sum + length, 0)
  const [{ timing: base }] = results
  return {
    notes: [
      `${texts.length.toLocaleString('en')} bids of ${Math.round(bytes / texts.length)} bytes on average; chunks of ${CHUNK_ROWS.toLocaleString('en')}. One thread.`,
      'JSON.parse alone makes objects and nothing else; no column is filled.',
      'Every message went the fast way; that both ways mean the same is a test of its own.',
    ],
    header: ['way', 'median', 'best', 'messages/s', 'best messages/s', 'decoder is'],
    rows: results.map(({ name, timing }) => {
      const own = rate(texts.length, timing)
      return [
        name,
        milliseconds(timing.medianMs),
        milliseconds(timing.bestMs),
        shortCount(own),
        shortCount((texts.length * 1000) / timing.bestMs),
        timing === base ? '1' : ratio(rate(texts.length, base), own),
      ]
    }),
  }
}
