/** The version of the data folder as a whole: looked at before anything in it is opened, so that a
 *  folder of another Millrace is left exactly as it is. */

import type { Disk } from '../engine/base/disk.ts'
import { fail } from '../engine/base/errors.ts'

/** Grows whenever a Millrace before the change could not read what one after it writes. */
export const DATA_FORMAT = 2

const FILE = 'format.json'

/** Marks a new folder. DATA_VERSION for a folder of another format, DATA_DAMAGED if the mark cannot
 *  be read; nothing is changed then. */
export function checkDataFormat(disk: Disk, dataFolder: string): void {
  const path = `${dataFolder}/${FILE}`
  const bytes = disk.readAll(path)
  if (bytes !== undefined) {
    refuseOther(path, formatOf(path, bytes))
    return
  }
  const used = disk.list(dataFolder).filter((name) => name !== 'lock' && !name.endsWith('.draft'))
  // Before there was a mark, the format was 1.
  if (used.length > 0) refuseOther(path, 1)
  disk.replace(path, Buffer.from(`${JSON.stringify({ format: DATA_FORMAT })}\n`))
}

function formatOf(path: string, bytes: Uint8Array): number {
  try {
    const { format } = JSON.parse(Buffer.from(bytes).toString()) as { format?: unknown }
    if (typeof format === 'number') return format
  } catch {
    // Told below.
  }
  return fail('DATA_DAMAGED', `${path} is damaged at byte 0: it names no format`, {
    hint: 'Restore the data folder from a backup. Nothing was changed.',
    details: { file: path, position: 0 },
  })
}

function refuseOther(path: string, format: number): void {
  if (format === DATA_FORMAT) return
  const age = format > DATA_FORMAT ? 'a newer' : 'an older'
  fail('DATA_VERSION', `The data folder was written by ${age} Millrace (format ${format})`, {
    hint: `This one reads format ${DATA_FORMAT}. Nothing was changed.`,
    details: { file: path },
  })
}
