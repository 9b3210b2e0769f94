/** `millrace restore`: makes a data folder from a backup. */

import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { Command, Option } from 'commander'
import { copyData, refuseUsed } from './backup.ts'
import { CliFailure } from './failure.ts'

export function restoreCommand(): Command {
  return new Command('restore')
    .description('make a data folder from a backup; start a server on it afterwards')
    .argument('<folder>', 'the backup')
    .addOption(
      new Option('-d, --data <folder>', 'the new data folder; it must not exist or be empty')
        .env('MILLRACE_DATA')
        .default('./data'),
    )
    .action(runRestore)
}

async function runRestore(backup: string, { data }: { readonly data: string }): Promise<void> {
  if (!existsSync(join(backup, 'format.json'))) {
    throw new CliFailure(`${backup} is no backup`, 'Name the folder that `millrace backup` made.')
  }
  refuseUsed(data)
  await copyData(backup, data)
  process.stdout.write(`Restored ${backup} to ${data}\n`)
}
