/** Which files a path means. */

import type { Disk } from '../../engine/base/disk.ts'
import { asSqlError } from '../../engine/base/errors.ts'
import { filesBelow } from './partitions.ts'

export interface Files {
  readonly folder: string
  /** Sorted. */
  readonly names: readonly string[]
}

/** The files of a folder with so many levels of folders in it, now. */
export const partitionedFilesAt = (disk: Disk, path: string, depth: number): Files => {
  const folder = path.replace(/\/$/, '')
  return { folder, names: filesBelow(disk, folder, depth, isVisible) }
}

/** The files of `path` now: the file itself, those of the folder, or those that match a pattern in
 *  its last part. None if there is nothing there. */
export function filesAt(disk: Disk, path: string): Files {
  const cut = path.lastIndexOf('/')
  const last = path.slice(cut + 1)
  const above = cut < 0 ? '.' : path.slice(0, cut) || '/'
  if (/[*?]/.test(last)) {
    const pattern = patternOf(last)
    return { folder: above, names: visible(disk.list(above)).filter((name) => pattern.test(name)) }
  }
  const inside = last === '' ? visible(disk.list(above)) : listOrFile(disk, path)
  if (inside !== undefined) return { folder: path.replace(/\/$/, ''), names: inside }
  return { folder: above, names: [last] }
}

/** The folder's files; undefined if it is a file. */
function listOrFile(disk: Disk, path: string): string[] | undefined {
  try {
    return visible(disk.list(path))
  } catch (error) {
    if (asSqlError(error).code === 'DISK_FAILED') return undefined
    throw error
  }
}

const isVisible = (name: string): boolean => !/^[._]/.test(name) && !name.endsWith('.draft')

const visible = (names: readonly string[]): string[] => names.filter(isVisible)

function patternOf(text: string): RegExp {
  const source = text.replaceAll(/[.+^${}()|[\]\\]/g, '\\$&')
  return new RegExp(`^${source.replaceAll('*', '.*').replaceAll('?', '.')}$`, 's')
}
