/** What the server tells of all its tables. */

import { isLogged } from '../engine/source/table.ts'
import type { DatabaseParts } from './database.ts'
import { type StreamInfo, streamInfo } from './info.ts'

export async function streamInfos(parts: DatabaseParts): Promise<StreamInfo[]> {
  const { catalog, engine, streams, intakes, queues } = parts
  const { sources } = await engine.request({ kind: 'status' })
  const byId = new Map(sources.map((source) => [source.tableId, source]))
  return catalog.list('table').map(({ spec }) => {
    const { id } = spec
    const splits = isLogged(spec) ? streams.status(id) : []
    return streamInfo(spec, splits, byId.get(id), intakes.status(id), queues.figures(id))
  })
}
