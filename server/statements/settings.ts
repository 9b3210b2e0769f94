/** SET and RESET: settings of the running server, the same for all clients. */

import { type Statement, showSettings } from '../../sql/index.ts'
import type { DatabaseParts } from '../database.ts'
import { answerResult, type StatementResult } from '../statement-result.ts'

/** Alone it shows all. */
export function set(
  { settings }: DatabaseParts,
  { key, value }: Extract<Statement, { kind: 'set' }>,
): StatementResult {
  if (key !== undefined && value !== undefined) {
    settings.set(key.text, value.text, { key: key.at, value: value.at })
    return { kind: 'ok', message: `'${key.text}' is '${value.text}' until the server stops` }
  }
  return answerResult(showSettings(settings))
}

export function reset(
  { settings }: DatabaseParts,
  { key }: Extract<Statement, { kind: 'reset' }>,
): StatementResult {
  settings.reset(key?.text, key?.at)
  return { kind: 'ok', message: key === undefined ? 'All settings reset' : `'${key.text}' reset` }
}
