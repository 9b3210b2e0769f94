import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Clock } from '../../engine/base/clock.ts'
import { nodeDisk } from '../../engine/base/disk.ts'
import { SqlError } from '../../engine/base/errors.ts'
import type { ResultFrame } from '../../engine/graph/protocol.ts'
import { LogWriter } from '../../engine/log/writer.ts'
import { ResultFeed } from '../../server/result-feed.ts'
import { eventBytes } from '../../server/sse/event.ts'
import { type EventSink, type OnSlow, Subscriber } from '../../server/sse/subscriber.ts'

/** Time that passes when told. */
class TestClock implements Clock {
  ms = 0
  #timers: { at: number; callback: () => void }[] = []

  nowUs = () => this.ms * 1000
  monotonicMs = () => this.ms

  after(delayMs: number, callback: () => void): () => void {
    const timer = { at: this.ms + delayMs, callback }
    this.#timers.push(timer)
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer)
    }
  }

  advance(ms: number): void {
    const until = this.ms + ms
    for (;;) {
      const next = this.#timers.filter(({ at }) => at <= until).sort((a, b) => a.at - b.at)[0]
      if (next === undefined) break
      this.#timers = this.#timers.filter((other) => other !== next)
      this.ms = next.at
      next.callback()
    }
    this.ms = until
  }
}

/** A client that takes so many writes before it must be drained. */
class TestSink implements EventSink {
  text = ''
  ended = false
  destroyed = false
  room = Infinity
  #onDrain: (() => void) | undefined

  write(bytes: Buffer): boolean {
    this.text += bytes.toString()
    return --this.room > 0
  }
  end(): void {
    this.ended = true
  }
  destroy(): void {
    this.destroyed = true
  }
  once(_event: 'drain', listener: () => void): void {
    this.#onDrain = listener
  }
  drain(room = Infinity): void {
    this.room = room
    const listener = this.#onDrain
    this.#onDrain = undefined
    listener?.()
  }
  get seqs(): number[] {
    return [...this.text.matchAll(/"seq":(\d+)/g)].map(([, seq]) => Number(seq))
  }
}

let folder: string
let log: LogWriter
let feed: ResultFeed
let clock: TestClock
let encoded: number

const FRAME_BYTES = 1000

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-feed-'))
  log = LogWriter.open(nodeDisk, join(folder, 'q1'), { segmentBytesMax: 10_000 })
  feed = new ResultFeed('q1', {
    ...{ disk: nodeDisk, folder: join(folder, 'q1') },
    ...{ bytesMax: 5000, onNeed: () => {} },
  })
  clock = new TestClock()
  encoded = 0
})

afterEach(() => {
  log.close()
  rmSync(folder, { recursive: true })
})

/** A result as the engine releases it: in the log first. */
function publish(): void {
  const seq = feed.nextSeq
  const payload = new Uint8Array(FRAME_BYTES)
  const frame: ResultFrame = { queryId: 'q1', seq, epoch: seq + 1, watermarkUs: seq, payload }
  const { epoch, watermarkUs } = frame
  log.append({ kind: 1, count: 1, timestampUs: 0, epoch, watermarkUs, payload: [payload] })
  feed.push(frame)
}

function subscribe(sink: TestSink, onSlow: OnSlow, from = 0) {
  let closed = 0
  const subscriber = new Subscriber({
    ...{ feed, sink, clock, onSlow, mode: 'test', heartbeatMs: 1000, progressMs: 100 },
    cursor: feed.cursor(from),
    watermarkUs: -Infinity,
    encode: (frame) => {
      encoded++
      return eventBytes('changes', JSON.stringify({ seq: frame.seq }), `q1-${frame.seq}`)
    },
    onClose: () => {
      closed++
    },
  })
  return { subscriber, closed: () => closed }
}

const range = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i)

describe('a reader that keeps up', () => {
  it('gets every result once, and its text is made once for all', () => {
    const sinks = [new TestSink(), new TestSink(), new TestSink()]
    for (const sink of sinks) subscribe(sink, 'disconnect')
    for (let i = 0; i < 50; i++) publish()
    for (const sink of sinks) expect(sink.seqs).toEqual(range(0, 50))
    expect(encoded).toBe(50)
  })

  it('begins anywhere in the log, at its own pace', () => {
    for (let i = 0; i < 50; i++) publish()
    const sink = new TestSink()
    sink.room = 3
    subscribe(sink, 'disconnect', 7)
    expect(sink.seqs).toEqual([7, 8, 9])
    publish()
    while (sink.seqs.length < 44) sink.drain(3)
    expect(sink.seqs).toEqual(range(7, 51))
    expect(sink.ended).toBe(false)
  })
})

describe('a reader that falls behind', () => {
  function fallBehind(onSlow: OnSlow) {
    const sink = new TestSink()
    const { closed } = subscribe(sink, onSlow)
    publish()
    sink.room = 1
    publish()
    for (let i = 0; i < 20; i++) publish()
    return { sink, closed }
  }

  it('is cut off with the place to resume', () => {
    const { sink, closed } = fallBehind('disconnect')
    expect(sink.seqs).toEqual([0, 1])
    expect(sink.ended).toBe(true)
    expect(closed()).toBe(1)
    const error = JSON.parse(/event: error\ndata: (.*)\n/.exec(sink.text)![1])
    expect(error).toMatchObject({
      code: 'SLOW_SUBSCRIBER',
      retry: 'backoff',
      details: { after: 'q1-1' },
      hint: 'Resume with Last-Event-ID: q1-1.',
    })
    expect(sink.destroyed).toBe(false)
    clock.advance(20_000)
    expect(sink.destroyed).toBe(true)
  })

  it('misses results if it said so, and is told how many', () => {
    const { sink } = fallBehind('drop')
    expect(sink.seqs).toEqual([0, 1])
    const first = feed.firstInMemory
    sink.drain()
    expect(sink.seqs).toEqual([0, 1, ...range(first, feed.nextSeq)])
    expect(sink.text).toMatch(new RegExp(`"message":"${first - 2} results were left out"`))
    publish()
    expect(sink.seqs.at(-1)).toBe(22)
  })

  it('gets all of them from the log if it said so', () => {
    const { sink } = fallBehind('block')
    sink.drain()
    publish()
    expect(sink.seqs).toEqual(range(0, 23))
  })

  it('holds no more than the ring in memory', () => {
    fallBehind('block')
    for (let i = 0; i < 1000; i++) publish()
    expect(feed.nextSeq - feed.firstInMemory).toBeLessThanOrEqual(5)
  })
})

it('a reader that takes nothing at all is cut off after a while', () => {
  const sink = new TestSink()
  sink.room = 1
  publish()
  subscribe(sink, 'disconnect')
  clock.advance(3500)
  expect(sink.ended).toBe(false)
  clock.advance(1000)
  expect(sink.text).toMatch(/SLOW_SUBSCRIBER/)
})

it('heartbeats only when it is silent', () => {
  const sink = new TestSink()
  subscribe(sink, 'disconnect')
  clock.advance(900)
  publish()
  clock.advance(900)
  expect(sink.text).not.toMatch(/heartbeat/)
  clock.advance(200)
  expect(sink.text).toMatch(/: heartbeat\n\n/)
})

it('tells progress at most so often, and never before the results it follows', () => {
  const sink = new TestSink()
  subscribe(sink, 'disconnect')
  publish()
  for (let i = 1; i <= 10; i++) {
    feed.progress(i + 1, i * 1_000_000)
    clock.advance(20)
  }
  expect(sink.text.match(/event: progress/g)?.length).toBeLessThanOrEqual(3)
  clock.advance(200)
  expect(sink.text).toMatch(/"watermark":"1970-01-01T00:00:10.000Z"}\n\n$/)
  sink.room = 1
  publish()
  feed.progress(99, 99_000_000)
  publish()
  expect(sink.text).not.toMatch(/00:01:39/)
  sink.drain()
  clock.advance(200)
  expect(sink.text).toMatch(/"seq":2}[\s\S]*"watermark":"1970-01-01T00:01:39.000Z"/)
})

it('ends after the last result', () => {
  const sink = new TestSink()
  sink.room = 1
  publish()
  const { closed } = subscribe(sink, 'disconnect')
  publish()
  feed.finish({ kind: 'failed', error: new SqlError('DIVISION_BY_ZERO', 'no') })
  expect(sink.ended).toBe(false)
  sink.drain()
  expect(sink.seqs).toEqual([0, 1])
  expect(sink.text).toMatch(/event: error\ndata: {"code":"DIVISION_BY_ZERO"/)
  expect(closed()).toBe(1)
})
