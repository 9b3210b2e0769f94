/** The ids of the messages that a job writes: `<job>-<result>-<message of the result>`. A server
 *  that has seen an id passes over the message, and the last id tells how far a job has come. */

/** Where a message stands among all that a job writes. */
export interface MessagePlace {
  /** The result's number. */
  readonly seq: number
  /** The message's place in its result. */
  readonly index: number
}

export const ID_HEADER = 'Nats-Msg-Id'

export const messageId = (token: string, { seq, index }: MessagePlace): string =>
  `${token}-${seq}-${index}`

/** The place that an id of this job names; undefined for any other text. */
export function placeOf(token: string, id: string): MessagePlace | undefined {
  const match = /^([0-9a-f]+)-(\d+)-(\d+)$/.exec(id)
  if (match === null || match[1] !== token) return undefined
  return { seq: Number(match[2]), index: Number(match[3]) }
}

/** Whether `a` is before `b` or at it. */
export const isUpTo = (a: MessagePlace, b: MessagePlace): boolean =>
  a.seq < b.seq || (a.seq === b.seq && a.index <= b.index)
