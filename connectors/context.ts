/** What connectors get from the thread they run in. */

import type { Clock } from '../engine/base/clock.ts'
import type { Disk } from '../engine/base/disk.ts'
import type { Appended } from '../engine/source/appended.ts'

/** Sources run in the engine's thread. */
export interface ConnectorContext {
  readonly disk: Disk
  readonly clock: Clock
  readonly dataFolder: string
  readonly appended: Appended
}

/** Sinks run in the main thread. */
export interface SinkContext {
  readonly disk: Disk
  readonly clock: Clock
  /** Writes a text to the server's standard output, or to its standard error. */
  readonly print: (text: string, to: 'stdout' | 'stderr') => void
}
