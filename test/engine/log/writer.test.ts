import { describe, expect, test } from 'vitest'
import { LogReader } from '../../../engine/log/reader.ts'
import { type LogOptions, LogWriter } from '../../../engine/log/writer.ts'
import { FaultDisk } from './fault-disk.ts'
import { frameOf, joined } from './payload.ts'

const FOLDER = 'data/log'
const SMALL: LogOptions = { segmentBytesMax: 1000 }

const thrown = (code: string, details?: object) =>
  expect.objectContaining(details ? { code, details: expect.objectContaining(details) } : { code })

function readAll(disk: FaultDisk, from = 0, limit = Number.MAX_SAFE_INTEGER) {
  const reader = new LogReader(disk, FOLDER)
  reader.seek(from)
  const frames = []
  for (let frame = reader.next(limit); frame !== null; frame = reader.next(limit)) {
    frames.push(frame)
  }
  reader.close()
  return frames
}

async function filled(frames: number, options = SMALL, size = 100) {
  const disk = new FaultDisk(1)
  const writer = LogWriter.open(disk, FOLDER, options)
  for (let i = 0; i < frames; i++) writer.append(frameOf(i, 10, size))
  await writer.sync()
  return { disk, writer }
}

describe('append', () => {
  test('gives offsets one after the other and keeps every field', async () => {
    const { disk, writer } = await filled(0)
    expect(writer.append(frameOf(7, 3, 33))).toEqual({ first: 0, next: 3 })
    expect(writer.append(frameOf(8, 1, 0))).toEqual({ first: 3, next: 4 })
    const [first, second] = readAll(disk)
    const { payload: _, ...head } = frameOf(7, 3, 33)
    expect(first).toMatchObject({ ...head, first: 0, next: 3, payloadBytes: 33 })
    expect(first.payload).toEqual(joined(frameOf(7, 3, 33)))
    expect(first.payload.byteOffset % 8).toBe(0)
    expect(second.payload.length).toBe(0)
  })

  test('offsets, epochs and times beyond 32 bits survive', () => {
    const disk = new FaultDisk(1)
    const writer = LogWriter.open(disk, FOLDER, { segmentBytesMax: 1 << 20 })
    const big = { ...frameOf(1, 2 ** 32 - 1, 8), epoch: 2 ** 50 + 3, timestampUs: -(2 ** 52) - 5 }
    for (let i = 0; i < 4; i++) writer.append({ ...big, watermarkUs: Number.NEGATIVE_INFINITY })
    const frames = readAll(disk)
    expect(frames[3]).toMatchObject({
      first: 3 * (2 ** 32 - 1),
      epoch: 2 ** 50 + 3,
      timestampUs: -(2 ** 52) - 5,
      watermarkUs: Number.NEGATIVE_INFINITY,
    })
  })

  test('begins a new segment when one is full', async () => {
    const { disk, writer } = await filled(20)
    expect(disk.list(FOLDER).length).toBeGreaterThan(2)
    expect(disk.list(FOLDER)[0]).toBe('00000000000000000000.segment')
    expect(writer.bytes).toBe(disk.paths().reduce((sum, p) => sum + disk.bytes(p).length, 0))
    expect(readAll(disk).map((f) => f.first)).toEqual(Array.from({ length: 20 }, (_, i) => i * 10))
  })

  test('begins a new segment when one spans too much time', () => {
    const disk = new FaultDisk(1)
    const writer = LogWriter.open(disk, FOLDER, { segmentBytesMax: 1 << 20, segmentSpanUsMax: 10 })
    for (const timestampUs of [0, 5, 10, 11, 20, 22])
      writer.append({ ...frameOf(1, 1, 8), timestampUs })
    expect(disk.list(FOLDER).map((name) => Number.parseInt(name, 10))).toEqual([0, 3, 5])
  })

  test('a frame larger than a segment has one of its own', async () => {
    const { disk, writer } = await filled(1)
    writer.append(frameOf(5, 1, 300_000))
    writer.append(frameOf(6, 1, 10))
    expect(readAll(disk).map((f) => f.payloadBytes)).toEqual([100, 300_000, 10])
    expect(disk.list(FOLDER).length).toBe(3)
  })

  test('leaves nothing behind when the disk is full', async () => {
    const { disk, writer } = await filled(3)
    const before = disk.paths().map((path) => disk.bytes(path).length)
    disk.room = 40
    expect(() => writer.append(frameOf(9, 10, 100))).toThrow(thrown('DISK_FULL'))
    expect(() => writer.append(frameOf(9, 10, 900))).toThrow(thrown('DISK_FULL'))
    expect(writer.nextOffset).toBe(30)
    disk.room = Number.POSITIVE_INFINITY
    expect(writer.append(frameOf(9, 10, 900)).first).toBe(30)
    await writer.sync()
    expect(readAll(disk).length).toBe(4)
    expect(
      disk
        .paths()
        .slice(0, 1)
        .map((path) => disk.bytes(path).length),
    ).toEqual(before)
    writer.close()
    expect(LogWriter.open(disk, FOLDER, SMALL).nextOffset).toBe(40)
  })

  test('stops for good if the half-written frame cannot be taken back', async () => {
    const { disk, writer } = await filled(1)
    disk.room = 70
    disk.failTruncate = true
    expect(() => writer.append(frameOf(9, 10, 100))).toThrow(thrown('DISK_FULL'))
    disk.room = Number.POSITIVE_INFINITY
    expect(() => writer.append(frameOf(9, 10, 100))).toThrow(thrown('DISK_FAILED'))
    disk.failTruncate = false
    const again = LogWriter.open(disk, FOLDER, SMALL)
    expect(again.nextOffset).toBe(10)
    expect(again.tornBytes).toBe(70)
  })
})

describe('sync', () => {
  test('moves durableOffset, and only to what was appended before it', async () => {
    const { disk, writer } = await filled(2)
    expect(writer.durableOffset).toBe(20)
    writer.append(frameOf(1, 5, 10))
    expect(writer.durableOffset).toBe(20)
    let release = () => {}
    disk.hold = new Promise((resolve) => (release = resolve))
    const sync = writer.sync()
    writer.append(frameOf(2, 5, 10))
    release()
    disk.hold = null
    await sync
    expect(writer.durableOffset).toBe(25)
    await writer.sync()
    expect(writer.durableOffset).toBe(30)
  })

  test('is shared by those who wait together', async () => {
    const { disk, writer } = await filled(0, { segmentBytesMax: 1 << 20 })
    let release = () => {}
    disk.hold = new Promise((resolve) => (release = resolve))
    const before = disk.syncs
    const waiting = []
    for (let i = 0; i < 50; i++) {
      writer.append(frameOf(i, 1, 4))
      waiting.push(writer.sync())
    }
    disk.hold = null
    release()
    await Promise.all(waiting)
    expect(disk.syncs - before).toBe(2)
    expect(writer.durableOffset).toBe(50)
    await writer.sync()
    expect(disk.syncs - before).toBe(2)
  })

  test('covers full segments that were never synced', async () => {
    for (let seed = 0; seed < 20; seed++) {
      const disk = new FaultDisk(seed)
      const writer = LogWriter.open(disk, FOLDER, SMALL)
      for (let i = 0; i < 30; i++) writer.append(frameOf(i, 1, 100))
      await writer.sync()
      disk.crash()
      expect(LogWriter.open(disk, FOLDER, SMALL).nextOffset).toBe(30)
      expect(readAll(disk).length).toBe(30)
    }
  })

  test('that fails once fails for ever', async () => {
    const { disk, writer } = await filled(1)
    writer.append(frameOf(1, 1, 10))
    disk.failSyncs = 1
    const first = writer.sync()
    writer.append(frameOf(2, 1, 10))
    const second = writer.sync()
    await expect(first).rejects.toMatchObject({ code: 'DISK_FAILED' })
    await expect(second).rejects.toMatchObject({ code: 'DISK_FAILED' })
    expect(() => writer.append(frameOf(3, 1, 10))).toThrow(thrown('DISK_FAILED'))
    await expect(writer.sync()).rejects.toMatchObject({ code: 'DISK_FAILED' })
    expect(writer.durableOffset).toBe(10)
    writer.close()
  })

  test('a writer may be closed while one runs', async () => {
    const { writer } = await filled(1)
    writer.append(frameOf(1, 1, 10))
    const sync = writer.sync()
    writer.close()
    await sync
    expect(() => writer.append(frameOf(1, 1, 10))).toThrow(thrown('INTERNAL'))
  })
})

describe('end', () => {
  test('refuses appends, now and after reopening, and shows in the reader', async () => {
    const { disk, writer } = await filled(2)
    const reader = new LogReader(disk, FOLDER)
    expect(reader.ended).toBe(false)
    writer.end(5)
    writer.end(5)
    await writer.sync()
    expect(writer.ended).toBe(true)
    expect(() => writer.append(frameOf(1, 1, 1))).toThrow(thrown('STREAM_ENDED'))
    writer.close()
    const again = LogWriter.open(disk, FOLDER, SMALL)
    expect(again.ended).toBe(true)
    expect(again.nextOffset).toBe(20)
    expect(reader.next(20)!.first).toBe(0)
    expect(reader.ended).toBe(false)
    expect(reader.next(20)!.first).toBe(10)
    expect(reader.ended).toBe(true)
    expect(reader.next(100)).toBeNull()
    again.truncateAfter(20)
    expect(again.ended).toBe(true)
    again.truncateAfter(10)
    expect(again.append(frameOf(1, 1, 1)).first).toBe(10)
  })
})

describe('truncateAfter', () => {
  test('drops every frame beyond the offset, across segments', async () => {
    for (const offset of [195, 190, 100, 45, 10, 0]) {
      const { disk, writer } = await filled(20)
      writer.truncateAfter(offset)
      const kept = Math.floor(offset / 10) * 10
      expect(writer.nextOffset).toBe(kept)
      expect(writer.durableOffset).toBe(kept)
      expect(readAll(disk).length).toBe(kept / 10)
      expect(writer.bytes).toBe(disk.paths().reduce((sum, p) => sum + disk.bytes(p).length, 0))
      writer.append(frameOf(99, 1, 10))
      await writer.sync()
      disk.crash()
      const again = LogWriter.open(disk, FOLDER, SMALL)
      expect(again.nextOffset).toBe(kept + 1)
      expect(readAll(disk).at(-1)!.epoch).toBe(99)
    }
  })
})

describe('trim', () => {
  test('by size, age and need removes whole old segments only', async () => {
    const { disk, writer } = await filled(30)
    const segments = disk.list(FOLDER).map((name) => Number.parseInt(name, 10))
    const total = writer.bytes
    expect(writer.trim({ bytesMax: total })).toBe(0)
    expect(writer.trim({ bytesMax: total - 1 })).toBeGreaterThan(0)
    expect(writer.firstOffset).toBe(segments[1])
    expect(writer.trim({ bytesMax: 0, before: segments[2] - 1 })).toBe(0)
    expect(writer.trim({ bytesMax: 0, before: segments[2] })).toBeGreaterThan(0)
    expect(writer.firstOffset).toBe(segments[2])
    const first = frameOf(segments[3] / 10, 1, 1).timestampUs
    expect(writer.trim({ beforeUs: first })).toBe(0)
    expect(writer.trim({ beforeUs: first + 1 })).toBeGreaterThan(0)
    expect(writer.firstOffset).toBe(segments[3])
    writer.trim({ before: 295 })
    expect(writer.firstOffset).toBe(segments.at(-1))
    writer.trim({ bytesMax: 0 })
    expect(writer.firstOffset).toBe(segments.at(-1))
    expect(writer.nextOffset).toBe(300)
    expect(LogWriter.open(disk, FOLDER, SMALL).firstOffset).toBe(segments.at(-1))
  })
})

describe('header', () => {
  const header = (text: string) => new Uint8Array(Buffer.from(text))

  test('stands before the records; a new one begins a new segment', async () => {
    const disk = new FaultDisk(1)
    const first = LogWriter.open(disk, FOLDER, { ...SMALL, header: header('one') })
    first.append(frameOf(1, 2, 10))
    await first.sync()
    first.close()
    const second = LogWriter.open(disk, FOLDER, { ...SMALL, header: header('two') })
    second.append(frameOf(2, 2, 10))
    second.close()
    const third = LogWriter.open(disk, FOLDER, { ...SMALL, header: header('two') })
    third.append(frameOf(3, 2, 10))
    expect(disk.list(FOLDER).length).toBe(2)
    const reader = new LogReader(disk, FOLDER)
    const seen = []
    for (let f = reader.next(9); f !== null; f = reader.next(9)) {
      seen.push(Buffer.from(reader.header).toString())
    }
    expect(seen).toEqual(['one', 'two', 'two'])
  })

  test('of an empty log is replaced', () => {
    const disk = new FaultDisk(1)
    LogWriter.open(disk, FOLDER, { ...SMALL, header: header('one') }).close()
    const writer = LogWriter.open(disk, FOLDER, { ...SMALL, header: header('two') })
    writer.append(frameOf(1, 2, 10))
    expect(disk.list(FOLDER).length).toBe(1)
    expect(Buffer.from(new LogReader(disk, FOLDER).header).toString()).toBe('two')
  })
})
