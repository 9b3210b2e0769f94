/** The SSE parser gives the same events for any chunking, and reads the standard's own examples. */

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type SseEvent, SseParser } from '../../client/sse-parser.ts'

const encoder = new TextEncoder()

function parse(text: string, cuts: readonly number[] = [], lastId = ''): SseEvent[] {
  const bytes = encoder.encode(text)
  const parser = new SseParser(lastId)
  const places = [...cuts.map((c) => c % (bytes.length + 1)), bytes.length].sort((a, b) => a - b)
  let from = 0
  return places.flatMap((to) => parser.push(bytes.subarray(from, (from = to))))
}

/** The standard's algorithm, slow and whole: split all lines first. */
function reference(text: string): SseEvent[] {
  const lines = text.replace(/^\uFEFF/, '').split(/\r\n|\n|\r/)
  lines.pop() // what is not ended by a line end is not a line
  const events: SseEvent[] = []
  let [type, id, data] = ['', '', '']
  for (const line of lines) {
    if (line === '') {
      if (data !== '') events.push({ type: type || 'message', data: data.slice(0, -1), id })
      data = ''
      type = ''
    } else if (!line.startsWith(':')) {
      const [, name, value = ''] = /^([^:]*)(?:: ?([\s\S]*))?$/.exec(line)!
      if (name === 'data') data += `${value}\n`
      if (name === 'event') type = value
      if (name === 'id' && !value.includes('\0')) id = value
    }
  }
  return events
}

const line = fc.oneof(
  fc.constant(''),
  fc.constant(': heartbeat'),
  fc
    .tuple(
      fc.constantFrom('data', 'event', 'id', 'retry', 'other', 'Data'),
      fc.constantFrom(':', ': ', ':  ', ''),
      fc.constantFrom('', 'a', '{"x":1}', 'é€𝄞', 'a:b', '12', '\0', '\uFEFFx', ' '),
    )
    .map((parts) => parts.join('')),
)
const stream = fc
  .tuple(
    fc.constantFrom('', '\uFEFF'),
    fc.array(fc.tuple(line, fc.constantFrom('\n', '\r', '\r\n')), { maxLength: 40 }),
    fc.constantFrom('', 'data: cut', 'da'),
  )
  .map(([bom, lines, rest]) => bom + lines.flat().join('') + rest)

describe('SseParser', () => {
  test('any chunking of any stream gives the events of the whole', () => {
    fc.assert(
      fc.property(stream, fc.array(fc.nat(), { maxLength: 12 }), (text, cuts) => {
        expect(parse(text, cuts)).toEqual(reference(text))
      }),
      { numRuns: 3000 },
    )
  })

  test('one byte at a time', () => {
    const text = '\uFEFFid: 7\r\nevent: changes\r\ndata: é\r\ndata: €\r\n\r\n: ping\r\rdata\n\n'
    const cuts = Array.from({ length: encoder.encode(text).length }, (_, i) => i)
    expect(parse(text, cuts)).toEqual([
      { type: 'changes', data: 'é\n€', id: '7' },
      { type: 'message', data: '', id: '7' },
    ])
  })

  test('the id stays, also when its event had no data', () => {
    expect(parse('id: 5\n\ndata: x\n\nid\ndata: y\n\n')).toEqual([
      { type: 'message', data: 'x', id: '5' },
      { type: 'message', data: 'y', id: '' },
    ])
    expect(parse('data: x\n\n', [], '41')[0]?.id).toBe('41')
  })

  test('retry takes digits only', () => {
    const parser = new SseParser()
    parser.push(encoder.encode('retry: 1500\nretry: 1e3\nretry: -1\n'))
    expect(parser.retryMs).toBe(1500)
  })

  test('an incomplete last event is dropped', () => {
    expect(parse('data: x\n')).toEqual([])
  })
})
