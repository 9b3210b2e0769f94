import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { LogReader } from '../../../engine/log/reader.ts'
import { type LogOptions, LogWriter } from '../../../engine/log/writer.ts'
import { FaultDisk } from './fault-disk.ts'
import { frameOf, joined } from './payload.ts'

const FOLDER = 'data/log'
const SMALL: LogOptions = { segmentBytesMax: 4000 }

function filled(sizes: readonly number[], options = SMALL) {
  const disk = new FaultDisk(1)
  const writer = LogWriter.open(disk, FOLDER, options)
  sizes.forEach((size, i) => {
    writer.append(frameOf(i, (i % 3) + 1, size))
  })
  return { disk, writer }
}

describe('LogReader', () => {
  test('a log that does not exist yet is empty, and found when it does', () => {
    const disk = new FaultDisk(1)
    const reader = new LogReader(disk, FOLDER)
    expect(reader.next(10)).toBeNull()
    expect(reader.header.length).toBe(0)
    expect(reader.ended).toBe(false)
    const writer = LogWriter.open(disk, FOLDER, SMALL)
    expect(reader.next(10)).toBeNull()
    writer.append(frameOf(1, 5, 20))
    expect(reader.next(5)!.next).toBe(5)
  })

  test('stops at the limit', () => {
    const { disk } = filled([10, 10, 10])
    const reader = new LogReader(disk, FOLDER)
    expect(reader.next(0)).toBeNull()
    expect(reader.next(1)!.first).toBe(0)
    expect(reader.next(1)).toBeNull()
    expect(reader.next(3)!.first).toBe(1)
    expect(reader.next(3)).toBeNull()
  })

  test('seek finds the frame that holds the offset, wherever it is', () => {
    const sizes = fc.array(fc.nat(800), { minLength: 1, maxLength: 60 })
    fc.assert(
      fc.property(sizes, fc.array(fc.nat(200), { maxLength: 10 }), (list, seeks) => {
        const { disk, writer } = filled(list)
        const reader = new LogReader(disk, FOLDER)
        for (const seek of seeks) {
          const offset = seek % (writer.nextOffset + 5)
          reader.seek(offset)
          const frame = reader.next(writer.nextOffset)
          if (offset >= writer.nextOffset) {
            expect(frame).toBeNull()
            continue
          }
          expect(frame!.first).toBeLessThanOrEqual(offset)
          expect(frame!.next).toBeGreaterThan(offset)
          expect(frame!.payload).toEqual(joined(frameOf(frame!.epoch, 1, list[frame!.epoch])))
          const after = reader.next(writer.nextOffset)
          expect(after?.first ?? writer.nextOffset).toBe(frame!.next)
        }
      }),
      { numRuns: 200 },
    )
  })

  test('frames larger than the read-ahead block, and at its edges', () => {
    const sizes = [100, 3_000_000, 0, 1 << 20, 500_000, 700_000, 8, (1 << 20) - 56, 1]
    const { disk, writer } = filled(sizes, { segmentBytesMax: 1 << 30 })
    const reader = new LogReader(disk, FOLDER)
    for (const [i, size] of sizes.entries()) {
      const frame = reader.next(writer.nextOffset)!
      expect(Buffer.compare(frame.payload, joined(frameOf(i, 1, size)))).toBe(0)
      expect(frame.payload.byteOffset % 8).toBe(0)
    }
  })

  test('a payload stays as it is when reading goes on', () => {
    const { disk, writer } = filled(new Array(50).fill(700))
    const reader = new LogReader(disk, FOLDER)
    const frames = Array.from({ length: 50 }, () => reader.next(writer.nextOffset)!)
    frames.forEach((frame, i) => {
      expect(frame.payload).toEqual(joined(frameOf(i, 1, 700)))
    })
  })

  test('does not believe what it read ahead of the limit', () => {
    const { disk, writer } = filled([10, 10])
    const reader = new LogReader(disk, FOLDER)
    expect(reader.next(1)!.epoch).toBe(0)
    // The frame that the block holds is taken back and another one put in its place.
    return writer.sync().then(() => {
      writer.truncateAfter(1)
      writer.append(frameOf(77, 4, 50))
      expect(reader.next(5)).toMatchObject({ epoch: 77, next: 5 })
      expect(reader.next(5)).toBeNull()
      writer.append(frameOf(78, 1, 50))
      expect(reader.next(6)).toMatchObject({ epoch: 78 })
    })
  })

  test('follows the writer into new segments', () => {
    const { disk, writer } = filled([])
    const reader = new LogReader(disk, FOLDER)
    for (let i = 0; i < 40; i++) {
      const { next } = writer.append(frameOf(i, 2, 500))
      expect(reader.next(next)!.epoch).toBe(i)
      expect(reader.next(next)).toBeNull()
    }
    expect(disk.list(FOLDER).length).toBeGreaterThan(4)
  })

  test('a position that was trimmed is GONE; an open segment is read to its end', () => {
    const { disk, writer } = filled(new Array(60).fill(500))
    const reader = new LogReader(disk, FOLDER)
    const late = new LogReader(disk, FOLDER)
    expect(reader.next(writer.nextOffset)!.first).toBe(0)
    writer.trim({ before: writer.nextOffset })
    const gone = expect.objectContaining({
      code: 'GONE',
      details: { offset: 0, first: writer.firstOffset },
    })
    expect(() => late.seek(0)).toThrow(gone)
    let read = 1
    expect(() => {
      for (; reader.next(writer.nextOffset) !== null; ) read++
    }).toThrow(expect.objectContaining({ code: 'GONE' }))
    expect(read).toBeGreaterThan(2)
    const fresh = new LogReader(disk, FOLDER)
    expect(fresh.next(writer.nextOffset)!.first).toBe(writer.firstOffset)
  })

  test('a missing segment in the middle is damage', () => {
    const { disk, writer } = filled(new Array(60).fill(500))
    disk.remove(`${FOLDER}/${disk.list(FOLDER)[2]}`)
    const reader = new LogReader(disk, FOLDER)
    expect(() => {
      while (reader.next(writer.nextOffset) !== null);
    }).toThrow(expect.objectContaining({ code: 'DATA_DAMAGED' }))
  })
})
