/** google.protobuf.Timestamp as a timestamp: seconds since 1970 and nanoseconds. */

import { fail } from '../../base/errors.ts'
import type { Int64Builder } from '../../batch/fixed-builder.ts'
import { exactInteger } from '../../batch/value.ts'
import { floorTo } from '../../batch/value-from-json.ts'
import type { ByteCursor } from '../byte-cursor.ts'
import { type ByteWriter, highLane, lowLane } from '../byte-writer.ts'
import type { ReadParts } from './parts.ts'
import type { ProtoMessage } from './schema.ts'
import { fieldNumber, skipValue, tagOf, VARINT } from './wire.ts'

export const isTimestampMessage = ({ name }: ProtoMessage): boolean =>
  name === 'google.protobuf.Timestamp'

const SECONDS = 1
const NANOS = 2
const SECONDS_MIN = -62_135_596_800
const SECONDS_MAX = 253_402_300_799
const NANOS_MAX = 999_999_999

/** Reads timestamps, cut to the precision. */
export class TimestampReader implements ReadParts {
  readonly #builder: Int64Builder
  readonly #stepUs: number
  #seconds: number | bigint = 0
  #nanos = 0

  constructor(builder: Int64Builder, precision: number) {
    this.#builder = builder
    this.#stepUs = 10 ** (6 - precision)
  }

  begin(): void {
    this.#seconds = 0
    this.#nanos = 0
  }

  scan(cursor: ByteCursor): void {
    while (cursor.at < cursor.end) {
      cursor.varint()
      const number = fieldNumber(cursor)
      const wire = cursor.low & 7
      skipValue(cursor, wire, number)
      if (wire !== VARINT) continue
      // The value that was stepped over is still in the lanes.
      if (number === SECONDS) this.#seconds = cursor.signed()
      else if (number === NANOS) this.#nanos = cursor.low
    }
  }

  finish(): void {
    const seconds = Number(this.#seconds)
    const nanos = this.#nanos
    if (seconds < SECONDS_MIN || seconds > SECONDS_MAX || nanos < 0 || nanos > NANOS_MAX) {
      fail('OUT_OF_RANGE', 'the time is not in the years 1 to 9999')
    }
    const part = Math.floor(nanos / 1000)
    const near = seconds * 1_000_000 + part
    const us = Number.isSafeInteger(near)
      ? near
      : exactInteger(BigInt(seconds) * 1_000_000n + BigInt(part))
    this.#builder.append(floorTo(us, this.#stepUs))
  }
}

/** Writes a timestamp's fields. */
export function writeTimestamp(us: number | bigint, out: ByteWriter): void {
  const whole = BigInt(us)
  const part = ((whole % 1_000_000n) + 1_000_000n) % 1_000_000n
  const seconds = Number((whole - part) / 1_000_000n)
  if (seconds !== 0) {
    out.varint(tagOf(SECONDS, VARINT))
    out.varint(lowLane(seconds), highLane(seconds))
  }
  if (part === 0n) return
  out.varint(tagOf(NANOS, VARINT))
  out.varint(Number(part) * 1000)
}
