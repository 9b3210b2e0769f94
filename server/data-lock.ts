/** One server per data folder: a file with the owner's process id. A lock whose owner is dead, as
 *  after `kill -9`, is taken over. */

import { sleep } from '../engine/base/clock.ts'
import type { Disk } from '../engine/base/disk.ts'
import { asSqlError, fail } from '../engine/base/errors.ts'

export interface DataLock {
  release(): void
}

interface Owner {
  readonly pid: number
  /** Tells the process from others that have had or will have the same pid; '' where the system
   *  does not tell. */
  readonly born: string
  readonly startedUs: number
}

export interface LockOptions {
  readonly disk: Disk
  readonly dataFolder: string
  readonly nowUs: number
}

const held = new Set<string>()

/** Takes the folder. DATA_IN_USE if another server, in this process or in another, has it; one
 *  that was just killed gets a moment to be gone. */
export async function lockData(options: LockOptions): Promise<DataLock> {
  for (let triesLeft = 5; ; triesLeft--) {
    try {
      return tryLock(options)
    } catch (error) {
      if (triesLeft === 0 || asSqlError(error).code !== 'DATA_IN_USE') throw error
      await sleep(100)
    }
  }
}

function tryLock({ disk, dataFolder, nowUs }: LockOptions): DataLock {
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
  const mine: Owner = { pid: process.pid, born: bornAt(disk, process.pid) ?? '', startedUs: nowUs }
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
    return Number.isSafeInteger(owner.pid) && typeof owner.born === 'string' ? owner : undefined
  } catch {
    // Half a lock file can only be of a process that died while it wrote it.
    return undefined
  }
}

function isAlive({ pid, born }: Owner, disk: Disk): boolean {
  if (born !== '') return bornAt(disk, pid) === born
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    // EPERM: it lives, under another user.
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

/** When and in which boot a process began, from Linux's /proc; undefined if there is none of that
 *  pid or it is dead and only not yet buried. */
function bornAt(disk: Disk, pid: number): string | undefined {
  const stat = readText(disk, `/proc/${pid}/stat`)
  if (stat === undefined) return undefined
  // The name in brackets may hold anything: the fields begin behind the last bracket.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  const [state] = fields
  if (state === 'Z' || state === 'X') return undefined
  const bootId = readText(disk, '/proc/sys/kernel/random/boot_id') ?? ''
  return `${bootId.trim()}/${fields[START_TIME_FIELD]}`
}

/** Field 22 of proc(5), counted behind pid and name. */
const START_TIME_FIELD = 19

function readText(disk: Disk, path: string): string | undefined {
  try {
    const bytes = disk.readAll(path)
    return bytes === undefined ? undefined : Buffer.from(bytes).toString()
  } catch {
    // The process ended while its file was being opened.
    return undefined
  }
}
