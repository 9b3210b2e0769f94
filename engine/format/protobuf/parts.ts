/** The contract of what reads a message that may come in parts. */

import type { ByteCursor } from '../byte-cursor.ts'

/** Reads a message into columns: one value each. Parts of a message, which come when its field
 *  comes more than once, count as one behind the other. */
export interface ReadParts {
  /** Before the first part of a message. */
  begin(): void
  /** A part of the message, from the cursor to its end. */
  scan(cursor: ByteCursor): void
  /** After the last part. */
  finish(cursor: ByteCursor): void
}
