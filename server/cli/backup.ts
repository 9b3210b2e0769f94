/** `millrace backup`: a consistent copy of a data folder, of a running server or of one that is
 *  down. */

import { existsSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { Command, Option } from 'commander'
import { MillraceError } from '../../client/index.ts'
import { systemClock } from '../../engine/base/clock.ts'
import { copyDurably, nodeDisk } from '../../engine/base/disk.ts'
import { asSqlError } from '../../engine/base/errors.ts'
import { type ConnectionOptions, connect, withConnection } from './connection.ts'
import { CliFailure } from './failure.ts'

interface BackupOptions extends ConnectionOptions {
  readonly data: string
}

/** What in a data folder belongs to its server alone. */
const SERVERS_OWN = ['lock', 'backups']
/** Comes last: a copy without it is refused as a data folder. */
const MARK = 'format.json'

export function backupCommand(): Command {
  return withConnection(
    new Command('backup')
      .description('copy a data folder; its server may be running')
      .argument('<folder>', 'where the copy goes; it must not exist or be empty')
      .addOption(
        new Option('-d, --data <folder>', 'data folder of the server')
          .env('MILLRACE_DATA')
          .default('./data'),
      ),
  ).action(runBackup)
}

async function runBackup(target: string, options: BackupOptions): Promise<void> {
  refuseUsed(target)
  const data = resolve(options.data)
  if (!existsSync(join(data, MARK))) {
    throw new CliFailure(`${options.data} is no data folder`, 'Name it with --data.')
  }
  const running = await copyAtRest(data, target)
  if (!running) await copyRunning(data, target, options)
  process.stdout.write(`Copied ${options.data} to ${target}\n`)
}

/** Copies the folder if no server has it. */
async function copyAtRest(data: string, target: string): Promise<boolean> {
  const { lockData } = await import('../data-lock.ts')
  let lock: { release(): void }
  try {
    lock = await lockData({ disk: nodeDisk, dataFolder: data, nowUs: systemClock.nowUs() })
  } catch (error) {
    if (asSqlError(error).code === 'DATA_IN_USE') return false
    throw error
  }
  try {
    await copyData(data, target)
  } finally {
    lock.release()
  }
  return true
}

/** Lets the server make the copy below its data folder, then takes it away. */
async function copyRunning(data: string, target: string, options: BackupOptions): Promise<void> {
  const name = `cli-${process.pid}-${systemClock.nowUs()}`
  await connect(options)
    .backup(name)
    .catch((error) => refuseUnreachable(error, options))
  const made = join(data, 'backups', name)
  if (!existsSync(made)) {
    throw new CliFailure(
      `The server at ${options.url} does not use ${options.data}`,
      `Its backup is ${name}, below its own data folder.`,
    )
  }
  try {
    renameSync(made, target)
  } catch {
    // The target is on another device.
    await copyData(made, target)
    rmSync(made, { recursive: true })
  }
}

function refuseUnreachable(error: unknown, { data, url }: BackupOptions): never {
  if (!(error instanceof MillraceError) || error.code !== 'UNREACHABLE') throw error
  throw new CliFailure(
    `A server has ${data}, but none answers at ${url}`,
    'Name its address with --url.',
  )
}

/** Copies a data folder that is at rest, or a backup. */
export async function copyData(from: string, to: string): Promise<void> {
  nodeDisk.makeFolder(to)
  const names = readdirSync(from).filter((name) => name !== MARK && !SERVERS_OWN.includes(name))
  for (const name of [...names, MARK]) await copyDurably(join(from, name), join(to, name))
  nodeDisk.syncFolder(to)
}

/** A folder with something in it is nobody's to overwrite. */
export function refuseUsed(folder: string): void {
  if (!existsSync(folder) || readdirSync(folder).length === 0) return
  throw new CliFailure(`${folder} is not empty`, 'Name a folder that does not exist yet.')
}
