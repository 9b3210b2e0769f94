/** Files as a source of one split. An offset is a place in a file, `<place>@<name>`: bytes in a
 *  file of lines, rows in an Arrow file. Files are read in the order of their names, so a file must
 *  come after those that were read before it; one that does not is reported, not passed over. */

import type { Clock } from '../../engine/base/clock.ts'
import type { Disk } from '../../engine/base/disk.ts'
import { fail } from '../../engine/base/errors.ts'
import { columnOf } from '../../engine/batch/builder.ts'
import { VARCHAR } from '../../engine/batch/types.ts'
import type {
  Chunk,
  Offset,
  PollLimit,
  SourceConnector,
  SplitReader,
} from '../../engine/source/source.ts'
import type { TableSpec } from '../../engine/source/table.ts'
import type { ConnectorContext } from '../context.ts'
import { ArrowFile } from './arrow-file.ts'
import { type FileContent, NO_RECORDS, type Read } from './content.ts'
import { type Files, filesAt } from './folder.ts'
import { LineFile } from './line-file.ts'
import { filesystem } from './spec.ts'

export const filesystemSource = ({ disk, clock }: ConnectorContext): SourceConnector => ({
  name: filesystem.name,
  replay: 'offset',
  listSplits: () => [{ id: '0' }],
  open: (table, _split, from) => new FilesReader(disk, clock, table, from),
})

interface Place {
  readonly name: string
  readonly at: number
}

const placeOf = (offset: Offset): Place => {
  const cut = offset.indexOf('@')
  return { name: offset.slice(cut + 1), at: Number(offset.slice(0, cut)) }
}

const offsetOf = ({ name, at }: Place): Offset => `${at}@${name}`

class FilesReader implements SplitReader {
  readonly #disk: Disk
  readonly #clock: Clock
  readonly #table: TableSpec
  readonly #monitorMs: number | undefined
  /** After the last chunk: what the engine knows. */
  #offset: Offset
  /** Where to read on; it may be in a later file already. */
  #at: Place | undefined
  /** The file that is being read. */
  #open: { name: string; content: FileContent } | undefined
  #files: Files | undefined
  #onReady = () => {}
  #cancel = () => {}
  #waiting = false

  constructor(disk: Disk, clock: Clock, table: TableSpec, from: Offset) {
    this.#disk = disk
    this.#clock = clock
    this.#table = table
    this.#offset = from
    if (from !== '') this.#at = placeOf(from)
    const interval = table.options['source.monitor-interval']
    this.#monitorMs = interval === undefined ? undefined : Number(interval)
  }

  poll(limit: PollLimit): Chunk | null {
    if (limit.until === '') return null
    const until = limit.until === undefined ? undefined : placeOf(limit.until)
    for (;;) {
      const place = this.#place()
      if (place === undefined) return this.#atEnd()
      const rest = until?.name === place.name ? until.at : undefined
      const found = this.#content(place.name).read(place.at, { ...limit, until: rest })
      if (found.to > place.at) return this.#chunk({ name: place.name, at: found.to }, found)
      if (until !== undefined && until.name <= place.name) return null
      const next = this.#next(place.name)
      if (next === undefined) return this.#atEnd()
      this.#at = { name: next, at: 0 }
    }
  }

  #chunk(to: Place, { records, rowCount }: Read): Chunk {
    const from = this.#offset
    this.#at = to
    this.#offset = offsetOf(to)
    const base = { from, to: this.#offset, rowCount, end: false, ...records }
    const { metadata } = this.#table
    if (metadata === undefined) return base
    const texts = { 'file.name': to.name, 'file.path': `${this.#list().folder}/${to.name}` }
    const columnFor = (key: string) =>
      columnOf(VARCHAR, new Array<string>(rowCount).fill(texts[key as keyof typeof texts]))
    return {
      ...base,
      metadata: Object.fromEntries(metadata.map(({ key }) => [key, columnFor(key)])),
    }
  }

  /** Where to read; undefined if there is no file yet. */
  #place(): Place | undefined {
    if (this.#at === undefined) {
      const [first] = this.#list().names
      if (first !== undefined) this.#at = { name: first, at: 0 }
    }
    return this.#at
  }

  #atEnd(): Chunk | null {
    if (this.#monitorMs === undefined) {
      return { from: this.#offset, to: this.#offset, rowCount: 0, end: true, ...NO_RECORDS }
    }
    this.#watch(this.#monitorMs)
    return null
  }

  /** Looks for new lines and files later. */
  #watch(intervalMs: number): void {
    if (this.#waiting) return
    this.#waiting = true
    this.#cancel = this.#clock.after(intervalMs, () => {
      this.#waiting = false
      this.#refresh()
      this.#onReady()
    })
  }

  #refresh(): void {
    const before = this.#files
    this.#files = undefined
    if (this.#at === undefined) return
    const { name } = this.#at
    const known = new Set(before?.names)
    const early = this.#list().names.find((other) => other < name && !known.has(other))
    if (early === undefined || before === undefined) return
    fail('CONNECTOR_FAILED', `The file ${early} came after ${name} was read`, {
      hint: `Files of the table ${this.#table.name} are read in the order of their names: a new one needs a later name.`,
    })
  }

  #list(): Files {
    this.#files ??= filesAt(this.#disk, this.#table.options.path)
    return this.#files
  }

  #next(name: string): string | undefined {
    return this.#list().names.find((other) => other > name)
  }

  #content(name: string): FileContent {
    // Only the last file may end inside a line.
    const growing = this.#monitorMs !== undefined && this.#next(name) === undefined
    if (this.#open?.name !== name) {
      this.#open?.content.close()
      this.#open = { name, content: this.#openFile(name) }
    }
    this.#open.content.growing = growing
    return this.#open.content
  }

  #openFile(name: string): FileContent {
    const path = `${this.#list().folder}/${name}`
    const file = this.#disk.openRead(path)
    if (file === undefined) {
      return fail('CONNECTOR_FAILED', `The file ${path} is gone`, {
        hint: 'Files must stay until no query and no checkpoint needs them.',
      })
    }
    return this.#table.options.format === 'arrow'
      ? new ArrowFile(file, this.#table)
      : new LineFile(file, this.#table)
  }

  onReady(callback: () => void): void {
    this.#onReady = callback
  }

  end(): Offset {
    const last = this.#list().names.at(-1)
    if (last === undefined) return ''
    const content = this.#openFile(last)
    content.growing = this.#monitorMs !== undefined
    try {
      return offsetOf({ name: last, at: content.end() })
    } finally {
      content.close()
    }
  }

  lagRows(): undefined {
    return undefined
  }

  /** The files are not ours to remove. */
  async commit(): Promise<void> {}

  async close(): Promise<void> {
    this.#cancel()
    this.#open?.content.close()
    this.#open = undefined
  }
}
