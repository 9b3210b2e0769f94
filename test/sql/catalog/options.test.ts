import { describe, expect, it } from 'vitest'
import type { SqlError } from '../../../engine/base/errors.ts'
import type { OptionPair } from '../../../sql/ast.ts'
import { readDurationMs, readInteger, readSizeBytes } from '../../../sql/catalog/option-values.ts'
import { EMBEDDED_CONNECTORS, type OptionTable, readOptions } from '../../../sql/catalog/options.ts'

const at = { offset: 0, length: 1 }

/** Each pair stands at its own place: the key at 100 + 10 i, the value at 105 + 10 i. */
const pairs = (options: Record<string, string>): OptionPair[] =>
  Object.entries(options).map(([text, value], i) => ({
    key: { text, at: { offset: 100 + 10 * i, length: 5 } },
    value,
    at: { offset: 105 + 10 * i, length: 5 },
  }))

const read = (options: Record<string, string>, connectors = EMBEDDED_CONNECTORS) =>
  readOptions(pairs(options), connectors, at)

function refusal(action: () => unknown): SqlError {
  try {
    action()
  } catch (error) {
    return error as SqlError
  }
  throw new Error('expected a refusal')
}

describe('values', () => {
  it.each([
    ['30 s', 30_000],
    ['30s', 30_000],
    [' 5 MIN ', 300_000],
    ['2 days', 172_800_000],
    ['1 h', 3_600_000],
    ['250', 250],
    ['250 ms', 250],
    ['s', undefined],
    ['-5 s', undefined],
    ['1.5 s', undefined],
    ['5 fortnights', undefined],
    ['9999999999999999 d', undefined],
    ['1 constructor', undefined],
  ])('duration %j is %j ms', (text, ms) => expect(readDurationMs(text)).toBe(ms))

  it.each([
    ['128 mb', 134_217_728],
    ['1kb', 1024],
    ['17', 17],
    ['1 gb', 1_073_741_824],
    ['1 m b', undefined],
  ])('size %j is %j bytes', (text, bytes) => expect(readSizeBytes(text)).toBe(bytes))

  it('reads whole numbers only', () => {
    expect(readInteger('-7')).toBe(-7)
    expect(readInteger('7.0')).toBeUndefined()
    expect(readInteger('')).toBeUndefined()
    expect(readInteger('9007199254740993')).toBeUndefined()
  })
})

describe('readOptions', () => {
  it('fills in defaults of the embedded queue', () => {
    expect(read({})).toEqual({
      connector: 'log',
      values: {
        splits: '1',
        format: 'json',
        'debezium-json.schema-include': 'false',
        'json.fail-on-missing-field': 'false',
        'json.unknown-fields': 'ignore',
        'bad-records': 'fail',
        compression: 'none',
        'retention.policy': 'keep',
        'scan.watermark.idle-timeout': '0',
        'late-rows.allowed-lateness': '0',
      },
    })
  })

  it('makes every value canonical', () => {
    const { values } = read({
      splits: ' 4 ',
      'retention.ms': '7 days',
      'retention.bytes': '1 gb',
      'scan.watermark.idle-timeout': '30 s',
      'json.unknown-fields': 'FAIL',
    })
    expect(values).toMatchObject({
      splits: '4',
      'retention.ms': '604800000',
      'retention.bytes': '1073741824',
      'scan.watermark.idle-timeout': '30000',
      'json.unknown-fields': 'fail',
    })
  })

  it('refuses an unknown option at its key, with the nearest name', () => {
    const error = refusal(() => read({ splits: '2', 'retension.ms': '1 d' }))
    expect(error).toMatchObject({ code: 'UNKNOWN_OPTION', at: { offset: 110, length: 5 } })
    expect(error.hint).toContain('retention.ms')
  })

  it('refuses names of object members', () => {
    expect(refusal(() => read({ constructor: 'x' })).code).toBe('UNKNOWN_OPTION')
    expect(refusal(() => read({ __proto__x: 'x' })).code).toBe('UNKNOWN_OPTION')
  })

  it.each([
    [{ splits: '0' }, 'at least 1'],
    [{ splits: 'many' }, 'a whole number'],
    [{ splits: '100000' }, 'at most 1024'],
    [{ 'retention.ms': 'long' }, 'a duration'],
    [{ format: 'xml' }, "'json'"],
    [{ 'bad-records': 'skip' }, "'fail'"],
  ])('refuses %j at its value', (options, wanted) => {
    const error = refusal(() => read(options))
    expect(error).toMatchObject({ code: 'INVALID_OPTION', at: { offset: 105, length: 5 } })
    expect(error.hint).toContain(wanted)
  })

  it('refuses an option given twice', () => {
    const twice = [...pairs({ splits: '1' }), ...pairs({ splits: '2' })]
    expect(refusal(() => readOptions(twice, EMBEDDED_CONNECTORS, at)).code).toBe('INVALID_OPTION')
  })

  it('knows the connectors it is given, and hides secrets in messages', () => {
    const nats: OptionTable = {
      url: { kind: 'string', required: true, doc: 'The address.' },
      password: { kind: 'integer', secret: true, doc: 'A secret number.' },
    }
    const connectors = new Map([
      ...EMBEDDED_CONNECTORS,
      ['nats', { name: 'nats', doc: 'A queue.', options: nats }],
    ])
    expect(read({ connector: 'nats', url: 'x' }, connectors)).toEqual({
      connector: 'nats',
      values: {
        ...{ url: 'x', 'scan.watermark.idle-timeout': '0', 'late-rows.allowed-lateness': '0' },
      },
    })
    expect(refusal(() => read({ connector: 'nats' }, connectors)).message).toContain("'url'")
    const secret = refusal(() =>
      read({ connector: 'nats', url: 'x', password: 'hunter2' }, connectors),
    )
    expect(JSON.stringify([secret.message, secret.hint])).not.toContain('hunter2')
    const unknown = refusal(() => read({ connector: 'nat' }, connectors))
    expect(unknown).toMatchObject({ code: 'INVALID_OPTION', hint: 'Did you mean nats?' })
  })

  it('names the option that has, or has not, something before the name', () => {
    const options: OptionTable = {
      'properties.group.id': { kind: 'string', doc: 'A group.' },
      topic: { kind: 'string', doc: 'A topic.' },
    }
    const connectors = new Map([['kafka', { name: 'kafka', doc: 'Another.', options }]])
    const hintOf = (name: string) =>
      refusal(() => read({ connector: 'kafka', [name]: 'x' }, connectors)).hint
    expect(hintOf('group.id')).toBe('Did you mean properties.group.id?')
    expect(hintOf('properties.topic')).toBe('Did you mean topic?')
    expect(hintOf('properties.group.ib')).toBe('Did you mean properties.group.id?')
  })
})
