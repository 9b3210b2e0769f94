import { expect, test } from 'vitest'
import { BatchBuilder } from '../../../../engine/batch/builder.ts'
import { decodeBatch, encodeBatch } from '../../../../engine/batch/ipc.ts'
import { schemaOf } from '../../../../engine/batch/schema.ts'
import { BIGINT, DOUBLE, VARCHAR } from '../../../../engine/batch/types.ts'
import type { AggregateNode } from '../../../../engine/operator/nodes.ts'
import { columnOf, drive, fields, lines } from '../run.ts'

const input = fields({ k: VARCHAR, v: BIGINT, d: DOUBLE })
const call = (name: string, column?: string, type = BIGINT) => ({
  name,
  args: column === undefined ? [] : [columnOf(input, column)],
  distinct: false,
  type,
})
const byKey: AggregateNode = {
  keys: [columnOf(input, 'k')],
  aggregates: [call('COUNT'), call('SUM', 'v')],
  fields: fields({ k: VARCHAR, n: BIGINT, s: BIGINT }),
}
const whole: AggregateNode = {
  keys: [],
  aggregates: [call('COUNT'), call('SUM', 'v')],
  fields: fields({ n: BIGINT, s: BIGINT }),
}

test('an update retracts what was said and says what is now; others are silent', () => {
  const op = drive('aggregate', byKey, input, { changelog: true })
  op.batch(`+ a 1 0\n + b 2 0`)
  expect(op.epoch()).toBe(lines(`a 1 1\n b 1 2`))
  op.batch(`+ a 3 0`)
  expect(op.epoch()).toBe(lines(`- a 1 1\n + a 2 4`))
  expect(op.epoch()).toBe('')
})

test('a change that changes nothing says nothing', () => {
  const op = drive('aggregate', byKey, input, { changelog: true })
  op.batch(`+ a 1 0`)
  op.epoch()
  op.batch(`+ a 5 0\n - a 5 0`)
  expect(op.epoch()).toBe('')
})

test('a group that loses its last row is retracted, and may come again', () => {
  const op = drive('aggregate', byKey, input, { changelog: true })
  op.batch(`+ a 1 0`)
  op.epoch()
  op.batch(`- a 1 0`)
  expect(op.epoch()).toBe('- a 1 1')
  op.batch(`+ a 7 0`)
  expect(op.epoch()).toBe('a 1 7')
})

test('without keys there is one row from the start, and it never goes', () => {
  const op = drive('aggregate', whole, input, { changelog: true })
  expect(op.epoch()).toBe('0 NULL')
  op.batch(`+ a 1 0`)
  expect(op.epoch()).toBe(lines(`- 0 NULL\n + 1 1`))
  op.batch(`- a 1 0`)
  expect(op.epoch()).toBe(lines(`- 1 1\n + 0 NULL`))
})

test('NULL is a key of its own; the empty string is another', () => {
  const op = drive('aggregate', byKey, input)
  op.batch(`NULL 1 0\n '' 2 0\n NULL 3 0`)
  expect(op.epoch()).toBe(lines(`NULL 2 4\n '' 1 2`))
})

test('-0 and 0 are one key, so are all NaN', () => {
  const node: AggregateNode = {
    keys: [columnOf(input, 'd')],
    aggregates: [call('COUNT')],
    fields: fields({ d: DOUBLE, n: BIGINT }),
  }
  const op = drive('aggregate', node, input)
  op.batch(`a 1 0\n a 1 -0\n a 1 NaN\n a 1 NaN`)
  expect(op.epoch()).toBe(lines(`0 2\n NaN 2`))
})

test('sums are exact beyond 2^53, whatever the order of adding and taking away', () => {
  const op = drive('aggregate', byKey, input, { changelog: true })
  op.batch(`+ a 9223372036854775807 0\n + a 9223372036854775807 0`)
  op.batch(`- a 9223372036854775807 0\n + a -1 0`)
  expect(op.epoch()).toBe('a 2 9223372036854775806')
  op.batch(`+ a 2 0`)
  expect(() => op.epoch()).toThrow('SUM is 9223372036854775808, which does not fit BIGINT')
})

test('AVG of integers is truncated toward zero; over only NULL it is NULL', () => {
  const node = { ...byKey, aggregates: [call('AVG', 'v'), call('COUNT', 'v')] }
  const op = drive('aggregate', node, input)
  op.batch(`a -3 0\n a -4 0\n b NULL 0`)
  expect(op.epoch()).toBe(lines(`a '-3' 2\n b NULL 0`))
})

test('infinities and NaN can be taken back out of a sum', () => {
  const node = {
    ...byKey,
    aggregates: [call('SUM', 'd', DOUBLE)],
    fields: fields({ k: VARCHAR, s: DOUBLE }),
  }
  const op = drive('aggregate', node, input, { changelog: true })
  op.batch(`+ a 0 1.5\n + a 0 Infinity`)
  expect(op.epoch()).toBe('a Infinity')
  op.batch(`+ a 0 -Infinity`)
  expect(op.epoch()).toBe(lines(`- a Infinity\n + a NaN`))
  op.batch(`- a 0 -Infinity\n - a 0 Infinity`)
  expect(op.epoch()).toBe(lines(`- a NaN\n + a 1.5`))
})

test('sums of doubles do not depend on the order of the rows', () => {
  const node = {
    ...byKey,
    aggregates: [call('SUM', 'd', DOUBLE)],
    fields: fields({ k: VARCHAR, s: DOUBLE }),
  }
  const values = [1e16, 1, -1e16, 0.1, 0.2, 1e-9, 3, -7.7]
  const said = [values, values.toReversed(), values.toSorted((a, b) => a - b)].map((order) => {
    const op = drive('aggregate', node, input)
    op.batch(order.map((value) => `a 0 ${value}`).join('\n'))
    return op.epoch()
  })
  expect(new Set(said).size).toBe(1)
})

test('FILTER takes part of the rows', () => {
  const filter = {
    kind: 'call' as const,
    name: '>',
    type: { kind: 'boolean' as const },
    args: [columnOf(input, 'v'), { kind: 'literal' as const, value: 1, type: BIGINT }],
  }
  const node = { ...byKey, aggregates: [{ ...call('COUNT'), filter }, call('COUNT')] }
  const op = drive('aggregate', node, input)
  op.batch(`a 1 0\n a 2 0\n a NULL 0`)
  expect(op.epoch()).toBe('a 1 3')
})

test('state survives a restart, also what waits to be said', () => {
  const op = drive('aggregate', byKey, input, { changelog: true })
  op.batch(`+ a 1 0\n + b 2 0`)
  op.epoch()
  op.batch(`+ a 4 0`)
  const again = op.restarted()
  expect(again.epoch()).toBe(lines(`- a 1 1\n + a 2 5`))
  again.batch(`- b 2 0`)
  expect(again.epoch()).toBe('- b 1 2')
})

test('many groups: the table grows, dead groups are swept, the rest stays right', () => {
  const op = drive('aggregate', byKey, input, { changelog: true })
  for (let round = 0; round < 100; round++) {
    const rows = Array.from({ length: 50 }, (_, i) => `+ key${round * 50 + i} ${i} 0`)
    op.batch(rows.join('\n'))
  }
  op.epoch()
  expect(op.operator.stateSize().rows).toBe(5000)
  for (let round = 0; round < 99; round++) {
    const rows = Array.from({ length: 50 }, (_, i) => `- key${round * 50 + i} ${i} 0`)
    op.batch(rows.join('\n'))
  }
  op.epoch()
  expect(op.operator.stateSize().rows).toBe(50)
  op.batch(`+ key4999 1 0\n + key0 5 0`)
  expect(op.epoch()).toBe(lines(`- key4999 1 49\n + key4999 2 50\n + key0 1 5`))
})

test('a sketch that rows are taken out of is that of the rows which are left', () => {
  const node = {
    ...byKey,
    aggregates: [call('APPROX_COUNT_DISTINCT', 'v')],
    fields: fields({ k: VARCHAR, n: BIGINT }),
  }
  const few = drive('aggregate', node, input)
  let many = drive('aggregate', node, input, { changelog: true })
  for (let from = 0; from < 40_000; from += 50) {
    const rows = Array.from({ length: 50 }, (_, i) => `a ${from + i} 0`)
    if (from % 200 === 0) few.batch(rows.join('\n'))
    many.batch(rows.map((row) => `+ ${row}`).join('\n'))
    // Some come twice.
    if (from % 400 === 0) many.batch(rows.map((row) => `+ ${row}`).join('\n'))
  }
  many.epoch()
  many = many.restarted()
  for (let from = 0; from < 40_000; from += 50) {
    const rows = Array.from({ length: 50 }, (_, i) => `- a ${from + i} 0`)
    if (from % 200 !== 0 || from % 400 === 0) many.batch(rows.join('\n'))
  }
  const [, estimate] = few.epoch().split(' ')
  expect(many.epoch()).toContain(`+ a ${estimate}`)
  many.batch('- a 0 0')
  expect(many.epoch()).not.toContain(`+ a ${estimate}`)
})

test('the watermark comes after the rows of its epoch', () => {
  const op = drive('aggregate', byKey, input)
  op.batch(`a 1 0`)
  op.watermark(Infinity)
  expect(op.watermarks).toEqual([])
  expect(op.epoch()).toBe('a 1 1')
  expect(op.watermarks).toEqual([Infinity])
})

test('a dictionary-encoded key gives the same groups as a plain one', () => {
  const schema = schemaOf(fields({ k: VARCHAR, v: BIGINT, d: DOUBLE }))
  const rows = Array.from({ length: 4096 }, (_, i) => [`key ${i % 7}`, i, null])
  const builder = new BatchBuilder(schema)
  for (const row of rows) builder.append(row)
  const plain = builder.finish()
  const coded = decodeBatch(encodeBatch(plain), schema)
  expect(coded.columns[0].dictionary?.entries.length).toBe(7)
  const said = [plain, coded].map((batch) => {
    const op = drive('aggregate', byKey, input)
    for (let from = 0; from < 4096; from += 64)
      op.operator.batch(0, batch.slice(from, from + 64), {
        emit: () => {},
        watermark: () => {},
      })
    return op.epoch()
  })
  expect(said[1]).toBe(said[0])
  expect(said[0].split('\n')).toHaveLength(7)
})

test('groups that come and go within an epoch leave nothing behind', () => {
  let op = drive('aggregate', byKey, input, { changelog: true })
  for (let n = 0; n < 300; n++) {
    const rows = Array.from({ length: 25 }, (_, i) => `k${n * 25 + i} 1 0`)
    op.batch(rows.map((row) => `+ ${row}`).join('\n'))
    op.batch(rows.map((row) => `- ${row}`).join('\n'))
    expect(op.epoch()).toBe('')
    expect(op.operator.stateSize().rows).toBeLessThan(1100)
    // What a restart has to know is in the state.
    if (n % 100 === 20) op = op.restarted()
  }
  op.batch('+ k1 7 0')
  expect(op.epoch()).toBe('k1 1 7')
})
