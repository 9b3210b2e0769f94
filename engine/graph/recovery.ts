/** After a start: the last whole checkpoint, then the journal's epochs once more. Results that are
 *  already in their logs are recognised by number and not written again. */

import type { EpochClock } from '../base/clock.ts'
import { fail } from '../base/errors.ts'
import type { QueryPlan } from '../plan/physical.ts'
import type { Checkpointer } from './checkpointer.ts'
import type { Dataflow, EpochOutput } from './dataflow.ts'
import type { Journal, JournalEntry } from './journal.ts'
import { ResultLog } from './result-log.ts'
import { restoreSnapshot } from './snapshot.ts'

export interface RecoveryContext {
  readonly plans: ReadonlyMap<string, QueryPlan>
  readonly dataflow: Dataflow
  readonly journal: Journal
  readonly checkpointer: Checkpointer
  readonly clock: EpochClock
  readonly output: (epoch: number, output: EpochOutput) => void
  /** Resolves when a source may have new records, or after a while. */
  readonly wait: () => Promise<void>
}

export async function recover(context: RecoveryContext): Promise<void> {
  const { plans, dataflow, journal, checkpointer, clock } = context
  dropLostResults(dataflow, plans, journal.nextEpoch - 1)
  const checkpoint = checkpointer.load()
  if (checkpoint !== undefined) {
    clock.epoch = checkpoint.epoch
    clock.nowUs = checkpoint.meta.nowUs
    restoreSnapshot(dataflow, checkpoint.meta, checkpoint.sections, plans)
  }
  const from = checkpoint === undefined ? 0 : checkpoint.epoch + 1
  if (journal.firstEpoch > from) {
    fail(
      'DATA_DAMAGED',
      `No checkpoint is whole, and the journal begins at ${journal.firstEpoch}`,
      {
        hint: 'Restore the data folder from a backup.',
      },
    )
  }
  for (const entry of journal.entries(from)) await replay(context, entry)
}

/** A power cut may have kept results and lost the journal entries of their epochs; and a query that
 *  was dropped while the server was down leaves its results behind. */
function dropLostResults(
  dataflow: Dataflow,
  plans: ReadonlyMap<string, QueryPlan>,
  lastEpoch: number,
): void {
  const { disk, dataFolder } = dataflow.context
  for (const queryId of disk.list(`${dataFolder}/results`)) {
    const folder = dataflow.resultFolder(queryId)
    if (plans.has(queryId)) ResultLog.dropAfterEpoch(disk, folder, lastEpoch)
    else disk.remove(folder)
  }
}

async function replay(context: RecoveryContext, entry: JournalEntry): Promise<void> {
  const { plans, dataflow, clock } = context
  for (const queryId of entry.detached) dataflow.detach(queryId)
  for (const queryId of entry.attached) {
    const plan = plans.get(queryId)
    if (plan !== undefined && !dataflow.queries.has(queryId)) dataflow.attach(plan)
  }
  Object.assign(clock, { epoch: entry.epoch, nowUs: entry.nowUs, seed: entry.seed })
  if (entry.resumed) dataflow.resume()
  while (!dataflow.pollAgain(entry.ranges)) await context.wait()
  context.output(entry.epoch, dataflow.run())
}
