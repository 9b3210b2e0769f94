/** Old segments that are rewritten as one: offsets stay, readers that are under way go on, and a
 *  crash at any operation leaves the old ones or the new one. */

import { describe, expect, test } from 'vitest'
import { SegmentDraft } from '../../../engine/log/draft.ts'
import { LogReader } from '../../../engine/log/reader.ts'
import { listSegments, segmentPath } from '../../../engine/log/segment.ts'
import { LogWriter } from '../../../engine/log/writer.ts'
import { FaultDisk } from './fault-disk.ts'
import { frameOf } from './payload.ts'

const FOLDER = 'data/log'
const EMPTY = new Uint8Array(0)
const FRAMES = 40
const open = (disk: FaultDisk) => LogWriter.open(disk, FOLDER, { segmentBytesMax: 2000 })

async function filled(disk = new FaultDisk(1)) {
  const writer = open(disk)
  for (let i = 0; i < FRAMES; i++) writer.append(frameOf(i, 3, 400))
  await writer.sync()
  return { disk, writer }
}

/** Rewrites the segments from the i-th on as one: of every second frame the payload goes. */
async function rewritten(disk: FaultDisk, writer: LogWriter, [from, to]: [number, number]) {
  const old = writer.oldSegments.slice(from, to)
  const generation = Math.max(...old.map((segment) => segment.generation)) + 1
  const draft = new SegmentDraft(disk, FOLDER, old[0].first, generation)
  const reader = new LogReader(disk, FOLDER)
  const end = old.at(-1)!.next
  reader.seek(draft.first)
  for (let frame = reader.next(end); frame !== null; frame = reader.next(end)) {
    draft.add(frame, frame.epoch % 2 === 0 ? frame.payload : EMPTY)
  }
  reader.close()
  await draft.finish()
  return draft
}

/** The numbers of all frames from an offset on. Raises if an offset is missing or is there twice. */
function read(reader: LogReader, next: number, end: number): number[] {
  const found: number[] = []
  let at = next
  for (let frame = reader.next(end); frame !== null; frame = reader.next(end)) {
    expect(frame.first).toBe(at)
    if (frame.payload.length > 0) {
      expect(frame.payload).toEqual(
        new Uint8Array(Buffer.concat(frameOf(frame.epoch, 1, 400).payload)),
      )
    } else expect(frame.epoch % 2).toBe(1)
    found.push(frame.epoch)
    at = frame.next
  }
  expect(at).toBe(end)
  return found
}

const all = Array.from({ length: FRAMES }, (_, i) => i)

describe('a draft in the place of old segments', () => {
  test('has the same offsets, in fewer files and bytes', async () => {
    const { disk, writer } = await filled()
    const before = { files: listSegments(disk, FOLDER).length, bytes: writer.bytes }
    expect(writer.swapIn(await rewritten(disk, writer, [1, 4]))).toBe(true)
    expect(listSegments(disk, FOLDER)).toHaveLength(before.files - 2)
    expect(writer.bytes).toBeLessThan(before.bytes)
    expect(read(new LogReader(disk, FOLDER), 0, writer.nextOffset)).toEqual(all)
    writer.close()
    const again = open(disk)
    expect(again.bytes).toBe(disk.paths().reduce((sum, path) => sum + disk.bytes(path).length, 0))
    again.append(frameOf(FRAMES, 3, 400))
    expect(read(new LogReader(disk, FOLDER), 0, again.nextOffset)).toEqual([...all, FRAMES])
  })

  test('a reader that is in one of them, or knows where its frames were, goes on', async () => {
    for (let at = 0; at < 20; at++) {
      const { disk, writer } = await filled()
      const end = writer.nextOffset
      const reader = new LogReader(disk, FOLDER)
      read(reader, 0, end)
      reader.seek(0)
      for (let i = 0; i < at; i++) reader.next(end)
      writer.swapIn(await rewritten(disk, writer, [0, 5]))
      expect(read(reader, at * 3, end)).toEqual(all.slice(at))
      writer.swapIn(await rewritten(disk, writer, [0, 2]))
      reader.seek(at * 3)
      expect(read(reader, at * 3, end)).toEqual(all.slice(at))
      reader.close()
    }
  })

  test('is left out if retention has taken one of them', async () => {
    const { disk, writer } = await filled()
    const draft = await rewritten(disk, writer, [0, 3])
    writer.trim({ before: draft.first + 30 })
    expect(writer.swapIn(draft)).toBe(false)
    draft.discard()
    expect(disk.paths().some((path) => path.endsWith('.draft'))).toBe(false)
    expect(read(new LogReader(disk, FOLDER), writer.firstOffset, writer.nextOffset)).toHaveLength(
      (writer.nextOffset - writer.firstOffset) / 3,
    )
  })

  test('whenever the power goes, the old ones or the new one are there', async () => {
    const seen = new Set<string>()
    for (let seed = 0; seed < 150; seed++) {
      const { disk, writer } = await filled(new FaultDisk(seed))
      const draft = rewritten(disk, writer, [0, 5])
      disk.operationsLeft = seed % 45
      await draft.then((finished) => writer.swapIn(finished)).catch(() => {})
      const found = disk.reboot(seed)
      const again = open(found)
      expect(again.nextOffset).toBe(FRAMES * 3)
      expect(read(new LogReader(found, FOLDER), 0, again.nextOffset)).toEqual(all)
      expect(found.paths().some((path) => path.endsWith('.draft'))).toBe(false)
      seen.add(listSegments(found, FOLDER).join())
    }
    expect(seen.size).toBe(2)
  })

  test('damage in it is found', async () => {
    const { disk, writer } = await filled()
    writer.swapIn(await rewritten(disk, writer, [0, 3]))
    const path = segmentPath(FOLDER, 0)
    const size = disk.bytes(path).length
    for (let position = 0; position < size; position += 37) {
      disk.flip(path, position, 8)
      const isMark = position >= 8 && position < 16
      const found = () => read(new LogReader(disk, FOLDER), 0, writer.nextOffset)
      if (isMark) found()
      else expect(found, `byte ${position}`).toThrow(/damaged|log format/)
      disk.flip(path, position, 8)
    }
  })
})
