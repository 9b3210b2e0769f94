/** Where the messages of an intake go: a log on the disk in a folder of its own, written by the
 *  server's own parts. */

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { SseParser } from '../../client/sse-parser.ts'
import { intakeConnectors } from '../../connectors/index.ts'
import { WebhookPaths } from '../../connectors/webhook/paths.ts'
import { systemClock } from '../../engine/base/clock.ts'
import { nodeDisk } from '../../engine/base/disk.ts'
import { Appended } from '../../engine/source/appended.ts'
import type { TableSpec } from '../../engine/source/table.ts'
import { Intakes } from '../../server/intakes.ts'
import { Streams } from '../../server/streams.ts'

export interface IntakeLog {
  readonly dataFolder: string
  readonly appended: Appended
  /** Ends the intake as DROP TABLE does, and removes the folder. */
  close(): Promise<void>
}

/** Begins to take the table's messages. */
export async function openIntakeLog(table: TableSpec): Promise<IntakeLog> {
  const dataFolder = mkdtempSync(join(tmpdir(), 'millrace-consume-'))
  const appended = new Appended()
  const shared = { disk: nodeDisk, clock: systemClock, dataFolder }
  const streams = new Streams({
    ...shared,
    ...{ unsyncedBytesMax: 64 << 20, segmentBytesMax: 64 << 20, durability: 'sync' },
    onAppended: (id, split, end, ended) => appended.set(id, String(split), { end, ended }),
  })
  const connectors = intakeConnectors({
    ...{ disk: nodeDisk, clock: systemClock, webhooks: new WebhookPaths() },
    eventParser: (id) => new SseParser(id),
  })
  const intakes = new Intakes({ ...shared, streams, connectors })
  await streams.open(table)
  intakes.start(table)
  return {
    ...{ dataFolder, appended },
    async close() {
      await intakes.drop(table.id)
      await streams.close()
      rmSync(dataFolder, { recursive: true, force: true })
    },
  }
}
