/** The list of connectors. Adding one: its folder, one line here, one test. */

import type { Disk } from '../engine/base/disk.ts'
import type { Appended } from '../engine/source/appended.ts'
import type { SourceConnector } from '../engine/source/source.ts'
import { logSource } from './log/source.ts'

/** What connectors get from the thread they run in. */
export interface ConnectorContext {
  readonly disk: Disk
  readonly dataFolder: string
  readonly appended: Appended
}

/** All source connectors, by name. */
export function sourceConnectors(context: ConnectorContext): Map<string, SourceConnector> {
  const list = [logSource(context)]
  return new Map(list.map((connector) => [connector.name, connector]))
}
