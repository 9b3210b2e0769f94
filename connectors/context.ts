/** What connectors get from the thread they run in. */

import type { Clock } from '../engine/base/clock.ts'
import type { Disk } from '../engine/base/disk.ts'
import type { Appended } from '../engine/source/appended.ts'
import type { WebhookPaths } from './webhook/paths.ts'

/** Sources run in the engine's thread. */
export interface ConnectorContext {
  readonly disk: Disk
  readonly clock: Clock
  readonly dataFolder: string
  readonly appended: Appended
}

/** Intakes run in the main thread. */
export interface IntakeContext {
  readonly disk: Disk
  readonly clock: Clock
  /** Where requests of other services are received. */
  readonly webhooks: WebhookPaths
  /** Reads the events of a `text/event-stream`, after the one with this id. */
  readonly eventParser: (lastEventId: string) => EventParser
}

export interface EventParser {
  /** The events that these bytes complete. */
  push(bytes: Uint8Array): readonly StreamedEvent[]
}

export interface StreamedEvent {
  readonly type: string
  readonly data: string
  /** '' if the stream has none. */
  readonly id: string
}

/** Sinks run in the main thread. */
export interface SinkContext {
  readonly disk: Disk
  readonly clock: Clock
  /** Writes a text to the server's standard output, or to its standard error. */
  readonly print: (text: string, to: 'stdout' | 'stderr') => void
}
