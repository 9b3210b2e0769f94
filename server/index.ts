/** The package's front door: run a server, or a database without HTTP, inside a program. */

export { type ErrorCode, SqlError } from '../engine/base/errors.ts'
export { Batch } from '../engine/batch/batch.ts'
export { type Limits, readConfig, type ServerConfig, type ServerOptions } from './config.ts'
export type { Database } from './database.ts'
export type { QueryInfo, StreamInfo } from './info.ts'
export { type RunningServer, type StartOptions, startServer } from './main.ts'
export { resultText, type StatementResult } from './statement-result.ts'
export type { AppendOptions, AppendResult } from './streams.ts'
