/** A random value of a type, as a function of the seed, the row and the column. */

import { randomAt } from '../../engine/base/random.ts'
import type { DataType } from '../../engine/batch/types.ts'
import { exactInteger, type Value } from '../../engine/batch/value.ts'
import type { ColumnPlan } from './plan.ts'

const RANGES: Partial<Record<DataType['kind'], number>> = {
  tinyint: 2 ** 7,
  smallint: 2 ** 15,
  int: 2 ** 31,
}

/** The columns' salts are small numbers: these tell apart the numbers of one value. */
const AGAIN = 1 << 8

/** NULL is the caller's. */
export function randomValue(column: ColumnPlan, seed: number, n: number): Value {
  const { type, salt, length } = column
  const first = () => randomAt(seed, n, salt)
  const unit = () => (first() * 2 ** 21 + (randomAt(seed, n, salt + AGAIN) >>> 11)) / 2 ** 53
  switch (type.kind) {
    case 'boolean':
      return (first() & 1) === 1
    case 'bigint':
      if (column.min === undefined && column.max === undefined) {
        const high = BigInt(first() | 0)
        return exactInteger((high << 32n) | BigInt(randomAt(seed, n, salt + AGAIN)))
      }
      return whole(column, unit(), 2 ** 53)
    case 'tinyint':
    case 'smallint':
    case 'int':
      return whole(column, unit(), RANGES[type.kind] ?? 0)
    case 'decimal': {
      const limit = 10 ** Math.min(type.precision, 15)
      const scale = 10 ** type.scale
      const { min, max } = column
      const from = min === undefined ? 1 - limit : Math.ceil(min * scale)
      const to = max === undefined ? limit - 1 : Math.floor(max * scale)
      return from + Math.floor(unit() * (to - from + 1))
    }
    case 'float':
    case 'double': {
      const { min = 0, max = 1 } = column
      return min + unit() * (max - min)
    }
    case 'varchar':
      return characters(length, (i) => randomAt(seed, n, salt + AGAIN * (i + 1)))
    case 'bytes':
      return Uint8Array.from({ length }, (_, i) => randomAt(seed, n, salt + AGAIN * (i + 1)))
    case 'date':
      return Math.floor(unit() * 36_525)
    default:
      // TIME: whole milliseconds of a day.
      return Math.floor(unit() * 86_400_000) * 1000
  }
}

function whole({ min, max }: ColumnPlan, unit: number, limit: number): number {
  const from = min === undefined ? -limit : Math.ceil(min)
  const to = max === undefined ? limit - 1 : Math.floor(max)
  return from + Math.floor(unit * (to - from + 1))
}

/** Hexadecimal digits, as Flink's datagen makes them; eight from each number. */
function characters(length: number, draw: (i: number) => number): string {
  let text = ''
  for (let i = 0; text.length < length; i++) text += draw(i).toString(16).padStart(8, '0')
  return text.slice(0, length)
}
