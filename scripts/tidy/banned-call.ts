/** Time, chance, files, printing and code from text each have one home: that is what makes a run
 *  repeatable (law 1) and SQL text harmless (law 7). */

import { sourceRule } from './rule.ts'
import type { Token } from './tokens.ts'
import { isConfig, isTest, isTooling } from './tree.ts'

interface Ban {
  /** The tokens in a row, as text. */
  readonly code: readonly string[]
  readonly instead: string
  /** Path prefixes where it is allowed. */
  readonly allowed: readonly string[]
}

const EDGES = ['engine/base/', 'server/cli/']
/** A page has no clock of ours. */
const CLIENT_SLEEP = 'client/sleep.ts'
const COMPILER = ['engine/expr/compile.ts']
const CLOCK = 'the Clock from engine/base/clock.ts (an operator: its context.clock)'

const BANS: readonly Ban[] = [
  { code: ['Date', '.', 'now'], instead: CLOCK, allowed: EDGES },
  { code: ['new', 'Date', '(', ')'], instead: CLOCK, allowed: EDGES },
  { code: ['performance', '.', 'now'], instead: CLOCK, allowed: EDGES },
  { code: ['hrtime'], instead: CLOCK, allowed: EDGES },
  { code: ['Math', '.', 'random'], instead: 'engine/base/random.ts with a seed', allowed: EDGES },
  {
    code: ['setTimeout'],
    instead: 'Clock.after or sleep of engine/base/clock.ts',
    allowed: [...EDGES, CLIENT_SLEEP],
  },
  { code: ['setInterval'], instead: 'Clock.after, again each time', allowed: EDGES },
  { code: ['new', 'Function'], instead: 'engine/expr/compile.ts', allowed: COMPILER },
  { code: ['eval', '('], instead: 'engine/expr/compile.ts', allowed: COMPILER },
  { code: ['console', '.'], instead: "the server's log (pino)", allowed: ['server/cli/'] },
  { code: ['process', '.', 'exit', '('], instead: 'fail(…) or a return', allowed: ['server/cli/'] },
]

const FILE_MODULES = /^(?:node:)?fs(?:\/promises)?$/

export const bannedCall = sourceRule('banned-call', function* (file) {
  if (isTest(file.path) || isTooling(file.path) || isConfig(file.path)) return
  const bans = BANS.filter(({ allowed }) => !allowed.some((path) => file.path.startsWith(path)))
  for (const [at, token] of file.code.entries()) {
    const ban = token.kind === 'word' && bans.find(({ code }) => isAt(file.code, at, code))
    if (!ban) continue
    yield { line: token.line, message: `${ban.code.join('')} is banned: use ${ban.instead}` }
  }
  if (EDGES.some((path) => file.path.startsWith(path))) return
  for (const { specifier, line } of file.imports) {
    if (!FILE_MODULES.test(specifier)) continue
    yield { line, message: `${specifier} is banned: use the Disk of engine/base/disk.ts` }
  }
})

/** Whether the tokens from `at` on read as `words`; a member of something else does not count. */
function isAt(code: readonly Token[], at: number, words: readonly string[]): boolean {
  const isMember = code[at - 1]?.text === '.' && code[at - 2]?.text !== 'globalThis'
  if (isMember && words[0] !== 'hrtime') return false
  return words.every((word, i) => code[at + i]?.text === word)
}
