import { expect, test } from 'vitest'
import { asSqlError } from '../../../engine/base/errors.ts'
import { formatOf } from '../../../engine/format/index.ts'

test('formats of single messages are refused by name in requests', () => {
  const refusal = (name: string) => {
    try {
      return formatOf(name).name
    } catch (error) {
      return `${asSqlError(error).code}: ${asSqlError(error).message}`
    }
  }
  expect(refusal('csv')).toBe('csv')
  for (const name of ['avro', 'avro-confluent', 'protobuf', 'protobuf-confluent', 'raw']) {
    expect(refusal(name)).toBe(
      `UNSUPPORTED: A request cannot bring records in the format '${name}'`,
    )
  }
  expect(refusal('avrô')).toContain('INVALID_OPTION: There is no format')
})
