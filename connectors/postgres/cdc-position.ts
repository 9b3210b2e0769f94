/** Where the intake of a table stands. Kept in the table's log with the messages before it. */

import { formatLsn, parseLsn } from './lsn.ts'

/** All transactions that committed before `lsn`; and of the one whose commit is at `lsn`, so many
 *  messages. */
export interface ChangesPosition {
  readonly lsn: bigint
  readonly messages: number
}

/** The first rows are not all there, or are being taken back. */
export const SNAPSHOT = 'snapshot'

export function parsePosition(text: string): ChangesPosition | typeof SNAPSHOT {
  if (text === SNAPSHOT) return SNAPSHOT
  const [lsn, messages = '0'] = text.split('+')
  return { lsn: parseLsn(lsn), messages: Number(messages) }
}

export const positionText = (lsn: bigint, messages = 0): string =>
  messages === 0 ? formatLsn(lsn) : `${formatLsn(lsn)}+${messages}`
