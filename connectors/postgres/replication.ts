/** Follows a replication slot: every transaction in the order of commits, into the table's log.
 *  The server hears that it may forget a transaction when that is on our disk (law 6); a connection
 *  that is lost goes on after the last position in the log, so nothing comes twice. */

import type { Buffer } from 'node:buffer'
import type { Socket } from 'node:net'
import type { Client } from 'pg'
import { aborted } from '../one-look.ts'
import { publicationOf } from './cdc-spec.ts'
import { postgresError } from './connect.ts'
import { formatLsn } from './lsn.ts'
import { literal, quoted } from './names.ts'
import { type CdcParts, TransactionTaker } from './transaction-taker.ts'

/** What the client keeps to itself, and the library uses as well. */
interface WithSocket {
  readonly connection: { readonly stream: Socket }
}

/** Follows until the signal aborts. CONNECTOR_FAILED when the connection is lost; UNSUPPORTED or
 *  UNKNOWN_COLUMN for changes that cannot be followed. */
export async function followSlot(parts: CdcParts): Promise<void> {
  const { server, table, signal, from } = parts
  const { LogicalReplicationService } = await import('pg-logical-replication')
  const service = new LogicalReplicationService(
    { ...server.config, application_name: 'millrace', keepAlive: true },
    // By its own timer the library would confirm what it received, whether that is safe or not.
    { acknowledge: { auto: false, timeoutSeconds: 0 } },
  )
  let socket: Pick<Socket, 'pause' | 'resume'> | undefined
  const taker = new TransactionTaker(parts, {
    confirm(lsn) {
      // The library adds one.
      if (!service.isStop()) void service.acknowledge(formatLsn(lsn - 1n))
    },
    // The library's own flow control makes a promise of every message.
    pause: () => socket?.pause(),
    resume: () => socket?.resume(),
  })
  service.on('error', (error) => taker.fail(error))
  service.on('heartbeat', (lsn, _time, isAsking) => taker.heartbeat(lsn, isAsking))
  const plugin = {
    name: 'pgoutput',
    options: {},
    // At once: the bytes are the client's, and change.
    parse: (bytes: Buffer) => taker.take(bytes),
    start(client: Client, slot: string, lsn: string) {
      socket = (client as unknown as WithSocket).connection.stream
      const publication = literal(quoted(publicationOf(table)))
      return client.query(
        `START_REPLICATION SLOT ${quoted(slot)} LOGICAL ${lsn} (proto_version '1', publication_names ${publication})`,
      )
    },
  }
  try {
    const ended = service.subscribe(plugin, table.options['slot.name'], formatLsn(from.lsn))
    await Promise.race([ended, taker.failed, aborted(signal)])
  } catch (error) {
    throw postgresError(server.what, error)
  } finally {
    taker.close()
    await service.destroy().catch(() => {})
  }
}
