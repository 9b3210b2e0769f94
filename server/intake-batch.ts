/** Messages of one connection on their way into the log: copied into columns when they come, so
 *  that nothing of the connector's objects outlives the moment. */

import type { SqlError } from '../engine/base/errors.ts'
import type { Batch } from '../engine/batch/batch.ts'
import { BatchBuilder } from '../engine/batch/builder.ts'
import type { BytesBuilder } from '../engine/batch/bytes-builder.ts'
import type { Schema } from '../engine/batch/schema.ts'
import type { DataType } from '../engine/batch/types.ts'
import type { Value } from '../engine/batch/value.ts'
import { type IntakeGroup, intakeKeys } from '../engine/source/intake.ts'

/** About what a message takes beside its bytes. */
const MESSAGE_BYTES = 64

export class IntakeBatch {
  /** The connection. */
  readonly life: object
  /** Nobody waits for an acknowledgement: the messages stay when the connection is lost. */
  readonly isKept: boolean
  readonly ids: string[] = []
  readonly #builder: BatchBuilder
  readonly #keys: readonly string[]
  readonly #stored: ((error?: SqlError) => void)[] = []
  bytes = 0

  constructor(schema: Schema, life: object, isKept: boolean) {
    this.life = life
    this.isKept = isKept
    this.#builder = new BatchBuilder(schema)
    this.#keys = intakeKeys(schema)
  }

  get rowCount(): number {
    return this.#builder.rowCount
  }

  /** Takes a group whose metadata fits: see `refusedMetadata`. */
  add({ messages, id, position, stored }: IntakeGroup): void {
    const { columns } = this.#builder
    const mark = id ?? position ?? null
    const last = columns.length - 1
    const size = messages.reduce((sum, { bytes }) => sum + bytes.length, 0)
    ;(columns[0] as BytesBuilder).reserve(size)
    for (let i = 0; i < messages.length; i++) {
      const { bytes, metadata } = messages[i]
      columns[0].append(bytes)
      for (let k = 0; k < this.#keys.length; k++) {
        columns[k + 1].append(metadata?.[this.#keys[k]] ?? null)
      }
      columns[last].append(i === messages.length - 1 ? mark : null)
      this.#builder.rowDone()
      this.bytes += bytes.length + MESSAGE_BYTES
    }
    if (id !== undefined) this.ids.push(id)
    if (stored !== undefined) this.#stored.push(stored)
  }

  /** The rows; nothing may be added afterwards. undefined if there are none. */
  finish(): Batch | undefined {
    return this.rowCount === 0 ? undefined : this.#builder.finish()
  }

  /** Tells whoever waits. */
  done(error?: SqlError): void {
    for (const stored of this.#stored) stored(error)
  }
}

/** The key of the first value in the group that is no value of its column's type. */
export function refusedMetadata({ messages }: IntakeGroup, { fields }: Schema): string | undefined {
  for (const { metadata } of messages) {
    if (metadata === undefined) continue
    for (let i = 1; i < fields.length - 1; i++) {
      const { name, type } = fields[i]
      const value = metadata[name]
      if (value !== undefined && value !== null && !fits(type, value)) return name
    }
  }
  return undefined
}

const INT_MAX: Readonly<Record<string, number>> = {
  tinyint: 127,
  smallint: 32_767,
  int: 2 ** 31 - 1,
}

/** Of the types that connectors have. */
function fits(type: DataType, value: Value): boolean {
  switch (type.kind) {
    case 'varchar':
    case 'json':
      return typeof value === 'string'
    case 'bytes':
      return value instanceof Uint8Array
    case 'boolean':
      return typeof value === 'boolean'
    case 'tinyint':
    case 'smallint':
    case 'int': {
      const max = INT_MAX[type.kind]
      return Number.isInteger(value) && (value as number) <= max && (value as number) >= -max - 1
    }
    case 'bigint':
    case 'timestamp':
    case 'timestamp_ltz':
      return typeof value === 'bigint' || Number.isSafeInteger(value)
    case 'float':
    case 'double':
      return typeof value === 'number'
    case 'map':
      return Array.isArray(value) && value.every((pair) => fitsPair(type, pair))
    case 'array':
      return (
        Array.isArray(value) && value.every((item) => item === null || fits(type.element, item))
      )
    default:
      return false
  }
}

function fitsPair(type: Extract<DataType, { kind: 'map' }>, pair: Value): boolean {
  if (!Array.isArray(pair) || pair.length !== 2) return false
  const [key, value] = pair as readonly Value[]
  return key !== null && fits(type.key, key) && (value === null || fits(type.value, value))
}
