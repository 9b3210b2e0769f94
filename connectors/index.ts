/** The list of connectors. Adding one: its folder, one line here, one test. */

import type { SourceConnector } from '../engine/source/source.ts'
import type { ConnectorContext } from './context.ts'
import { logSource } from './log/source.ts'

/** All source connectors, by name. */
export function sourceConnectors(context: ConnectorContext): Map<string, SourceConnector> {
  const list = [logSource(context)]
  return new Map(list.map((connector) => [connector.name, connector]))
}
