/** The envelope of Arrow IPC: encapsulated messages, i.e. a marker, the metadata's length, the
 *  metadata (a flatbuffer) and the body. The metadata of two batches of one shape differs only in
 *  its numbers, so it is built once per shape and patched for each batch. */

import { Buffer as BufferRegion } from 'apache-arrow/fb/buffer'
import { DictionaryBatch } from 'apache-arrow/fb/dictionary-batch'
import { FieldNode } from 'apache-arrow/fb/field-node'
import { Message } from 'apache-arrow/fb/message'
import { MessageHeader } from 'apache-arrow/fb/message-header'
import { MetadataVersion } from 'apache-arrow/fb/metadata-version'
import { RecordBatch } from 'apache-arrow/fb/record-batch'
import { Builder, ByteBuffer } from 'flatbuffers'
import { fail } from '../base/errors.ts'

/** The flat form of some columns: what a RecordBatch message says and carries. */
export interface Body {
  readonly rowCount: number
  /** Length and NULL count of each column, depth first. */
  readonly nodes: readonly number[]
  readonly buffers: readonly Uint8Array[]
}

/** Which message a body travels in: a record batch, or the dictionary of this id. */
export type MessageKind = 'batch' | { readonly dictionary: number }

const PREFIX_BYTES = 8
const MARKER = 0xffffffff
const BODY_BYTES_MAX = 2 ** 31 - 1

/** An encapsulated end-of-stream. */
export const END_OF_STREAM: Uint8Array = new Uint8Array([255, 255, 255, 255, 0, 0, 0, 0])

const align = (bytes: number): number => Math.ceil(bytes / 8) * 8

interface Template {
  /** Prefix and metadata, padded. */
  readonly bytes: Uint8Array
  /** Where the numbers stand in `bytes`. */
  readonly bodyLengthAt: number
  readonly rowCountAt: number
  readonly nodesAt: number
  readonly buffersAt: number
  /** -1 in a record batch. */
  readonly dictionaryAt: number
}

const templates = new Map<string, Template>()

function templateFor(nodes: number, buffers: number, dictionary: boolean): Template {
  const key = `${nodes}/${buffers}/${dictionary}`
  let template = templates.get(key)
  if (template === undefined) {
    template = makeTemplate(nodes, buffers, dictionary)
    // Shapes come from schemas, so there are few; the bound only guards against a flood of them.
    if (templates.size > 4096) templates.clear()
    templates.set(key, template)
  }
  return template
}

function makeTemplate(nodes: number, buffers: number, dictionary: boolean): Template {
  const builder = new Builder(1024)
  // Zeros must be written out as well: they are patched later.
  builder.forceDefaults(true)
  RecordBatch.startNodesVector(builder, nodes)
  for (let i = 0; i < nodes; i++) FieldNode.createFieldNode(builder, 0n, 0n)
  const nodesVector = builder.endVector()
  RecordBatch.startBuffersVector(builder, buffers)
  for (let i = 0; i < buffers; i++) BufferRegion.createBuffer(builder, 0n, 0n)
  const buffersVector = builder.endVector()
  RecordBatch.startRecordBatch(builder)
  RecordBatch.addLength(builder, 0n)
  RecordBatch.addNodes(builder, nodesVector)
  RecordBatch.addBuffers(builder, buffersVector)
  const batch = RecordBatch.endRecordBatch(builder)
  if (!dictionary) return locate(finishMessage(builder, MessageHeader.RecordBatch, batch))
  DictionaryBatch.startDictionaryBatch(builder)
  DictionaryBatch.addId(builder, 0n)
  DictionaryBatch.addData(builder, batch)
  const header = DictionaryBatch.endDictionaryBatch(builder)
  return locate(finishMessage(builder, MessageHeader.DictionaryBatch, header))
}

/** Wraps a header table of `builder` into an encapsulated message without a body. */
export function finishMessage(builder: Builder, type: MessageHeader, header: number): Uint8Array {
  Message.startMessage(builder)
  Message.addVersion(builder, MetadataVersion.V5)
  Message.addHeaderType(builder, type)
  Message.addHeader(builder, header)
  Message.addBodyLength(builder, 0n)
  builder.finish(Message.endMessage(builder))
  const metadata = builder.asUint8Array()
  const length = align(metadata.length)
  const bytes = new Uint8Array(PREFIX_BYTES + length)
  const view = new DataView(bytes.buffer)
  view.setUint32(0, MARKER, true)
  view.setInt32(4, length, true)
  bytes.set(metadata, PREFIX_BYTES)
  return bytes
}

/** Slots of the flatbuffer tables, by Message.fbs: 4 is a table's first field. */
const SLOT_ID = 4
const SLOT_LENGTH = 4
const SLOT_NODES = 6
const SLOT_BUFFERS = 8
const SLOT_BODY_LENGTH = 10

function locate(bytes: Uint8Array): Template {
  const message = messageAt(bytes, 0)
  const { table, bb } = message
  const dictionary = dictionaryOf(message)
  const batch = dictionary?.data() ?? batchOf(message)
  const field = (position: number, slot: number) => position + bb.__offset(position, slot)
  const vector = (slot: number) => bb.__vector(field(batch.bb_pos, slot))
  return {
    bytes,
    bodyLengthAt: PREFIX_BYTES + field(table.bb_pos, SLOT_BODY_LENGTH),
    rowCountAt: PREFIX_BYTES + field(batch.bb_pos, SLOT_LENGTH),
    nodesAt: PREFIX_BYTES + vector(SLOT_NODES),
    buffersAt: PREFIX_BYTES + vector(SLOT_BUFFERS),
    dictionaryAt: dictionary ? PREFIX_BYTES + field(dictionary.bb_pos, SLOT_ID) : -1,
  }
}

/** Puts the messages one after the other into fresh memory. Raises LIMIT_EXCEEDED if the body of
 *  one is over 2 GiB. */
export function packMessages(
  messages: readonly { readonly kind: MessageKind; readonly body: Body }[],
): Uint8Array {
  const plans = messages.map(({ kind, body }) => {
    const { nodes, buffers } = body
    const template = templateFor(nodes.length / 2, buffers.length, kind !== 'batch')
    const bodyBytes = buffers.reduce((sum, buffer) => sum + align(buffer.length), 0)
    if (bodyBytes > BODY_BYTES_MAX) fail('LIMIT_EXCEEDED', 'A batch is over 2 GiB')
    return { kind, body, template, bodyBytes }
  })
  const size = plans.reduce((sum, p) => sum + p.template.bytes.length + p.bodyBytes, 0)
  // Every byte is written below: no need to clear them first.
  const out = new Uint8Array(Buffer.allocUnsafeSlow(size).buffer)
  const view = new DataView(out.buffer)
  let at = 0
  for (const plan of plans) at = pack(out, view, at, plan)
  return out
}

function pack(
  out: Uint8Array,
  view: DataView,
  start: number,
  plan: { kind: MessageKind; body: Body; template: Template; bodyBytes: number },
): number {
  const { template, body, kind } = plan
  out.set(template.bytes, start)
  const put = (at: number, value: number) => view.setUint32(start + at, value, true)
  put(template.bodyLengthAt, plan.bodyBytes)
  put(template.rowCountAt, body.rowCount)
  if (kind !== 'batch') put(template.dictionaryAt, kind.dictionary)
  // Structs of two 64-bit numbers each; the high halves stay 0.
  for (let i = 0; i < body.nodes.length; i++) put(template.nodesAt + i * 8, body.nodes[i])
  const bodyAt = start + template.bytes.length
  let at = 0
  for (let i = 0; i < body.buffers.length; i++) {
    const buffer = body.buffers[i]
    put(template.buffersAt + i * 16, at)
    put(template.buffersAt + i * 16 + 8, buffer.length)
    out.set(buffer, bodyAt + at)
    const end = at + buffer.length
    at = align(end)
    out.fill(0, bodyAt + end, bodyAt + at)
  }
  return bodyAt + at
}

/** One message of a run of encapsulated messages. */
export interface ReadMessage {
  readonly table: Message
  readonly bb: ByteBuffer
  readonly type: MessageHeader
  readonly body: Uint8Array
  /** Where the next message begins. */
  readonly end: number
}

/** The message at `at`. Raises DATA_DAMAGED if there is none or it is not whole. */
export function messageAt(bytes: Uint8Array, at: number): ReadMessage {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const whole = at + PREFIX_BYTES <= bytes.length && view.getUint32(at, true) === MARKER
  const length = whole ? view.getInt32(at + 4, true) : 0
  const bodyAt = at + PREFIX_BYTES + length
  if (length <= 0 || bodyAt > bytes.length) brokenBatch('a message is not whole')
  const bb = new ByteBuffer(bytes.subarray(at + PREFIX_BYTES, bodyAt))
  const table = Message.getRootAsMessage(bb)
  const end = bodyAt + Number(table.bodyLength())
  if (!(end >= bodyAt && end <= bytes.length)) brokenBatch('a message body is not whole')
  return { table, bb, type: table.headerType(), body: bytes.subarray(bodyAt, end), end }
}

/** The RecordBatch header of a message; raises DATA_DAMAGED if it has another. */
export function batchOf(message: ReadMessage): RecordBatch {
  if (message.type !== MessageHeader.RecordBatch) brokenBatch('a record batch is missing')
  return message.table.header(new RecordBatch()) as RecordBatch
}

/** The DictionaryBatch header of a message; undefined if it has another. */
export function dictionaryOf(message: ReadMessage): DictionaryBatch | undefined {
  if (message.type !== MessageHeader.DictionaryBatch) return undefined
  return message.table.header(new DictionaryBatch()) as DictionaryBatch
}

export function brokenBatch(what: string): never {
  fail('DATA_DAMAGED', `A stored batch cannot be read: ${what}`)
}
