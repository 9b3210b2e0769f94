/** Brings the demo's stream and views into being, or finds them as an earlier run left them. */

import type { MillraceClient } from '../../../client/index.ts'
import { ALL_VIEWS, CREATE_STREAM, STREAM } from './statements.ts'

export interface PreparedStream {
  /** Rows that are in the stream already: the replay continues there. */
  readonly rows: number
}

/** Continues an interrupted run; starts over if `fresh` or if the last run was complete. Everything
 *  goes through SQL, as a user would do it: no file is touched but by the server. */
export async function prepareStream(
  client: MillraceClient,
  fresh: boolean,
): Promise<PreparedStream> {
  const before = await findStream(client)
  if (before !== undefined && (fresh || before.ended === true)) await dropAll(client)
  await client.sql(CREATE_STREAM)
  for (const { sql } of ALL_VIEWS) await client.sql(sql)
  const stream = await findStream(client)
  return { rows: Number(stream?.rows ?? 0) }
}

const findStream = async (client: MillraceClient) =>
  (await client.listStreams()).find(({ name }) => name === STREAM)

async function dropAll(client: MillraceClient): Promise<void> {
  for (const { name } of ALL_VIEWS) await client.sql(`DROP MATERIALIZED VIEW IF EXISTS ${name}`)
  await client.sql(`DROP TABLE IF EXISTS ${STREAM}`)
}
