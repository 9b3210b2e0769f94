/** Named steps at which a test can make the process die hard: MILLRACE_CRASH_AT=<step>[:<n>]
 *  kills it when the step is reached the n-th time. Without the variable a crash point is an empty
 *  call. */

/** Every step that can be named, in the order of a record's way. */
export const CRASH_STEPS = [
  'stream.before-write',
  'stream.part-written',
  'stream.after-write',
  'stream.after-sync',
  'groups.after-write',
  'groups.after-sync',
  'groups.snapshot-written',
  'log.segment-created',
  'log.segment-rolled',
  'log.between-syncs',
  'log.trimmed',
  'journal.before-write',
  'journal.after-write',
  'journal.after-sync',
  'results.before-write',
  'results.after-write',
  'checkpoint.begun',
  'checkpoint.logs-synced',
  'checkpoint.data-written',
  'checkpoint.data-synced',
  'checkpoint.manifest-written',
  'checkpoint.done',
  'view.before-commit',
  'view.rows-written',
  'view.committing',
  'view.after-commit',
  'replace.before-rename',
  'replace.after-rename',
] as const

/** Steps of a query that takes another one's place. */
export const REPLACE_STEPS = ['query.taken-over', 'query.swapped'] as const

/** Steps of a compaction, which comes where streams have keys. */
export const COMPACTION_STEPS = ['log.draft-written', 'log.draft-swapped'] as const

/** Steps of results that become files of a folder. */
export const FILE_STEPS = ['files.written', 'files.committed'] as const

export type CrashStep =
  | (typeof CRASH_STEPS)[number]
  | (typeof REPLACE_STEPS)[number]
  | (typeof COMPACTION_STEPS)[number]
  | (typeof FILE_STEPS)[number]

const [wanted, count = '1'] = (process.env.MILLRACE_CRASH_AT ?? '').split(':')
let left = Number(count)

/** What goes on in another thread from this step on, and for how long about. */
const LASTING_MS: { readonly [step in CrashStep]?: number } = { 'view.committing': 6 }

function dieAt(step: CrashStep): void {
  if (step !== wanted || --left > 0) return
  const lasting = LASTING_MS[step]
  if (lasting === undefined) die()
  else setTimeout(die, Math.random() * lasting)
}

/** Also from a worker thread, where process.exit would end the thread alone. */
const die = (): void => void process.kill(process.pid, 'SIGKILL')

/** Dies here if the environment says so. */
export const crashPoint: (step: CrashStep) => void = wanted === '' ? () => {} : dieAt
