/** SET and RESET: settings of the running server, the same for all clients. */

import { type Statement, showSettings } from '../../sql/index.ts'
import type { DatabaseParts } from '../database.ts'
import { answerResult, type StatementResult } from '../statement-result.ts'

/** Without a value: shows the setting, or all. */
export function set(
  { settings }: DatabaseParts,
  { key, value }: Extract<Statement, { kind: 'set' }>,
): StatementResult {
  if (key !== undefined && value !== undefined) {
    settings.set(key, value)
    return { kind: 'ok', message: `'${key}' is '${value}' until the server stops` }
  }
  const all = showSettings(settings)
  const rows = all.rows.filter(([name]) => key === undefined || name === key)
  return answerResult({ ...all, rows })
}

export function reset(
  { settings }: DatabaseParts,
  { key }: Extract<Statement, { kind: 'reset' }>,
): StatementResult {
  settings.reset(key)
  return { kind: 'ok', message: key === undefined ? 'All settings reset' : `'${key}' reset` }
}
