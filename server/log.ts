/** The server's own log: JSON lines on stderr. */

import { type Logger, pino } from 'pino'
import type { ServerConfig } from './config.ts'

export type { Logger }

/** Synchronous, so that the last line before a crash is written too. */
export const serverLog = (level: ServerConfig['logLevel']): Logger =>
  pino({ level, base: null }, pino.destination({ dest: 2, sync: true }))
