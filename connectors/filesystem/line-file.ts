/** A file with a record a line. Places are byte positions. */

import type { DiskFile } from '../../engine/base/disk.ts'
import { fail } from '../../engine/base/errors.ts'
import { type CsvForm, csvForm } from '../../engine/format/csv-form.ts'
import { CsvReader } from '../../engine/format/csv-text.ts'
import { decodeUtf8 } from '../../engine/format/json-text.ts'
import { recordColumns, type TableSpec } from '../../engine/source/table.ts'
import { type FileContent, NO_RECORDS, type Read, type ReadLimit } from './content.ts'
import { cutLines } from './lines.ts'

const READ_BYTES = 1 << 20
const LINE_BYTES_MAX = 64 << 20

export class LineFile implements FileContent {
  readonly #file: DiskFile
  readonly #table: TableSpec
  readonly #csv: CsvForm | undefined
  readonly waits = false
  growing = false

  constructor(file: DiskFile, table: TableSpec) {
    this.#file = file
    this.#table = table
    this.#csv = table.options.format === 'csv' ? csvForm(table.options) : undefined
  }

  get isReplaced(): boolean {
    return this.#file.isReplaced()
  }

  /** Without a last line that may not be whole. */
  end(): number {
    const size = this.#file.size()
    if (!this.growing) return size
    let at = 0
    for (let bytesMax = READ_BYTES; ; ) {
      const bytes = new Uint8Array(Math.min(size - at, bytesMax))
      const got = bytes.subarray(0, this.#file.read(bytes, at))
      const { used } = cutLines(got, { rowsMax: Infinity, csv: this.#csv, whole: false })
      const isLast = at + bytes.length === size
      at += used
      if (isLast) return at
      if (used === 0 && bytesMax > LINE_BYTES_MAX) this.#refuseLine(at)
      bytesMax = used > 0 ? READ_BYTES : bytesMax * 4
    }
  }

  read(from: number, limit: ReadLimit): Read {
    const there = this.#file.size()
    if (there < Math.max(from, limit.until ?? 0)) this.#refuseCut()
    const size = limit.until ?? there
    const skipped = from === 0 ? this.#headerBytes(size) : 0
    for (let bytesMax = READ_BYTES; ; bytesMax *= 4) {
      const wanted = Math.min(size - from - skipped, bytesMax)
      if (wanted <= 0) return { to: from + skipped, rowCount: 0, records: NO_RECORDS }
      const bytes = new Uint8Array(wanted)
      const got = bytes.subarray(0, this.#file.read(bytes, from + skipped))
      const last = from + skipped + got.length === size
      const whole = last && (!this.growing || limit.until !== undefined)
      const lines = cutLines(got, { rowsMax: limit.rowsMax, csv: this.#csv, whole })
      if (lines.used > 0 || last) {
        const { starts, ends, used } = lines
        const records = { bytes: got, starts, ends }
        const header = used > 0 || !this.growing ? skipped : 0
        return { to: from + header + used, rowCount: starts.length, records }
      }
      if (bytesMax > LINE_BYTES_MAX) this.#refuseLine(from)
    }
  }

  #refuseCut(): never {
    fail('GONE', `${this.#file.path} is shorter than it was when it was read`, {
      hint: 'A file may only grow. Begin a new one instead, with a later name.',
    })
  }

  #refuseLine(at: number): never {
    fail('CONNECTOR_FAILED', `${this.#file.path}: the line at byte ${at} is over 64 MiB`)
  }

  /** The length of a CSV file's header line, which must name the columns of the table. */
  #headerBytes(size: number): number {
    const { options } = this.#table
    if (this.#csv === undefined || options['csv.header'] !== 'true') return 0
    const bytes = new Uint8Array(Math.min(size, READ_BYTES))
    this.#file.read(bytes, 0)
    const { used, starts, ends } = cutLines(bytes, {
      rowsMax: 1,
      csv: this.#csv,
      whole: !this.growing,
    })
    if (starts.length === 0) return used
    const text = decodeUtf8(bytes.subarray(starts[0], ends[0]))
    const record = new CsvReader(text, this.#csv).next()
    const found = record !== null && 'cells' in record ? record.cells : []
    const { fields } = this.#table.schema
    const wanted = recordColumns(this.#table).map((column) => fields[column].name)
    if (wanted.join('\n') !== found.join('\n')) {
      fail('CONNECTOR_FAILED', `${this.#file.path}: the header has other columns than the table`, {
        hint: `The table has ${wanted.join(', ')}; the file has ${found.join(', ')}.`,
      })
    }
    return used
  }

  close(): void {
    this.#file.close()
  }
}
