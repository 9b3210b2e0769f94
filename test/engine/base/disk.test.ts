import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { nodeDisk } from '../../../engine/base/disk.ts'
import { LogReader } from '../../../engine/log/reader.ts'
import { LogWriter } from '../../../engine/log/writer.ts'
import { frameOf, joined } from '../log/payload.ts'

let root = ''

beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'millrace-disk-'))
})

afterAll(() => rmSync(root, { recursive: true }))

describe('nodeDisk', () => {
  test('makes folders, lists, replaces and removes', () => {
    const folder = `${root}/a/b/c`
    expect(nodeDisk.list(folder)).toEqual([])
    nodeDisk.makeFolder(folder)
    nodeDisk.makeFolder(folder)
    nodeDisk.replace(`${folder}/two`, Buffer.from('old'))
    nodeDisk.replace(`${folder}/two`, Buffer.from('new'))
    nodeDisk.replace(`${folder}/one`, Buffer.from(''))
    expect(nodeDisk.list(folder)).toEqual(['one', 'two'])
    expect(Buffer.from(nodeDisk.readAll(`${folder}/two`)!).toString()).toBe('new')
    nodeDisk.remove(`${folder}/one`)
    nodeDisk.remove(`${folder}/one`)
    expect(nodeDisk.readAll(`${folder}/one`)).toBeUndefined()
    expect(nodeDisk.openRead(`${folder}/one`)).toBeUndefined()
    nodeDisk.remove(`${root}/a`)
    expect(nodeDisk.list(folder)).toEqual([])
  })

  test('reads and writes where it is told', async () => {
    const file = nodeDisk.openWrite(`${root}/file`)
    file.write(Buffer.from('abcdef'), 2)
    file.write(Buffer.from('XY'), 4)
    await file.sync()
    file.syncNow()
    expect(file.size()).toBe(8)
    const target = new Uint8Array(10)
    expect(file.read(target, 3)).toBe(5)
    expect(Buffer.from(target.subarray(0, 5)).toString()).toBe('bXYef')
    file.truncate(4)
    expect(file.read(target, 4)).toBe(0)
    file.close()
  })

  test('says what failed and where', () => {
    const missing = `${root}/no/such/file`
    expect(() => nodeDisk.openWrite(missing)).toThrow(
      expect.objectContaining({ code: 'DISK_FAILED', message: expect.stringContaining(missing) }),
    )
  })

  test('a log on it is found again by another writer and reader', async () => {
    const folder = `${root}/streams/7/0`
    const options = { segmentBytesMax: 100_000, header: new Uint8Array([1, 2, 3]) }
    const writer = LogWriter.open(nodeDisk, folder, options)
    const reader = new LogReader(nodeDisk, folder)
    for (let i = 0; i < 40; i++) {
      writer.append(frameOf(i, 2, 9000))
      if (i % 5 === 0) await writer.sync()
      expect(reader.next(writer.nextOffset)!.payload).toEqual(joined(frameOf(i, 2, 9000)))
    }
    await writer.sync()
    writer.close()
    const again = LogWriter.open(nodeDisk, folder, options)
    expect(again.nextOffset).toBe(80)
    expect(again.tornBytes).toBe(0)
    expect([...reader.header]).toEqual([1, 2, 3])
    reader.seek(33)
    expect(reader.next(80)!.first).toBe(32)
    reader.close()
    again.close()
  })
})
