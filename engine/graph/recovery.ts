/** After a start: the last whole checkpoint, then the journal's epochs once more. Results that are
 *  already in their logs are recognised by number and not written again. */

import type { EpochClock } from '../base/clock.ts'
import { fail, SqlError } from '../base/errors.ts'
import type { Checkpoint } from '../checkpoint/store.ts'
import { type QueryPlan, tablesOf } from '../plan/physical.ts'
import { isLogged } from '../source/table.ts'
import { applyChange } from './apply-change.ts'
import type { Dataflow, EpochOutput } from './dataflow.ts'
import type { Journal, JournalEntry, ReadRange } from './journal.ts'
import { ResultLog } from './result-log.ts'
import { type DataflowMeta, restoreSnapshot } from './snapshot.ts'
import { planFromText } from './take-over.ts'

export interface RecoveryContext {
  readonly plans: ReadonlyMap<string, QueryPlan>
  readonly dataflow: Dataflow
  readonly journal: Journal
  readonly checkpoint: Checkpoint<DataflowMeta> | undefined
  readonly clock: EpochClock
  readonly output: (epoch: number, output: EpochOutput) => void
  /** Resolves when a source may have new records, or after a while. `waitsFor`: see
   *  RecoveryProgress. */
  readonly wait: (waitsFor?: readonly string[]) => Promise<void>
  /** Lets messages in now and then. */
  readonly breathe: () => Promise<void>
  /** Whether it is known of every embedded stream where it ends. */
  readonly isOpened: () => boolean
  /** Records may have been read that were not durable: a power cut takes them back, and with them
   *  every epoch that read them. */
  readonly mayLoseRecords: boolean
}

/** DATA_DAMAGED if no checkpoint is whole and the journal does not begin at the beginning. */
export async function recover(context: RecoveryContext): Promise<void> {
  const { dataflow, journal, checkpoint, clock } = context
  const from = checkpoint === undefined ? 0 : checkpoint.epoch + 1
  if (journal.firstEpoch > from) {
    fail(
      'DATA_DAMAGED',
      `No checkpoint is whole, and the journal begins at ${journal.firstEpoch}`,
      { hint: 'Restore the data folder from a backup.' },
    )
  }
  if (journal.nextEpoch < from) {
    fail('DATA_DAMAGED', `The journal ends before epoch ${journal.nextEpoch} of ${from}`, {
      hint: 'Restore the data folder from a backup.',
    })
  }
  dropLostResults(dataflow, context.plans, journal.nextEpoch - 1)
  for (const { root } of context.plans.values()) {
    for (const table of tablesOf(root)) dataflow.sides.know(table)
  }
  await dataflow.sides.open(journal.nextEpoch - 1)
  await dataflow.deadLetters.open(dataflow.sides)
  const whole = { ...context, plans: withReplaced(context, from) }
  if (checkpoint !== undefined) {
    clock.epoch = checkpoint.epoch
    clock.nowUs = checkpoint.meta.nowUs
    restoreSnapshot(dataflow, checkpoint.meta, checkpoint.sections, whole.plans)
  }
  await replayAll(whole, from)
  for (const id of dataflow.ghosts) dataflow.detach(id)
  dataflow.ghosts.clear()
}

/** The plans of the catalog, and those of queries that were replaced since: the replay needs their
 *  state to hand over. */
function withReplaced({ plans, dataflow, journal }: RecoveryContext, from: number) {
  const all = new Map(plans)
  for (const { changes } of journal.entries(from)) {
    for (const change of changes) {
      if (change.kind !== 'replace' || all.has(change.queryId)) continue
      all.set(change.queryId, planFromText(change.before))
      dataflow.ghosts.add(change.queryId)
    }
  }
  return all
}

async function replayAll(context: RecoveryContext, from: number): Promise<void> {
  const { dataflow, journal } = context
  const ends = context.mayLoseRecords ? await streamEnds(context) : new Map<string, number>()
  for (const entry of journal.entries(from)) {
    if (entry.ranges.some((range) => Number(range.to) > (ends.get(splitKey(range)) ?? Infinity))) {
      // Its records are lost: it never happened, nor did anything after it.
      journal.dropFrom(entry.epoch)
      for (const { results } of dataflow.queries.values()) await results.dropAfter(entry.epoch - 1)
      await dataflow.sides.dropAfter(entry.epoch - 1)
      await dataflow.deadLetters.open(dataflow.sides)
      return
    }
    await replay(context, entry)
    await context.breathe()
  }
}

const splitKey = ({ table, split }: { readonly table: string; readonly split: string }): string =>
  `${table}/${split}`

/** Where the embedded streams end that any query reads, as soon as that is known. */
async function streamEnds({ plans, dataflow, isOpened, wait }: RecoveryContext) {
  while (!isOpened()) await wait()
  const ends = new Map<string, number>()
  for (const table of [...plans.values()].flatMap((plan) => tablesOf(plan.root))) {
    if (!isLogged(table)) continue
    const reader = dataflow.openReader(table)
    for (const split of reader.splitIds) {
      ends.set(splitKey({ table: table.id, split }), Number(reader.endOf(split) || 0))
    }
    await reader.close()
  }
  return ends
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

/** Runs an epoch again. */
async function replay(context: RecoveryContext, entry: JournalEntry): Promise<void> {
  const { dataflow, clock } = context
  Object.assign(clock, { nowUs: entry.nowUs })
  for (const change of entry.changes) makeAgain(context, change)
  Object.assign(clock, { epoch: entry.epoch, seed: entry.seed })
  if (entry.resumed) dataflow.resume()
  for (;;) {
    const missing = dataflow.pollAgain(entry.ranges)
    if (missing.length === 0) break
    if (context.isOpened() && missing.some((range) => isLost(dataflow, range))) {
      failReaders(dataflow, missing)
    } else await context.wait(reasonsOf(dataflow, missing))
  }
  context.output(entry.epoch, dataflow.run())
}

/** Which tables the ranges are of, and what keeps them. */
function reasonsOf({ cursors }: Dataflow, missing: readonly ReadRange[]): string[] {
  const readers = missing.map(({ cursor, table }) => cursors.get(cursor)!.readers.get(table)!)
  return [...new Set(readers)].map(({ table, trouble }) =>
    trouble === undefined ? table.name : `${table.name}: ${trouble.message}`,
  )
}

/** A query that a replay cannot start or change as it was fails alone. */
function makeAgain({ dataflow, plans }: RecoveryContext, change: JournalEntry['changes'][0]): void {
  try {
    applyChange(dataflow, change, (id) => plans.get(id))
  } catch (error) {
    const query = 'queryId' in change ? dataflow.queries.get(change.queryId) : undefined
    if (query?.running) dataflow.fail(query, error)
  }
}

/** Whether the split ends before what an epoch read of it. Known only of embedded streams. */
function isLost(dataflow: Dataflow, range: ReadRange): boolean {
  const reader = dataflow.cursors.get(range.cursor)?.readers.get(range.table)
  if (reader === undefined || !isLogged(reader.table)) return false
  return Number(reader.endOf(range.split) || 0) < Number(range.to)
}

function failReaders(dataflow: Dataflow, missing: readonly ReadRange[]): void {
  for (const range of missing.filter((range) => isLost(dataflow, range))) {
    const cursor = dataflow.cursors.get(range.cursor)!
    const error = lostError(dataflow, range)
    for (const query of [...dataflow.queries.values()]) {
      const reads = query.pipeline.leaves.some(({ tableId }) => tableId === range.table)
      if (query.cursor === cursor && reads && query.running) dataflow.fail(query, error)
    }
  }
}

function lostError(dataflow: Dataflow, { cursor, table, split, to }: ReadRange): SqlError {
  const reader = dataflow.cursors.get(cursor)!.readers.get(table)!
  const end = reader.endOf(split) || 0
  const { dataFolder } = dataflow.context
  return new SqlError(
    'DATA_DAMAGED',
    `Stream ${reader.table.name}, split ${split}, ends at ${end}`,
    {
      hint: `Its records up to ${to} were read before. Restore the data folder from a backup; or, if the server ran with another durability, start it with that one.`,
      details: { file: `${dataFolder}/streams/${table}/${split}`, position: Number(end) },
    },
  )
}
