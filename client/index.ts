/** The front door of the TypeScript client: `import { MillraceClient } from 'millrace/client'`. */

export type {
  ConsumedRecord,
  ConsumeOptions,
  NackOptions,
  Receipts,
  SettledRecords,
} from './consume.ts'
export type { Change, ChangeOp, SubscriptionEvent } from './events.ts'
export type { HttpOptions } from './http.ts'
export { type CallOptions, MillraceClient, type ViewOptions } from './millrace-client.ts'
export { MillraceError, type MillraceErrorInfo } from './millrace-error.ts'
export type { ProduceOptions, RecordBody } from './produce.ts'
export type { RecordSource } from './record-batches.ts'
export type {
  JsonValue,
  ProducedRange,
  ProduceResult,
  QueryInfo,
  ResultColumn,
  Row,
  SqlResult,
  StreamInfo,
} from './results.ts'
export { snippetOf } from './snippet.ts'
export type { SubscribeOptions, SubscribeTarget } from './subscribe.ts'
