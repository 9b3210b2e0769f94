/** Files as a source of one split. An offset is a place in a file, `<place>@<name>`: bytes in a
 *  file of lines, rows in others. Files are read in the order of their names, so a file must
 *  come after those that were read before it; one that does not is reported, not passed over. */

import type { Clock } from '../../engine/base/clock.ts'
import type { Disk } from '../../engine/base/disk.ts'
import { fail } from '../../engine/base/errors.ts'
import { columnOf } from '../../engine/batch/builder.ts'
import type { Value } from '../../engine/batch/value.ts'
import type {
  Chunk,
  Offset,
  PollLimit,
  SourceConnector,
  SplitReader,
} from '../../engine/source/source.ts'
import { partitionKey, type TableSpec } from '../../engine/source/table.ts'
import type { ConnectorContext } from '../context.ts'
import { SharedDuckdb } from '../shared-duckdb.ts'
import { ArrowFile } from './arrow-file.ts'
import { type FileContent, noRecords, type Read, type ReadLimit, type Records } from './content.ts'
import { type Files, filesAt, partitionedFilesAt } from './folder.ts'
import { LineFile } from './line-file.ts'
import { ParquetFile } from './parquet-file.ts'
import { partitionValues } from './partitions.ts'
import { filesystem } from './spec.ts'

export const filesystemSource = ({ disk, clock }: ConnectorContext): SourceConnector => {
  const parts = { disk, clock, duckdb: new SharedDuckdb() }
  return {
    name: filesystem.name,
    replay: 'offset',
    listSplits: () => [{ id: '0' }],
    open: (table, _split, from) => new FilesReader(parts, table, from),
  }
}

interface Parts {
  readonly disk: Disk
  readonly clock: Clock
  readonly duckdb: SharedDuckdb
}

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
  readonly #parts: Parts
  readonly #table: TableSpec
  readonly #monitorMs: number | undefined
  /** No records, in the form that the files have. */
  readonly #none: Records
  /** After the last chunk: what the engine knows. */
  #offset: Offset
  /** Where to read on; it may be in a later file already. */
  #at: Place | undefined
  /** The file that is being read. */
  #open: { name: string; content: FileContent } | undefined
  /** The last file, while its end is asked for. */
  #last: { name: string; content: FileContent } | undefined
  #files: Files | undefined
  #onReady = () => {}
  #cancel = () => {}
  #waiting = false
  /** It is time to look which files there are. */
  #isStale = false

  constructor(parts: Parts, table: TableSpec, from: Offset) {
    this.#parts = parts
    this.#table = table
    this.#offset = from
    if (from !== '') this.#at = placeOf(from)
    this.#none = noRecords(table)
    const interval = table.options['source.monitor-interval']
    this.#monitorMs = interval === undefined ? undefined : Number(interval)
  }

  poll(limit: PollLimit): Chunk | null {
    if (limit.until === '') return null
    if (this.#isStale) this.#refresh()
    const until = limit.until === undefined ? undefined : placeOf(limit.until)
    for (;;) {
      const place = this.#place()
      if (place === undefined) return this.#atEnd()
      const rest = until?.name === place.name ? until.at : undefined
      const content = this.#content(place.name)
      const found = this.#read(content, place.at, { ...limit, until: rest })
      if (found.to > place.at) return this.#chunk({ name: place.name, at: found.to }, found)
      if (content.waits) return null
      if (until !== undefined && until.name <= place.name) return this.#atPlace(place, limit.until!)
      const next = this.#next(place.name)
      if (next === undefined) return this.#atEnd()
      this.#at = { name: next, at: 0 }
    }
  }

  /** A file that could not be read is opened anew by the next try. */
  #read(content: FileContent, at: number, limit: ReadLimit): Read {
    try {
      return content.read(at, limit)
    } catch (error) {
      content.close()
      this.#open = undefined
      throw error
    }
  }

  #chunk(to: Place, { records, rowCount }: Read): Chunk {
    const from = this.#offset
    this.#at = to
    this.#offset = offsetOf(to)
    const base = { from, to: this.#offset, rowCount, end: false, ...records }
    const { metadata } = this.#table
    if (metadata === undefined) return base
    const { fields } = this.#table.schema
    const values = this.#metadataOf(to.name)
    const columns = metadata.map(({ key, column }) => {
      const value = values[key]
      return [key, columnOf(fields[column].type, new Array<Value>(rowCount).fill(value))]
    })
    return { ...base, metadata: Object.fromEntries(columns) }
  }

  #metadataOf(name: string): Readonly<Record<string, Value>> {
    const { schema, partitionedBy = [] } = this.#table
    const fields = partitionedBy.map((column) => schema.fields[column])
    const values = partitionValues(fields, name)
    const partitions = fields.map((field, i) => [partitionKey(field.name), values[i]])
    return {
      'file.name': name.slice(name.lastIndexOf('/') + 1),
      'file.path': `${this.#list().folder}/${name}`,
      ...Object.fromEntries(partitions),
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

  /** The place may be that of `until` without a record before it: in a file that has none. */
  #atPlace(place: Place, until: Offset): Chunk | null {
    if (this.#offset === until || offsetOf(place) !== until) return null
    return this.#chunk(place, { to: place.at, rowCount: 0, records: this.#none })
  }

  #atEnd(): Chunk | null {
    if (this.#monitorMs === undefined) {
      return { from: this.#offset, to: this.#offset, rowCount: 0, end: true, ...this.#none }
    }
    this.#watch(this.#monitorMs)
    return null
  }

  /** Looks for new lines and files later. */
  #watch(intervalMs: number): void {
    if (this.#waiting) return
    this.#waiting = true
    this.#cancel = this.#parts.clock.after(intervalMs, () => {
      this.#waiting = false
      this.#isStale = true
      this.#onReady()
    })
  }

  /** GONE for what can no longer be read in the order of names. */
  #refresh(): void {
    const before = this.#files
    this.#files = undefined
    this.#isStale = false
    if (this.#open?.content.isReplaced) {
      fail('GONE', `The file ${this.#open.name} is another one than that which was read`, {
        hint: 'A file that was read keeps its name; a new one needs a later name.',
      })
    }
    if (this.#at === undefined) return
    const { name } = this.#at
    const known = new Set(before?.names)
    const early = this.#list().names.find((other) => other < name && !known.has(other))
    if (early === undefined || before === undefined) return
    fail('GONE', `The file ${early} came after ${name} was read`, {
      hint: `Files of the table ${this.#table.name} are read in the order of their names: a new one needs a later name.`,
    })
  }

  #list(): Files {
    const { partitionedBy, options } = this.#table
    const { disk } = this.#parts
    this.#files ??=
      partitionedBy === undefined
        ? filesAt(disk, options.path)
        : partitionedFilesAt(disk, options.path, partitionedBy.length)
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
      // If the next one cannot be opened, this one is not closed again.
      this.#open = undefined
      this.#open = { name, content: this.#openFile(name) }
    }
    this.#open.content.growing = growing
    return this.#open.content
  }

  #openFile(name: string): FileContent {
    const path = `${this.#list().folder}/${name}`
    const file = this.#parts.disk.openRead(path)
    if (file === undefined) {
      return fail('CONNECTOR_FAILED', `The file ${path} is gone`, {
        hint: 'Files must stay until no query and no checkpoint needs them.',
      })
    }
    const table = this.#table
    switch (table.options.format) {
      case 'arrow':
        return new ArrowFile(file, table)
      case 'parquet': {
        file.close()
        const { duckdb } = this.#parts
        return new ParquetFile({ duckdb, path, table, onReady: () => this.#onReady() })
      }
      default:
        return new LineFile(file, table)
    }
  }

  onReady(callback: () => void): void {
    this.#onReady = callback
  }

  end(): Offset | undefined {
    const name = this.#list().names.at(-1)
    if (name === undefined) return ''
    if (this.#last?.name !== name) {
      this.#last?.content.close()
      this.#last = undefined
      this.#last = { name, content: this.#openFile(name) }
    }
    const { content } = this.#last
    content.growing = this.#monitorMs !== undefined
    const at = content.end()
    if (at === undefined) return undefined
    content.close()
    this.#last = undefined
    return offsetOf({ name, at })
  }

  lagRows(): undefined {
    return undefined
  }

  /** The files are not ours to remove. */
  async commit(): Promise<void> {}

  async close(): Promise<void> {
    this.#cancel()
    this.#open?.content.close()
    this.#last?.content.close()
    this.#open = undefined
    this.#last = undefined
  }
}
