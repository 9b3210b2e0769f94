/** Colour and weight of text: only on a terminal, and never when NO_COLOR is set. */

import { styleText } from 'node:util'

export type Format = Parameters<typeof styleText>[0]
export type Style = (format: Format, text: string) => string

/** Text as it is. */
export const plain: Style = (_format, text) => text

/** The style for one output stream, by what the stream is and by NO_COLOR and FORCE_COLOR. */
export function styleOf(stream: NodeJS.WriteStream): Style {
  const { NO_COLOR, FORCE_COLOR } = process.env
  if (NO_COLOR) return plain
  if (!stream.isTTY && !FORCE_COLOR) return plain
  return (format, text) => styleText(format, text, { validateStream: false })
}
