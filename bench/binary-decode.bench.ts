/** Avro and Protobuf messages into columns beside the libraries that make objects of them, over
 *  Nexmark bids with seven fields, in one process and one run. */

import avsc from 'avsc'
import protobufjs from 'protobufjs'
import type { Batch } from '../engine/batch/batch.ts'
import { decodeBatch } from '../engine/batch/ipc.ts'
import type { Schema } from '../engine/batch/schema.ts'
import { avroMessages } from '../engine/format/avro/decoder.ts'
import { derivedSchema } from '../engine/format/avro/derive.ts'
import { avroEncoder } from '../engine/format/avro/encoder.ts'
import type { RowEncoder } from '../engine/format/encoded-rows.ts'
import type { MessageDecoder, Messages } from '../engine/format/messages.ts'
import { protobufEncoder, protobufMessages } from '../engine/format/protobuf/messages.ts'
import { measure, rate, type Timing } from './measure.ts'
import { planNexmark, runNexmark } from './nexmark/run-query.ts'
import { milliseconds, type Report, ratio, shortCount, type Topic } from './topic.ts'

const EVENTS = 109_000
const PLAN = { warmUps: 3, runs: 11 }

const PROTO = `syntax = "proto3"; import "google/protobuf/timestamp.proto";
message Bid { int64 auction = 1; int64 bidder = 2; int64 price = 3; string channel = 4; string url = 5;
  google.protobuf.Timestamp dateTime = 6; string extra = 7; }`
const PROTO_OPTIONS = { 'protobuf.schema': PROTO }

interface Way {
  readonly name: string
  readonly count: number
  readonly timing: Timing
}

export const binaryDecode: Topic = {
  name: 'binary-decode',
  title: 'Avro and Protobuf: Nexmark bids into columns, seven fields',
  async run() {
    const { batches, schema } = await bids()
    const few: Schema = { fields: schema.fields.slice(0, 3) }
    const text = derivedSchema(schema)
    const avro = chunksOf(batches, avroEncoder(schema, undefined))
    const proto = chunksOf(batches, protobufEncoder(schema, PROTO_OPTIONS))
    const avroType = avsc.Type.forSchema(JSON.parse(text))
    const protoType = protoRoot().lookupType('Bid')
    const byLibrary = (chunks: readonly Messages[], read: (message: Buffer) => unknown) => () => {
      for (const { bytes, starts, ends } of chunks) {
        const all = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
        for (let i = 0; i < starts.length; i++) read(all.subarray(starts[i], ends[i]))
      }
    }
    const ways: readonly (readonly [string, () => void])[] = [
      ['avro, 7 columns', decodeAll(avroMessages(schema, undefined), avro)],
      ['avro, 3 of the 7 columns', decodeAll(avroMessages(few, text), avro)],
      ['avsc, objects', byLibrary(avro, (message) => avroType.fromBuffer(message))],
      ['protobuf, 7 columns', decodeAll(protobufMessages(schema, PROTO_OPTIONS), proto)],
      ['protobuf, 3 of the 7 columns', decodeAll(protobufMessages(few, PROTO_OPTIONS), proto)],
      ['protobufjs, objects', byLibrary(proto, (message) => protoType.decode(message))],
    ]
    const count = batches.reduce((sum, { rowCount }) => sum + rowCount, 0)
    const results: Way[] = []
    for (const [name, work] of ways) {
      results.push({ name, count, timing: await measure(PLAN, () => undefined, work) })
    }
    return report(results)
  },
}

async function bids(): Promise<{ batches: Batch[]; schema: Schema }> {
  const plan = planNexmark('SELECT * FROM bid', { events: EVENTS, eventsPerSecond: 100_000 })
  const batches: Batch[] = []
  await runNexmark(plan, ({ payload }) => {
    batches.push(decodeBatch(payload, plan.schema).withoutWeights())
  })
  return { batches, schema: plan.schema }
}

function protoRoot(): protobufjs.Root {
  const { root } = protobufjs.parse(PROTO, { keepCase: true })
  return root.addJSON(
    protobufjs.common.get('google/protobuf/timestamp.proto')?.nested ?? {},
  ) as protobufjs.Root
}

/** Bytes as a broker's client would hand them over, a chunk for each batch. */
function chunksOf(batches: readonly Batch[], encode: RowEncoder): Messages[] {
  return batches.map((batch) => {
    const records = encode(batch).records as readonly Uint8Array[]
    let at = 0
    const ends = Int32Array.from(records, ({ length }) => {
      at += length
      return at
    })
    const starts = ends.map((end, i) => end - records[i].length)
    return { bytes: new Uint8Array(Buffer.concat(records)), starts, ends }
  })
}

const decodeAll = (decoder: MessageDecoder, chunks: readonly Messages[]) => () => {
  for (const chunk of chunks) {
    if (decoder.decode(chunk).bad.length > 0) throw new Error('a message is bad')
  }
}

function report(ways: readonly Way[]): Report {
  return {
    notes: [
      `${ways[0].count.toLocaleString('en')} bids. One thread.`,
      'The libraries make an object of each message, and no column; they take texts as they are, the decoders check that they are UTF-8.',
    ],
    header: ['way', 'median', 'best', 'messages/s', 'of the library'],
    rows: ways.map(({ name, count, timing }, i) => {
      // Two ways of ours, then the library.
      const library = ways[i - (i % 3) + 2].timing
      const own = rate(count, timing)
      return [
        name,
        milliseconds(timing.medianMs),
        milliseconds(timing.bestMs),
        shortCount(own),
        timing === library ? '1' : ratio(own, rate(count, library)),
      ]
    }),
  }
}
