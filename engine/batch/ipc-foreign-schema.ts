/** The schema of a foreign Arrow stream. Its bytes may be anything, so sizes are checked before
 *  they are believed, and depth and number of fields are bounded. */

import { Date as ArrowDate } from 'apache-arrow/fb/date'
import { Decimal } from 'apache-arrow/fb/decimal'
import { Duration } from 'apache-arrow/fb/duration'
import type { Field as ArrowField } from 'apache-arrow/fb/field'
import { FloatingPoint } from 'apache-arrow/fb/floating-point'
import { Int } from 'apache-arrow/fb/int'
import { Interval } from 'apache-arrow/fb/interval'
import { Schema as ArrowSchema } from 'apache-arrow/fb/schema'
import { Time } from 'apache-arrow/fb/time'
import { Timestamp } from 'apache-arrow/fb/timestamp'
import { Type } from 'apache-arrow/fb/type'
import { fail } from '../base/errors.ts'
import type { ReadMessage } from './ipc-message.ts'

export interface ForeignType {
  readonly typeId: Type
  /** Integers, decimals. */
  readonly bitWidth?: number
  readonly signed?: boolean
  /** Of decimals: digits. Of floating point: Arrow's `Precision`. */
  readonly precision?: number
  readonly scale?: number
  /** Arrow's unit of dates, times, timestamps, durations, intervals. */
  readonly unit?: number
  readonly fields: readonly ForeignField[]
}

export interface ForeignField {
  readonly name: string
  /** Of a dictionary: its entries' type. */
  readonly type: ForeignType
  readonly dictionary?: { readonly id: number; readonly index: ForeignType } | undefined
}

const DEPTH_MAX = 16
const FIELDS_MAX = 4096

/** The columns of a Schema message. Raises INVALID_VALUE. */
export const foreignSchema = (message: ReadMessage): readonly ForeignField[] =>
  foreignFields(message.table.header(new ArrowSchema()) as ArrowSchema)

/** The columns of a schema. Raises INVALID_VALUE. */
export function foreignFields(schema: ArrowSchema): readonly ForeignField[] {
  const budget = { fields: FIELDS_MAX }
  return list(schema.fieldsLength(), budget, (i) => readField(schema.fields(i), budget, 1))
}

interface Budget {
  fields: number
}

function list<T>(length: number, budget: Budget, read: (i: number) => T): T[] {
  budget.fields -= length
  if (!(length >= 0) || budget.fields < 0) fail('INVALID_VALUE', 'the schema has too many fields')
  return Array.from({ length }, (_, i) => read(i))
}

function readField(field: ArrowField | null, budget: Budget, depth: number): ForeignField {
  if (field === null || depth > DEPTH_MAX) fail('INVALID_VALUE', 'the schema is nested too deeply')
  const children = list(field.childrenLength(), budget, (i) =>
    readField(field.children(i), budget, depth + 1),
  )
  const encoding = field.dictionary()
  const index = encoding?.indexType()
  const dictionary = encoding && {
    id: Number(encoding.id()),
    index: index ? intType(index) : { typeId: Type.Int, bitWidth: 32, signed: true, fields: [] },
  }
  const type = readType(field, children)
  return { name: String(field.name() ?? ''), type, dictionary: dictionary ?? undefined }
}

const intType = (int: Int): ForeignType => ({
  typeId: Type.Int,
  bitWidth: int.bitWidth(),
  signed: int.isSigned(),
  fields: [],
})

function readType(field: ArrowField, fields: readonly ForeignField[]): ForeignType {
  const typeId = field.typeType()
  const plain = { typeId, fields }
  switch (typeId) {
    case Type.Int:
      return intType(field.type(new Int()))
    case Type.FloatingPoint:
      return { ...plain, precision: field.type(new FloatingPoint()).precision() }
    case Type.Decimal: {
      const decimal: Decimal = field.type(new Decimal())
      const scale = decimal.scale()
      return { ...plain, precision: decimal.precision(), scale, bitWidth: decimal.bitWidth() }
    }
    case Type.Date:
      return { ...plain, unit: field.type(new ArrowDate()).unit() }
    case Type.Time:
      return { ...plain, unit: field.type(new Time()).unit() }
    case Type.Timestamp:
      return { ...plain, unit: field.type(new Timestamp()).unit() }
    case Type.Duration:
      return { ...plain, unit: field.type(new Duration()).unit() }
    case Type.Interval:
      return { ...plain, unit: field.type(new Interval()).unit() }
    default:
      return plain
  }
}
