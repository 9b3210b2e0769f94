/** The list of connectors. Adding one: its folder, its spec in catalog.ts, one line here, one
 *  test. */

import type { SinkConnector } from '../engine/source/sink.ts'
import type { SourceConnector } from '../engine/source/source.ts'
import { blackholeSink } from './blackhole/sink.ts'
import type { ConnectorContext, SinkContext } from './context.ts'
import { datagenSource } from './datagen/source.ts'
import { filesystemSink } from './filesystem/sink.ts'
import { filesystemSource } from './filesystem/source.ts'
import { logSource } from './log/source.ts'
import { nexmarkSource } from './nexmark/source.ts'
import { printSink } from './print/sink.ts'

export { CONNECTORS } from './catalog.ts'
export type { ConnectorContext, SinkContext } from './context.ts'

/** All source connectors, by name. */
export function sourceConnectors(context: ConnectorContext): Map<string, SourceConnector> {
  const list = [
    logSource(context),
    datagenSource(context),
    nexmarkSource(context),
    filesystemSource(context),
  ]
  return new Map(list.map((connector) => [connector.name, connector]))
}

/** All sink connectors, by name; the embedded queue is the server's own. */
export function sinkConnectors(context: SinkContext): Map<string, SinkConnector> {
  const list = [blackholeSink, printSink(context), filesystemSink(context)]
  return new Map(list.map((connector) => [connector.name, connector]))
}
