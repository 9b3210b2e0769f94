/** Checkpoints on disk. A checkpoint is a manifest (replaced at once, so it is there whole or not
 *  at all) that names sections in data files. A section that has not changed since the last
 *  checkpoint is not written again: the manifest points into the older file. Everything carries a
 *  CRC; a damaged checkpoint is passed over for the one before it. */

import { crc32 } from 'node:zlib'
import { crashPoint } from '../base/crash-point.ts'
import type { Disk, DiskFile } from '../base/disk.ts'
import { asSqlError, fail } from '../base/errors.ts'
import type { Section } from '../operator/operator.ts'

/** 3: the groups of an aggregate in pages. */
export const CHECKPOINT_VERSION = 3

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
  readonly #keep: number
  #last: Manifest<Meta> | undefined
  /** Who made the sections of the last checkpoint, and which versions. */
  #known: ReadonlyMap<string, Pick<Section, 'owner' | 'version'>> = new Map()
  /** Checkpoints that a recovery may start from, oldest first. */
  readonly #whole: Manifest<Meta>[] = []
  /** Checkpoints that could not be read at `load`, with the reason. */
  readonly damaged: string[] = []

  /** `keep` checkpoints stay, at least 1. Nothing is touched before `save`. */
  constructor(disk: Disk, folder: string, keep = KEEP) {
    this.#disk = disk
    this.#folder = folder
    this.#keep = keep
  }

  /** The state of all checkpoints that a recovery may start from, oldest first. */
  get kept(): readonly { readonly epoch: number; readonly meta: Meta }[] {
    return this.#whole
  }

  /** The newest checkpoint that is whole, or undefined. DATA_VERSION if it is of another format,
   *  DISK_FAILED. */
  load(): Checkpoint<Meta> | undefined {
    let found: Checkpoint<Meta> | undefined
    for (const epoch of this.#epochs(MANIFEST).reverse()) {
      try {
        const manifest = this.#readManifest(epoch)
        if (found === undefined) {
          found = { epoch, meta: manifest.meta, sections: this.#readSections(manifest) }
          this.#last = manifest
        }
        this.#whole.unshift(manifest)
      } catch (thrown) {
        const error = asSqlError(thrown)
        // A disk that cannot be read now is no reason to go back in time.
        if (error.code !== 'DATA_DAMAGED') throw error
        this.damaged.push(error.message)
      }
    }
    return found
  }

  /** The same sections, with the bytes of those that `save` will want and that will change. To be
   *  called before anything else runs. */
  made(sections: ReadonlyMap<string, Section>): Map<string, Section> {
    const asOfNow = (name: string, section: Section): Section => {
      if (section.live !== true || this.#isKnown(name, section)) return section
      const { version, owner, bytes } = section
      return { name: section.name, version, owner, bytes }
    }
    return new Map([...sections].map(([name, section]) => [name, asOfNow(name, section)]))
  }

  /** Makes a checkpoint durable. A failure leaves the checkpoints as they were. */
  async save(
    epoch: number,
    meta: Meta,
    sections: ReadonlyMap<string, Section>,
  ): Promise<SavedCheckpoint> {
    this.#disk.makeFolder(this.#folder)
    let manifest: Manifest<Meta> | undefined
    try {
      const { places, bytes } = await this.#writeData(epoch, sections)
      crashPoint('checkpoint.data-synced')
      manifest = { format: CHECKPOINT_VERSION, epoch, meta, sections: places }
      const text = sealed(JSON.stringify(manifest))
      await this.#disk.replaceLater(this.#path(epoch, 'manifest'), text)
      crashPoint('checkpoint.manifest-written')
      this.#last = manifest
      this.#known = ownersOf(sections)
      await this.#removeOld(manifest)
      return { epoch, bytes: bytes + text.length }
    } catch (error) {
      if (manifest === undefined || this.#last !== manifest) this.#discard(epoch)
      throw error
    }
  }

  /** Gives back the room of a checkpoint that did not come to be. */
  #discard(epoch: number): void {
    const needed = this.#whole.some(({ sections }) =>
      Object.values(sections).some(({ file }) => file === epoch),
    )
    try {
      if (!needed) this.#disk.remove(this.#path(epoch, 'data'))
    } catch {
      // It goes with the next checkpoint.
    }
  }

  /** Writes what has changed; gives the places of all, and the bytes written. */
  async #writeData(epoch: number, sections: ReadonlyMap<string, Section>) {
    const places: Record<string, SectionPlace> = {}
    let file: DiskFile | undefined
    let offset = 0
    try {
      for (const [name, section] of sections) {
        const old = this.#last?.sections[name]
        if (old !== undefined && this.#isKnown(name, section)) {
          places[name] = old
          continue
        }
        // Some make their bytes when they are asked, each time.
        const { bytes, version } = section
        const place = { version, file: epoch, offset, length: bytes.length, crc: crc32(bytes) }
        places[name] = old !== undefined && isSame(old, place) ? old : place
        if (places[name] === old) continue
        file ??= this.#emptyData(epoch)
        file.write(bytes, offset)
        offset += bytes.length
      }
      if (file !== undefined) await this.#syncData(file)
    } finally {
      file?.close()
    }
    return { places, bytes: offset }
  }

  /** Whether the last checkpoint has the section, as far as that can be told without its bytes. */
  #isKnown(name: string, { owner, version }: Section): boolean {
    const known = this.#known.get(name)
    return owner !== undefined && known?.owner === owner && known.version === version
  }

  #emptyData(epoch: number): DiskFile {
    const file = this.#disk.openWrite(this.#path(epoch, 'data'))
    file.truncate(0)
    return file
  }

  async #syncData(file: DiskFile): Promise<void> {
    crashPoint('checkpoint.data-written')
    // The file's name must be durable as well before the manifest that points to it.
    const synced = file.sync()
    await this.#disk.syncFolderLater(this.#folder).finally(() => synced)
  }

  #readManifest(epoch: number): Manifest<Meta> {
    const path = this.#path(epoch, 'manifest')
    const manifest = JSON.parse(unsealed(path, this.#disk.readAll(path))) as Manifest<Meta>
    const { format } = manifest
    if (format !== CHECKPOINT_VERSION) {
      const age = format > CHECKPOINT_VERSION ? 'a newer' : 'an older'
      fail('DATA_VERSION', `${path} was written by ${age} Millrace (format ${format})`, {
        hint: `This one reads format ${CHECKPOINT_VERSION}. Nothing was changed.`,
        details: { file: path },
      })
    }
    return manifest
  }

  #readSections(manifest: Manifest<Meta>): Map<string, Section> {
    const sections = new Map<string, Section>()
    for (const [name, place] of Object.entries(manifest.sections)) {
      const path = this.#path(place.file, 'data')
      const file =
        this.#disk.openRead(path) ??
        fail('DATA_DAMAGED', `${path} is missing`, { details: { file: path } })
      try {
        const bytes = new Uint8Array(place.length)
        const read = file.read(bytes, place.offset)
        if (read !== place.length || crc32(bytes) !== place.crc) {
          fail('DATA_DAMAGED', `${path} is damaged at byte ${place.offset} (${name})`, {
            details: { file: path, position: place.offset },
          })
        }
        sections.set(name, { name, version: place.version, bytes })
      } finally {
        file.close()
      }
    }
    return sections
  }

  /** Removes what no kept checkpoint needs: those that are too old, damaged or unfinished. */
  async #removeOld(newest: Manifest<Meta>): Promise<void> {
    while (this.#whole.at(-1) !== undefined && this.#whole.at(-1)!.epoch >= newest.epoch) {
      this.#whole.pop()
    }
    this.#whole.push(newest)
    this.#whole.splice(0, Math.max(0, this.#whole.length - this.#keep))
    const kept = new Set(this.#whole.map(({ epoch }) => epoch))
    const needed = new Set(
      this.#whole.flatMap(({ sections }) => Object.values(sections).map(({ file }) => file)),
    )
    let removed = false
    const remove = (path: string) => {
      this.#disk.remove(path)
      removed = true
    }
    for (const epoch of this.#epochs(MANIFEST)) {
      if (!kept.has(epoch)) remove(this.#path(epoch, 'manifest'))
    }
    // A manifest that comes back after a power cut must not miss its data.
    if (removed) await this.#disk.syncFolderLater(this.#folder)
    for (const epoch of this.#epochs(DATA)) {
      if (!needed.has(epoch)) remove(this.#path(epoch, 'data'))
    }
  }

  /** Oldest epoch that a kept checkpoint may start a replay from. */
  get oldestEpoch(): number | undefined {
    return this.#whole[0]?.epoch
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

/** Versions alone would do, but for an operator that counts them anew after a restart. */
const isSame = (old: SectionPlace, { version, length, crc }: SectionPlace): boolean =>
  old.version === version && old.length === length && old.crc === crc

/** Without their bytes, which may be large. */
const ownersOf = (sections: ReadonlyMap<string, Section>) =>
  new Map([...sections].map(([name, { owner, version }]) => [name, { owner, version }]))

/** The text after a line with its CRC. */
function sealed(text: string): Uint8Array {
  return Buffer.from(`${crc32(text)}\n${text}`)
}

function unsealed(path: string, bytes: Uint8Array | undefined): string {
  const text = Buffer.from(bytes ?? []).toString()
  const line = text.indexOf('\n')
  const body = text.slice(line + 1)
  if (line < 0 || text.slice(0, line) !== String(crc32(body))) {
    fail('DATA_DAMAGED', `${path} is damaged at byte 0: the checksum is wrong`, {
      details: { file: path, position: 0 },
    })
  }
  return body
}
