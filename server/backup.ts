/** A consistent copy of the data folder while the server runs: a checkpoint, then every file in an
 *  order in which nothing copied earlier knows more than what is copied later. Records go on coming
 *  in meanwhile; checkpoints and retention wait. */

import { copyDurably, type Disk } from '../engine/base/disk.ts'
import { fail } from '../engine/base/errors.ts'
import type { Engine } from './engine.ts'
import type { Queues } from './queue/queues.ts'
import type { Streams } from './streams.ts'
import type { Views } from './views.ts'

export interface BackupParts {
  readonly disk: Disk
  readonly dataFolder: string
  readonly engine: Engine
  readonly streams: Streams
  readonly queues: Queues
  readonly views: Views
  readonly tableIds: readonly string[]
}

/** Below the data folder: where backups are made. */
export const BACKUPS = 'backups'

/** The rows of views come first: results that they hold must be in the result logs; likewise what
 *  jobs have written. Then state before results, results before the journal, the journal before the
 *  records that it names, as do the consumer groups. */
const ORDER = ['sinks', 'checkpoints', 'results', 'journal', 'groups', 'streams']

/** Copies everything to `<data>/backups/<name>` and returns that path. No query or table may be
 *  created or dropped meanwhile. DUPLICATE_NAME, INVALID_ARGUMENT, DISK_FULL. */
export async function makeBackup(parts: BackupParts, name: string): Promise<string> {
  const { disk, dataFolder, engine, streams, queues, views, tableIds } = parts
  if (!/^[\w][\w.-]{0,99}$/.test(name)) {
    fail('INVALID_ARGUMENT', `'${name.slice(0, 100)}' cannot name a backup`, {
      hint: 'Use letters, digits, dot, dash and underscore.',
    })
  }
  const folder = `${dataFolder}/${BACKUPS}/${name}`
  if (disk.list(folder).length > 0) fail('DUPLICATE_NAME', `There is a backup ${name} already`)
  const letGo = streams.hold(tableIds)
  // What is held is not rewritten, and files do not come and go.
  await streams.compact()
  const letGroupsGo = await queues.hold()
  try {
    await engine.request({ kind: 'hold' })
    disk.makeFolder(folder)
    const copy = (file: string) => copyDurably(`${dataFolder}/${file}`, `${folder}/${file}`)
    await views.still(() => copy('views.duckdb'))
    const there = new Set(disk.list(dataFolder))
    for (const file of ORDER) if (there.has(file)) await copy(file)
    for (const file of ['format.json', 'catalog.json']) if (there.has(file)) await copy(file)
    disk.syncFolder(folder)
    return folder
  } catch (error) {
    disk.remove(folder)
    throw error
  } finally {
    letGo()
    letGroupsGo()
    await engine.request({ kind: 'release' }).catch(() => {})
  }
}
