/** Checkpoints on disk. A checkpoint is a manifest (replaced at once, so it is there whole or not
 *  at all) that names sections in data files. A section that has not changed since the last checkpoint
 *  is not written again: the manifest points into the older file. Everything carries a CRC; a
 *  damaged checkpoint is passed over for the one before it. */

import { crc32 } from 'node:zlib'
import type { Disk } from '../base/disk.ts'
import { fail } from '../base/errors.ts'
import type { Section } from '../operator/operator.ts'

export const CHECKPOINT_VERSION = 1

interface SectionPlace {
  readonly version: number
  /** Epoch of the data file that holds it. */
  readonly file: number
  readonly offset: number
  readonly length: number
  readonly crc: number
}

interface Manifest<Meta> {
  readonly format: number
  readonly epoch: number
  readonly meta: Meta
  readonly sections: Readonly<Record<string, SectionPlace>>
}

export interface Checkpoint<Meta> {
  readonly epoch: number
  readonly meta: Meta
  readonly sections: ReadonlyMap<string, Section>
}

export interface SavedCheckpoint {
  readonly epoch: number
  /** Bytes written for it: the changed sections and the manifest. */
  readonly bytes: number
}

const KEEP = 2
const MANIFEST = /^(\d+)\.manifest$/
const DATA = /^(\d+)\.data$/

export class CheckpointStore<Meta> {
  readonly #disk: Disk
  readonly #folder: string
  #last: Manifest<Meta> | undefined
  /** Checkpoints that could not be read at `load`, with the reason. */
  readonly damaged: string[] = []

  constructor(disk: Disk, folder: string) {
    this.#disk = disk
    this.#folder = folder
    disk.makeFolder(folder)
  }

  /** The newest checkpoint that is whole, or undefined. DATA_VERSION if it is of a newer format. */
  load(): Checkpoint<Meta> | undefined {
    for (const epoch of this.#epochs(MANIFEST).reverse()) {
      try {
        const manifest = this.#readManifest(epoch)
        const sections = this.#readSections(manifest)
        this.#last = manifest
        return { epoch, meta: manifest.meta, sections }
      } catch (error) {
        if ((error as { code?: string }).code === 'DATA_VERSION') throw error
        this.damaged.push((error as Error).message)
      }
    }
    return undefined
  }

  /** Makes a checkpoint durable. The sections' bytes must not change until it resolves. */
  async save(
    epoch: number,
    meta: Meta,
    sections: ReadonlyMap<string, Section>,
  ): Promise<SavedCheckpoint> {
    const places: Record<string, SectionPlace> = {}
    const changed: { name: string; section: Section }[] = []
    for (const [name, section] of sections) {
      const old = this.#last?.sections[name]
      if (old !== undefined && old.version === section.version) places[name] = old
      else changed.push({ name, section })
    }
    const bytes = await this.#writeData(epoch, changed, places)
    const manifest: Manifest<Meta> = { format: CHECKPOINT_VERSION, epoch, meta, sections: places }
    const text = sealed(JSON.stringify(manifest))
    this.#disk.replace(this.#path(epoch, 'manifest'), text)
    this.#last = manifest
    this.#removeOld()
    return { epoch, bytes: bytes + text.length }
  }

  async #writeData(
    epoch: number,
    changed: readonly { name: string; section: Section }[],
    places: Record<string, SectionPlace>,
  ): Promise<number> {
    if (changed.length === 0) return 0
    const file = this.#disk.openWrite(this.#path(epoch, 'data'))
    try {
      file.truncate(0)
      let offset = 0
      for (const { name, section } of changed) {
        const { bytes, version } = section
        file.write(bytes, offset)
        places[name] = { version, file: epoch, offset, length: bytes.length, crc: crc32(bytes) }
        offset += bytes.length
      }
      await file.sync()
      return offset
    } finally {
      file.close()
    }
  }

  #readManifest(epoch: number): Manifest<Meta> {
    const path = this.#path(epoch, 'manifest')
    const manifest = JSON.parse(unsealed(path, this.#disk.readAll(path))) as Manifest<Meta>
    if (manifest.format > CHECKPOINT_VERSION) {
      fail('DATA_VERSION', `${path} was written by a newer Millrace (format ${manifest.format})`)
    }
    return manifest
  }

  #readSections(manifest: Manifest<Meta>): Map<string, Section> {
    const sections = new Map<string, Section>()
    for (const [name, place] of Object.entries(manifest.sections)) {
      const path = this.#path(place.file, 'data')
      const file = this.#disk.openRead(path) ?? fail('DATA_DAMAGED', `${path} is missing`)
      try {
        const bytes = new Uint8Array(place.length)
        const read = file.read(bytes, place.offset)
        if (read !== place.length || crc32(bytes) !== place.crc) {
          fail('DATA_DAMAGED', `${path} is damaged at byte ${place.offset} (${name})`)
        }
        sections.set(name, { name, version: place.version, bytes })
      } finally {
        file.close()
      }
    }
    return sections
  }

  #removeOld(): void {
    const manifests = this.#epochs(MANIFEST)
    for (const epoch of manifests.slice(0, -KEEP)) {
      this.#disk.remove(this.#path(epoch, 'manifest'))
    }
    const needed = new Set<number>()
    for (const epoch of manifests.slice(-KEEP)) {
      try {
        const { sections } = this.#readManifest(epoch)
        for (const place of Object.values(sections)) needed.add(place.file)
      } catch {
        // A damaged manifest needs no data: it will never be loaded.
      }
    }
    for (const epoch of this.#epochs(DATA)) {
      if (!needed.has(epoch)) this.#disk.remove(this.#path(epoch, 'data'))
    }
  }

  /** Oldest epoch that a kept checkpoint may start a replay from. */
  get oldestEpoch(): number | undefined {
    return this.#epochs(MANIFEST)[0]
  }

  #epochs(pattern: RegExp): number[] {
    return this.#disk
      .list(this.#folder)
      .flatMap((name) => pattern.exec(name)?.[1] ?? [])
      .map(Number)
      .sort((a, b) => a - b)
  }

  #path(epoch: number, ending: string): string {
    return `${this.#folder}/${epoch}.${ending}`
  }
}

/** The text after a line with its CRC. */
function sealed(text: string): Uint8Array {
  return Buffer.from(`${crc32(text)}\n${text}`)
}

function unsealed(path: string, bytes: Uint8Array | undefined): string {
  const text = Buffer.from(bytes ?? []).toString()
  const line = text.indexOf('\n')
  const body = text.slice(line + 1)
  if (line < 0 || text.slice(0, line) !== String(crc32(body))) {
    fail('DATA_DAMAGED', `${path} is damaged`)
  }
  return body
}
