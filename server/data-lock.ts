/** One server per data folder: a file with the owner's process id. A lock whose owner is dead, as
 *  after `kill -9`, is taken over. */

import { fail } from '../engine/base/errors.ts'
import type { Disk } from '../engine/base/disk.ts'

export interface DataLock {
  release(): void
}

interface Owner {
  readonly pid: number
  /** Tells two processes apart that have had the same pid. */
  readonly bootId: string
  readonly startedUs: number
}

export interface LockOptions {
  readonly disk: Disk
  readonly dataFolder: string
  readonly nowUs: number
}

const held = new Set<string>()

/** Takes the folder. DATA_IN_USE if another server, in this process or in another, has it. */
export function lockData({ disk, dataFolder, nowUs }: LockOptions): DataLock {
  const path = `${dataFolder}/lock`
  disk.makeFolder(dataFolder)
  const owner = readOwner(disk, path)
  const own = owner?.pid === process.pid
  if (owner !== undefined && (own ? held.has(path) : isAlive(owner, disk))) {
    fail('DATA_IN_USE', `The data folder ${dataFolder} is used by process ${owner.pid}`, {
      hint: 'Stop that server, or start this one with another folder (--data, MILLRACE_DATA).',
      details: { pid: owner.pid },
    })
  }
  const mine: Owner = { pid: process.pid, bootId: bootId(disk), startedUs: nowUs }
  disk.replace(path, Buffer.from(JSON.stringify(mine)))
  held.add(path)
  return {
    release: () => {
      held.delete(path)
      disk.remove(path)
    },
  }
}

function readOwner(disk: Disk, path: string): Owner | undefined {
  const bytes = disk.readAll(path)
  if (bytes === undefined) return undefined
  try {
    const owner = JSON.parse(Buffer.from(bytes).toString()) as Owner
    return Number.isSafeInteger(owner.pid) ? owner : undefined
  } catch {
    // Half a lock file can only be of a process that died while it wrote it.
    return undefined
  }
}

/** After a reboot the pid may belong to anyone. */
function isAlive(owner: Owner, disk: Disk): boolean {
  if (owner.bootId !== bootId(disk)) return false
  try {
    process.kill(owner.pid, 0)
    return true
  } catch (error) {
    // EPERM: it lives, under another user.
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

/** Which boot of the machine this is; '' where the system does not tell. */
function bootId(disk: Disk): string {
  const bytes = disk.readAll('/proc/sys/kernel/random/boot_id')
  return bytes === undefined ? '' : Buffer.from(bytes).toString().trim()
}
