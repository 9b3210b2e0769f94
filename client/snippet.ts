/** The culprit's line of a statement with carets below it. */

const WIDTH_MAX = 100

/** Two lines: `<n> | <text>` and carets under the `length` characters from `column` (both counted
 *  from 1). A long line is cut around the culprit; tabs become single spaces so that the carets
 *  stand right. Undefined if the text has no such line. */
export function snippetOf(
  text: string,
  line: number,
  column: number,
  length = 1,
): string | undefined {
  const whole = text.split(/\r\n|\r|\n/)[line - 1]
  if (whole === undefined) return undefined
  const start = Math.max(0, Math.min(column - 1 - WIDTH_MAX / 2, whole.length - WIDTH_MAX))
  const before = start > 0 ? '…' : ''
  const after = start + WIDTH_MAX < whole.length ? '…' : ''
  const shown = whole.slice(start, start + WIDTH_MAX).replaceAll('\t', ' ')
  const prefix = `${line} | `
  const at = column - 1 - start + before.length
  const carets = Math.max(1, Math.min(length, before.length + shown.length - at))
  return `${prefix}${before}${shown}${after}\n${' '.repeat(prefix.length + at)}${'^'.repeat(carets)}`
}
