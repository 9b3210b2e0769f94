/** Each aggregate by example: order of arrival, ties, NULLs, retraction, merging in windows. */

import { describe, expect, test } from 'vitest'
import {
  BIGINT,
  BOOLEAN,
  type DataType,
  DOUBLE,
  TIMESTAMP,
  VARCHAR,
} from '../../../../engine/batch/types.ts'
import { AGGREGATES, findAggregate } from '../../../../engine/operator/aggregate/index.ts'
import type {
  AggregateCall,
  AggregateNode,
  WindowAggregateNode,
} from '../../../../engine/operator/nodes.ts'
import { columnOf, drive, fields, lines, literal } from '../run.ts'

const DECIMAL: DataType = { kind: 'decimal', precision: 10, scale: 2 }
const SPAN: DataType = { kind: 'interval_second' }
const input = fields({ k: VARCHAR, v: BIGINT, d: DOUBLE, b: BOOLEAN, m: DECIMAL })

function call(name: string, columns: string, more: Partial<AggregateCall> = {}): AggregateCall {
  const args = [...columns].map((column) => columnOf(input, column))
  const all = more.args ?? args
  const type = findAggregate(name)!.result(all.map((arg) => arg.type))!
  return { name, args, distinct: false, type, ...more }
}

const node = (aggregates: readonly AggregateCall[]): AggregateNode => ({
  keys: [],
  aggregates,
  fields: aggregates.map(({ type }, i) => ({ name: `a${i}`, type, nullable: true })),
})
const appendOnly = (...calls: AggregateCall[]) => drive('aggregate', node(calls), input)
const changing = (...calls: AggregateCall[]) =>
  drive('aggregate', node(calls), input, { changelog: true })

/** Rows of which only the columns k, v, d matter. */
const rows = (text: string) =>
  text
    .split('\n')
    .map((line) => `${line.trim()} NULL NULL`)
    .join('\n')

describe('order of arrival', () => {
  const calls = () => [
    call('FIRST_VALUE', 'k'),
    call('LAST_VALUE', 'k'),
    call('ARRAY_AGG', 'v'),
    call('LISTAGG', 'k'),
    call('STRING_AGG', 'k', { args: [columnOf(input, 'k'), literal(' / ', VARCHAR)] }),
  ]

  test('append-only', () => {
    const op = appendOnly(...calls())
    op.batch(rows(`b 2 0\n a NULL 0\n NULL 1 0`))
    expect(op.epoch()).toBe(`b a [2,null,1] b,a 'b / a'`)
    op.batch(rows(`c 3 0`))
    expect(op.epoch()).toBe(
      lines(`- b a [2,null,1] b,a 'b / a'\n + b c [2,null,1,3] b,a,c 'b / a / c'`),
    )
  })

  test('what is retracted is as if it had never come', () => {
    const op = changing(...calls())
    op.batch(rows(`+ b 2 0\n + a NULL 0\n + c 1 0`))
    op.epoch()
    const again = op.restarted()
    again.batch(rows(`- b 2 0\n - a NULL 0`))
    expect(again.epoch()).toBe(lines(`- b c [2,null,1] b,a,c 'b / a / c'\n + c c [1] c c`))
    again.batch(rows(`- c 1 0`))
    expect(again.epoch()).toBe(lines(`- c c [1] c c\n + NULL NULL NULL NULL NULL`))
  })

  test('ORDER BY', () => {
    const orderBy = [{ expr: columnOf(input, 'v'), descending: true, nullsFirst: true }]
    const op = appendOnly(...calls().map((c) => ({ ...c, orderBy })))
    op.batch(rows(`b 2 0\n a 5 0\n c NULL 0`))
    expect(op.epoch()).toBe(`c b [null,5,2] c,a,b 'c / a / b'`)
  })
})

test('MIN and MAX under retraction, with one value and with many', () => {
  const op = changing(call('MIN', 'v'), call('MAX', 'v'), call('MIN', 'k'), call('MAX', 'd'))
  const all = Array.from({ length: 60 * 60 }, (_, i) => (i * 7919) % 3600)
  const send = (sign: string, values: readonly number[]) => {
    for (let at = 0; at < values.length; at += 60) {
      op.batch(
        rows(
          values
            .slice(at, at + 60)
            .map((v) => `${sign} k${1000 + v} ${v} ${v / 4}`)
            .join('\n'),
        ),
      )
    }
  }
  send('+', all)
  expect(op.epoch()).toBe('0 3599 k1000 899.75')
  send(
    '-',
    all.filter((v) => v < 100 || v > 3500),
  )
  expect(op.epoch().split('\n')[1]).toBe('+ 100 3500 k1100 875')
  const again = op.restarted()
  again.batch(rows(`+ z 9223372036854775807 NaN`))
  expect(again.epoch().split('\n')[1]).toBe('+ 100 9223372036854775807 k1100 NaN')
})

test('a retraction may come before its row within an epoch', () => {
  const op = changing(
    call('MIN', 'v'),
    call('COUNT', 'v', { distinct: true }),
    call('ARRAY_AGG', 'v'),
    call('ARG_MAX', 'vd'),
  )
  op.batch(rows(`- a 1 0\n + a 5 0\n + a 1 0`))
  expect(op.epoch()).toBe('5 1 [5] 5')
})

describe('DISTINCT', () => {
  test('counts each value once, until its last row goes', () => {
    const distinct = { distinct: true }
    const op = changing(
      call('COUNT', 'v', distinct),
      call('SUM', 'v', distinct),
      call('AVG', 'd', distinct),
      call('COUNT', 'k', distinct),
      call('MIN', 'v', distinct),
      call('ARRAY_AGG', 'v', distinct),
    )
    op.batch(rows(`+ a 1 1\n + a 1 1\n + b 2 NULL\n + NULL NULL 2`))
    expect(op.epoch()).toBe('2 3 1.5 2 1 [1,2,null]')
    const again = op.restarted()
    again.batch(rows(`- a 1 1`))
    expect(again.epoch()).toBe('')
    again.batch(rows(`- a 1 1\n - NULL NULL 2`))
    expect(again.epoch().split('\n')[1]).toBe('+ 1 2 NULL 1 2 [2]')
  })

  test('with and without FILTER are told apart', () => {
    const filter = {
      kind: 'call' as const,
      name: '>',
      type: BOOLEAN,
      args: [columnOf(input, 'v'), literal(1, BIGINT)],
    }
    const op = appendOnly(
      call('COUNT', 'k', { distinct: true, filter }),
      call('COUNT', 'k', { distinct: true }),
    )
    op.batch(rows(`a 1 0\n b 2 0\n b 3 0`))
    expect(op.epoch()).toBe('1 2')
  })

  test('many values: numbers beyond 2^53, doubles, texts; -0 is 0, NaN is one', () => {
    const op = changing(...['v', 'd', 'k'].map((c) => call('COUNT', c, { distinct: true })))
    const row = (i: number) =>
      `${`text ${i}`.length > 8 ? `'text ${i}'` : `t${i}`} ${9007199254740993n + BigInt(i)} ${i / 3}`
    for (let from = 0; from < 3000; from += 60) {
      op.batch(rows(Array.from({ length: 60 }, (_, i) => `+ ${row(from + i)}`).join('\n')))
    }
    expect(op.epoch()).toBe('3000 3000 3000')
    for (let from = 0; from < 2940; from += 60) {
      op.batch(rows(Array.from({ length: 60 }, (_, i) => `- ${row(from + i)}`).join('\n')))
    }
    expect(op.epoch().split('\n')[1]).toBe('+ 60 60 60')
    const zero = appendOnly(call('COUNT', 'd', { distinct: true }))
    zero.batch(rows(`a 1 0\n a 1 -0\n a 1 NaN\n a 1 NaN`))
    expect(zero.epoch()).toBe('2')
  })
})

describe('DECIMAL and INTERVAL', () => {
  test('sums have 38 digits, means at least 6 behind the point', () => {
    const op = changing(call('SUM', 'm'), call('AVG', 'm'), call('MIN', 'm'), call('MAX', 'm'))
    op.batch(`+ a 1 0 true 99999999.99\n + a 1 0 true 0.01\n + a 1 0 true -1.00`)
    expect(op.epoch()).toBe('99999999.00 33333333.000000 -1.00 99999999.99')
    op.batch(`- a 1 0 true 99999999.99`)
    expect(op.epoch().split('\n')[1]).toBe('+ -0.99 -0.495000 -1.00 0.01')
  })

  test('beyond 38 digits is an error', () => {
    const wide = fields({ m: { kind: 'decimal', precision: 38, scale: 0 } })
    const sum = { ...call('SUM', 'm'), args: [columnOf(wide, 'm')], type: wide[0].type }
    const op = drive('aggregate', node([sum]), wide)
    op.batch(`${'9'.repeat(38)}`)
    expect(op.epoch()).toBe('9'.repeat(38))
    op.batch('1')
    expect(() => op.epoch()).toThrow('SUM has more than 38 digits')
  })

  test('intervals', () => {
    const spans = fields({ i: SPAN })
    const sum = { name: 'SUM', distinct: false, args: [columnOf(spans, 'i')], type: SPAN }
    const op = drive('aggregate', node([sum]), spans)
    op.batch(`PT30S\n PT1M`)
    expect(op.epoch()).toBe('PT1M30S')
  })
})

describe('variance', () => {
  const call5 = () =>
    ['VAR_POP', 'VAR_SAMP', 'STDDEV_POP', 'STDDEV_SAMP'].map((name) => call(name, 'd'))

  test('of one value: 0 of a population, NULL of a sample', () => {
    const op = appendOnly(...call5())
    op.batch(rows('a 1 5'))
    expect(op.epoch()).toBe('0 NULL 0 NULL')
  })

  test('small deviations of large values are not lost, in any order, also after retraction', () => {
    const op = changing(call('VAR_SAMP', 'd'), call('STDDEV', 'd'), call('VARIANCE', 'd'))
    op.batch(rows(`+ a 1 1e15\n + a 1 1000000004\n + a 1 1000000007`))
    op.batch(rows(`+ a 1 1000000013\n + a 1 1000000016\n - a 1 1e15`))
    expect(op.epoch()).toBe(`30 ${Math.sqrt(30)} 30`)
  })

  test('equal values have no deviation; infinities and NaN can be taken back', () => {
    const op = changing(call('VAR_POP', 'd'))
    op.batch(rows(`+ a 1 0.1\n + a 1 0.1\n + a 1 0.1`))
    expect(op.epoch()).toBe('0')
    op.batch(rows(`+ a 1 Infinity\n + a 1 NaN`))
    expect(op.epoch()).toBe(lines(`- 0\n + NaN`))
    op.batch(rows(`- a 1 Infinity\n - a 1 NaN`))
    expect(op.epoch()).toBe(lines(`- NaN\n + 0`))
  })

  test('of integers and decimals it is a DOUBLE', () => {
    const op = appendOnly(call('VAR_POP', 'v'), call('STDDEV_POP', 'm'))
    op.batch(`a 1 0 true 1.50\n a 3 0 true 2.50`)
    expect(op.epoch()).toBe('1 0.5')
  })
})

test('BOOL_AND, EVERY and BOOL_OR', () => {
  const op = changing(call('BOOL_AND', 'b'), call('EVERY', 'b'), call('BOOL_OR', 'b'))
  expect(op.epoch()).toBe('NULL NULL NULL')
  op.batch(`+ a 1 0 true 0\n + a 1 0 NULL 0`)
  expect(op.epoch().split('\n')[1]).toBe('+ true true true')
  op.batch(`+ a 1 0 false 0\n - a 1 0 true 0`)
  expect(op.epoch().split('\n')[1]).toBe('+ false false false')
})

test('ARG_MIN and ARG_MAX: of ties the least value, in any order', () => {
  for (const op of [appendOnly, changing]) {
    const names = ['ARG_MIN', 'ARG_MAX', 'MIN_BY', 'MAX_BY']
    const one = op(...names.map((name) => call(name, 'kd')))
    one.batch(
      rows(
        `+ c 0 2\n + b 0 2\n + z 0 1\n + NULL 0 9\n + x 0 NULL\n + y 0 1`.replaceAll(
          '+ ',
          op === changing ? '+ ' : '',
        ),
      ),
    )
    expect(one.epoch()).toBe('y b y b')
  }
})

describe('sketches', () => {
  test('APPROX_COUNT_DISTINCT is within 2.5 % at every size, whatever the type', () => {
    const op = appendOnly(call('APPROX_COUNT_DISTINCT', 'v'), call('APPROX_COUNT_DISTINCT', 'k'))
    let sent = 0
    for (const size of [50, 500, 2000, 20_000]) {
      for (; sent < size; sent += 50) {
        op.batch(
          rows(Array.from({ length: 50 }, (_, i) => `key${sent + i} ${sent + i} 0`).join('\n')),
        )
      }
      const said = op.epoch().split('\n').at(-1)!
      for (const estimate of said.replace('+ ', '').split(' ').map(Number)) {
        expect(Math.abs(estimate - sent) / sent, `${estimate} of ${sent}`).toBeLessThan(0.025)
      }
    }
  })

  test('APPROX_PERCENTILE is within 1 %, also after retraction', () => {
    const p = (share: number) =>
      call('APPROX_PERCENTILE', 'd', { args: [columnOf(input, 'd'), literal(share, DOUBLE)] })
    const op = changing(p(0), p(0.5), p(0.99), p(1))
    for (let from = 1; from <= 1000; from += 25) {
      op.batch(
        rows(
          Array.from({ length: 25 }, (_, i) => `+ a 1 ${from + i}\n+ a 1 -${from + i}`).join('\n'),
        ),
      )
    }
    for (let from = 1; from <= 1000; from += 50) {
      op.batch(rows(Array.from({ length: 50 }, (_, i) => `- a 1 -${from + i}`).join('\n')))
    }
    const said = op.epoch().split(' ').map(Number)
    ;[1, 500.5, 990, 1000].forEach((want, i) => {
      expect(Math.abs(said[i] - want) / want, `${said[i]} of ${want}`).toBeLessThan(0.011)
    })
  })
})

describe('merging: windows over slices, and sessions', () => {
  const stream = fields({ k: VARCHAR, ts: TIMESTAMP, v: BIGINT })
  const on = (name: string, column: string, more: Partial<AggregateCall> = {}): AggregateCall => {
    const args = name.startsWith('ARG')
      ? [columnOf(stream, column), columnOf(stream, 'v')]
      : [columnOf(stream, column)]
    return {
      name,
      args,
      distinct: false,
      type: findAggregate(name)!.result(args.map((a) => a.type))!,
      ...more,
    }
  }
  const calls = [
    on('COUNT', 'k', { distinct: true }),
    on('SUM', 'v', { distinct: true }),
    on('MIN', 'v'),
    on('VAR_POP', 'v'),
    on('ARRAY_AGG', 'v', {
      orderBy: [{ expr: columnOf(stream, 'v'), descending: false, nullsFirst: false }],
    }),
    on('LISTAGG', 'k', { distinct: true }),
    on('FIRST_VALUE', 'k'),
    on('ARG_MAX', 'k'),
    on('BOOL_OR', 'v', {
      args: [
        {
          kind: 'call',
          name: '>',
          type: BOOLEAN,
          args: [columnOf(stream, 'v'), literal(2, BIGINT)],
        },
      ],
      type: BOOLEAN,
    }),
    on('APPROX_COUNT_DISTINCT', 'k'),
  ]
  const second = (n: number) => `'2024-01-01 00:00:${String(n).padStart(2, '0')}'`
  const windowed = (window: WindowAggregateNode['window']): WindowAggregateNode => ({
    window,
    timeColumn: 1,
    keys: [],
    aggregates: calls,
    windowColumns: [],
    fields: calls.map(({ type }, i) => ({ name: `a${i}`, type, nullable: true })),
    emit: { kind: 'close' },
  })

  test('HOP: a window is the merge of its slices, and slices stay as they were', () => {
    const op = drive(
      'window-aggregate',
      windowed({ kind: 'hop', slideUs: 1e6, sizeUs: 2e6, offsetUs: 0 }),
      stream,
    )
    op.batch(`a ${second(1)} 1\n b ${second(1)} 3\n a ${second(2)} 3\n c ${second(2)} 1`)
    const said = op.watermark(Infinity).split('\n')
    expect(said).toEqual([
      '2 4 1 1 [1,3] a,b a b true 2',
      '3 4 1 1 [1,1,3,3] a,b,c a a true 3',
      '2 4 1 1 [1,3] a,c a a true 2',
    ])
  })

  test('SESSION: a row that joins two sessions merges them', () => {
    const op = drive('window-aggregate', windowed({ kind: 'session', gapUs: 2e6 }), stream)
    op.batch(`a ${second(1)} 1\n b ${second(5)} 3`)
    op.batch(`c ${second(3)} 2`)
    expect(op.watermark(Infinity)).toContain('3 6 1')
  })
})

test('what an aggregate does not take is refused by name', () => {
  const refuse = (c: AggregateCall) => expect(() => appendOnly(c))
  const listagg = { args: [columnOf(input, 'k'), columnOf(input, 'k')] }
  refuse(call('LISTAGG', 'k', listagg)).toThrow('Argument 2 of LISTAGG must be a constant')
  const share = { args: [columnOf(input, 'd'), literal(95, BIGINT)] }
  refuse(call('APPROX_PERCENTILE', 'd', share)).toThrow('takes a share from 0 to 1')
  const orderBy = [{ expr: columnOf(input, 'v'), descending: false, nullsFirst: false }]
  refuse(call('SUM', 'v', { orderBy })).toThrow('SUM does not take ORDER BY')
  refuse(call('ARRAY_AGG', 'k', { orderBy, distinct: true })).toThrow(
    'can only be ordered by its argument',
  )
  refuse(call('COUNT', '', { distinct: true })).toThrow('needs an argument')
  expect(findAggregate('COUNT')!.result([BIGINT, BIGINT])).toBeUndefined()
  expect(findAggregate('BOOL_AND')!.result([BIGINT])).toBeUndefined()
})

test('every entry tells what it is, by example', () => {
  for (const { name, doc, example } of AGGREGATES) {
    expect(doc, name).toMatch(/\.$/)
    expect(example.startsWith(`${name}(`), name).toBe(true)
  }
  expect(new Set(AGGREGATES.map(({ name }) => name)).size).toBe(AGGREGATES.length)
})
