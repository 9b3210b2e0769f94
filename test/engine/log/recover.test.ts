import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { SqlError } from '../../../engine/base/errors.ts'
import type { Frame } from '../../../engine/log/frame.ts'
import { LogReader } from '../../../engine/log/reader.ts'
import { type Append, type LogOptions, LogWriter } from '../../../engine/log/writer.ts'
import { FaultDisk } from './fault-disk.ts'
import { frameOf, joined } from './payload.ts'

const FOLDER = 'data/log'
const OPTIONS: LogOptions = { segmentBytesMax: 3000, header: new Uint8Array(Buffer.from('schema')) }

type Step =
  | { readonly kind: 'append'; readonly count: number; readonly size: number }
  | { readonly kind: 'sync' }
  | { readonly kind: 'full'; readonly room: number; readonly size: number }
  | { readonly kind: 'crash' }
  /** The power goes while a sync runs, after so many of its files. */
  | { readonly kind: 'crash in sync'; readonly after: number }
  | { readonly kind: 'kill' }
  | { readonly kind: 'truncate'; readonly back: number }

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant('append' as const),
      count: fc.integer({ min: 1, max: 5 }),
      size: fc.nat(1500),
    }),
  },
  { weight: 3, arbitrary: fc.constant({ kind: 'sync' as const }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('full' as const),
      room: fc.nat(300),
      size: fc.integer({ min: 300, max: 1500 }),
    }),
  },
  { weight: 2, arbitrary: fc.constant({ kind: 'crash' as const }) },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant('crash in sync' as const), after: fc.nat(3) }),
  },
  { weight: 1, arbitrary: fc.constant({ kind: 'kill' as const }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('truncate' as const), back: fc.nat(6) }),
  },
)

/** What a log should hold, beside the log itself. */
class Model {
  readonly disk: FaultDisk
  writer: LogWriter
  /** Frames that were appended, and how many of them are known to be durable. */
  frames: { readonly first: number; readonly frame: Append }[] = []
  synced = 0
  #seed = 0

  constructor(seed: number) {
    this.disk = new FaultDisk(seed)
    this.writer = LogWriter.open(this.disk, FOLDER, OPTIONS)
  }

  append(count: number, size: number): void {
    const frame = frameOf(this.#seed++, count, size)
    const { first } = this.writer.append(frame)
    this.frames.push({ first, frame })
  }

  full(room: number, size: number): void {
    this.disk.room = room
    expect(() => this.append(1, size)).toThrow(expect.objectContaining({ code: 'DISK_FULL' }))
    this.disk.room = Number.POSITIVE_INFINITY
  }

  async sync(): Promise<void> {
    await this.writer.sync()
    this.synced = this.frames.length
  }

  async crashInSync(after: number): Promise<void> {
    this.disk.syncsLeft = after
    this.writer.sync().catch(() => {})
    await new Promise((resolve) => setImmediate(resolve))
    this.disk.crash()
    this.disk.syncsLeft = Number.POSITIVE_INFINITY
    this.reopen()
  }

  async truncate(back: number): Promise<void> {
    await this.sync()
    this.frames.length = Math.max(this.frames.length - back, 0)
    this.writer.truncateAfter(this.frames.length === 0 ? 0 : this.#end())
    this.synced = this.frames.length
  }

  #end(): number {
    const { first, frame } = this.frames.at(-1)!
    return first + frame.count
  }

  /** Opens the log again and compares: all durable frames, then whole frames without a gap. */
  reopen(): void {
    this.writer.close()
    this.writer = LogWriter.open(this.disk, FOLDER, OPTIONS)
    const found = this.read()
    expect(found.length).toBeGreaterThanOrEqual(this.synced)
    expect(found.length).toBeLessThanOrEqual(this.frames.length)
    found.forEach((frame, i) => {
      expect(frame.first).toBe(this.frames[i].first)
      expect(frame.epoch).toBe(this.frames[i].frame.epoch)
      expect(Buffer.compare(frame.payload, joined(this.frames[i].frame))).toBe(0)
    })
    this.frames.length = found.length
    this.synced = found.length
    expect(this.writer.nextOffset).toBe(found.at(-1)?.next ?? 0)
  }

  read(): Frame[] {
    const reader = new LogReader(this.disk, FOLDER)
    const frames: Frame[] = []
    const limit = this.writer.nextOffset
    for (let f = reader.next(limit); f !== null; f = reader.next(limit)) frames.push(f)
    reader.close()
    return frames
  }
}

describe('after a crash', () => {
  test('every synced frame is there, every other whole or not at all', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer(), fc.array(step, { maxLength: 40 }), async (seed, steps) => {
        const model = new Model(seed)
        for (const s of [...steps, { kind: 'crash' as const }, { kind: 'crash' as const }]) {
          if (s.kind === 'append') model.append(s.count, s.size)
          else if (s.kind === 'sync') await model.sync()
          else if (s.kind === 'full') model.full(s.room, s.size)
          else if (s.kind === 'truncate') await model.truncate(s.back)
          else if (s.kind === 'crash in sync') await model.crashInSync(s.after)
          else if (s.kind === 'crash') {
            model.disk.crash()
            model.reopen()
          } else {
            const before = model.frames.length
            model.reopen()
            // A killed process loses nothing that it had written.
            expect(model.frames.length).toBe(before)
          }
        }
      }),
      { numRuns: 1000 },
    )
  })

  test('a crash while a log is created leaves a log that opens', () => {
    for (let seed = 0; seed < 200; seed++) {
      const disk = new FaultDisk(seed)
      disk.failSyncs = 1
      expect(() => LogWriter.open(disk, FOLDER, OPTIONS)).toThrow()
      disk.crash()
      const writer = LogWriter.open(disk, FOLDER, OPTIONS)
      expect(writer.nextOffset).toBe(0)
      expect(writer.append(frameOf(1, 1, 10)).first).toBe(0)
    }
  })

  test('a crash while a segment is begun loses nothing', async () => {
    for (let seed = 0; seed < 200; seed++) {
      const disk = new FaultDisk(seed)
      const writer = LogWriter.open(disk, FOLDER, OPTIONS)
      for (let i = 0; i < 3; i++) writer.append(frameOf(i, 1, 900))
      await writer.sync()
      disk.failSyncs = 1
      expect(() => writer.append(frameOf(9, 1, 900))).toThrow()
      disk.crash()
      expect(LogWriter.open(disk, FOLDER, OPTIONS).nextOffset).toBe(3)
    }
  })
})

describe('damage', () => {
  async function durable(frames: number) {
    const model = new Model(1)
    for (let i = 0; i < frames; i++) model.append(1, 200)
    await model.sync()
    model.writer.close()
    return model
  }

  test('any flipped bit of an acknowledged frame is found, with its file and byte', async () => {
    const count = 25
    const total = (await durable(count)).disk.paths().length
    expect(total).toBeGreaterThan(1)
    await fc.assert(
      fc.asyncProperty(fc.nat(), fc.nat(), fc.nat(7), async (which, where, bit) => {
        const { disk } = await durable(count)
        const path = disk.paths()[which % total]
        // Not the mark itself: without it nothing is lost, it is only known later what is durable.
        const size = disk.bytes(path).length
        const position = where % size
        const inMark = position >= 8 && position < 16
        disk.flip(path, position, 1 << bit)
        let error: SqlError | undefined
        let read = 0
        try {
          const writer = LogWriter.open(disk, FOLDER, OPTIONS)
          const reader = new LogReader(disk, FOLDER)
          while (reader.next(writer.nextOffset) !== null) read++
        } catch (caught) {
          error = caught as SqlError
        }
        if (inMark) {
          expect(error).toBeUndefined()
          expect(read).toBe(count)
          return
        }
        expect(['DATA_DAMAGED', 'DATA_VERSION']).toContain(error?.code)
        if (error?.code === 'DATA_VERSION') return
        expect(error?.details?.file).toBe(path)
        const at = error?.details?.position as number
        expect(at).toBeLessThanOrEqual(position)
        expect(position - at).toBeLessThan(400)
      }),
      { numRuns: 400 },
    )
  })

  test('a file that lost its acknowledged end is damaged', async () => {
    const { disk } = await durable(5)
    const path = disk.paths().at(-1)!
    const file = disk.openWrite(path)
    file.truncate(file.size() - 264)
    expect(() => LogWriter.open(disk, FOLDER, OPTIONS)).toThrow(
      expect.objectContaining({ code: 'DATA_DAMAGED' }),
    )
  })

  test('rubbish behind the end is cut off and told', async () => {
    const { disk } = await durable(5)
    const path = disk.paths().at(-1)!
    const file = disk.openWrite(path)
    file.write(new Uint8Array(777).fill(3), file.size())
    const writer = LogWriter.open(disk, FOLDER, OPTIONS)
    expect(writer.tornBytes).toBe(777)
    expect(writer.nextOffset).toBe(5)
  })

  test('a log of another format version is refused as such', async () => {
    const { disk } = await durable(1)
    disk.flip(disk.paths()[0], 4, 2)
    expect(() => LogWriter.open(disk, FOLDER, OPTIONS)).toThrow(
      expect.objectContaining({ code: 'DATA_VERSION' }),
    )
  })
})
