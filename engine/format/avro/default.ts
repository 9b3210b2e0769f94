/** A field's default, which stands in the schema as JSON, as Avro bytes. */

import { fail } from '../../base/errors.ts'
import { ByteWriter, highLane, lowLane } from '../byte-writer.ts'
import { type AvroRecord, type AvroType, avroName } from './schema.ts'

/** The bytes of a default. INVALID_VALUE if it is no value of the type. */
export function encodeDefault(json: unknown, type: AvroType): Uint8Array {
  const out = new ByteWriter()
  write(json, type, out)
  return out.take()
}

function write(json: unknown, type: AvroType, out: ByteWriter): void {
  switch (type.kind) {
    case 'null':
      if (json !== null) wrong(json, type)
      return
    case 'boolean':
      if (typeof json !== 'boolean') wrong(json, type)
      out.byte(json ? 1 : 0)
      return
    case 'int':
    case 'long':
      if (!Number.isInteger(json)) wrong(json, type)
      out.zigzag(lowLane(json as number), highLane(json as number))
      return
    case 'float':
    case 'double':
      writeFloat(json, type, out)
      return
    case 'string':
    case 'bytes':
    case 'fixed':
      writeBytes(json, type, out)
      return
    case 'enum': {
      const symbol = type.symbols.indexOf(json as string)
      if (symbol < 0) wrong(json, type)
      out.zigzag(symbol, 0)
      return
    }
    case 'union':
      writeUnion(json, type.branches, out)
      return
    case 'array':
    case 'map':
      writeItems(json, type, out)
      return
    case 'record':
      writeRecord(json, type, out)
  }
}

function wrong(json: unknown, type: AvroType): never {
  fail('INVALID_VALUE', `the default ${JSON.stringify(json)} is no ${avroName(type)}`)
}

function writeFloat(json: unknown, type: AvroType, out: ByteWriter): void {
  const value = json === 'NaN' ? Number.NaN : json
  if (typeof value !== 'number') wrong(json, type)
  if (type.kind === 'float') out.float(value)
  else out.double(value)
}

/** Bytes stand in JSON as characters of the same numbers. */
function writeBytes(json: unknown, type: AvroType, out: ByteWriter): void {
  if (typeof json !== 'string') wrong(json, type)
  const bytes = Buffer.from(json, type.kind === 'string' ? 'utf8' : 'latin1')
  if (type.kind !== 'fixed') out.zigzag(bytes.length, 0)
  else if (bytes.length !== type.size) wrong(json, type)
  out.range(bytes)
}

/** As the first branch that it can be. */
function writeUnion(json: unknown, branches: readonly AvroType[], out: ByteWriter): void {
  for (const [i, branch] of branches.entries()) {
    const own = new ByteWriter()
    try {
      write(json, branch, own)
    } catch {
      continue
    }
    out.zigzag(i, 0)
    out.range(own.take())
    return
  }
  wrong(json, { kind: 'union', branches })
}

function writeItems(
  json: unknown,
  type: Extract<AvroType, { kind: 'array' | 'map' }>,
  out: ByteWriter,
): void {
  const isArray = type.kind === 'array'
  if (typeof json !== 'object' || json === null || Array.isArray(json) !== isArray) {
    wrong(json, type)
  }
  const entries = Object.entries(json)
  if (entries.length > 0) out.zigzag(entries.length, 0)
  for (const [key, value] of entries) {
    if (!isArray) writeBytes(key, { kind: 'string' }, out)
    write(value, isArray ? type.items : type.values, out)
  }
  out.byte(0)
}

function writeRecord(json: unknown, type: AvroRecord, out: ByteWriter): void {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) wrong(json, type)
  for (const field of type.fields) {
    const own = Object.hasOwn(json, field.name)
    write(own ? (json as Record<string, unknown>)[field.name] : field.default, field.type, out)
  }
}
