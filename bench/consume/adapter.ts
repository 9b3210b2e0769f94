/** What the consume benchmark needs of a connector: a broker with messages in it, and its client
 *  reading them without us. */

import type { Texts } from './texts.ts'

export interface ConsumeAdapter {
  /** In the table of results. */
  readonly name: string
  /** Why it cannot run here; undefined: it can. */
  readonly missing: string | undefined
  /** At most so many messages: it would take too long. */
  readonly messagesMax?: number
  /** Starts the broker. */
  readonly start: () => Promise<ConsumeBroker>
}

export interface ConsumeBroker {
  /** Of a table that reads the messages from the first; without 'format' it is json. */
  readonly options: Readonly<Record<string, string>>
  /** Puts the messages where the table reads them; resolves when all are there. */
  send(messages: Texts): Promise<void>
  /** Of what can be read only once: puts the messages there again, before each reading. */
  readonly refill?: (messages: Texts) => Promise<void>
  /** Reads all messages with the bare client, in the fastest way it has, and does nothing with them
   *  but call `seen` with how many there were. */
  bare(count: number, seen: (messages: number) => void): Promise<void>
  close(): Promise<void>
}
