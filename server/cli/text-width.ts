/** Text in terminal cells: how wide it is, cut and padded to a width, and made safe to print. */

import { stripVTControlCharacters } from 'node:util'

const RESET = '\u001b[0m'
const ASCII = /^[\x20-\x7e]*$/
const ZERO_WIDTH = /^[\p{Mark}\p{Format}\u200b]+$/u
const EMOJI = /\p{Emoji_Presentation}|\ufe0f/u
/** East Asian Wide and Fullwidth (Unicode TR 11), as ranges. */
const WIDE = new RegExp(
  '[\\u1100-\\u115f\\u2329\\u232a\\u2e80-\\u303e\\u3041-\\ua4cf\\ua960-\\ua97f\\uac00-\\ud7a3' +
    '\\uf900-\\ufaff\\ufe10-\\ufe19\\ufe30-\\ufe6f\\uff01-\\uff60\\uffe0-\\uffe6' +
    '\\u{16fe0}-\\u{18aff}\\u{1b000}-\\u{1b2ff}\\u{20000}-\\u{3fffd}]',
  'u',
)
/** ESC [ … m: colour and weight. */
const COLOUR = /(\p{Cc}\[[0-9;]*m)/u
const CONTROL = /[\p{Control}\u2028\u2029]/gu
const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' })

/** Terminal cells that `text` takes; colour sequences take none. */
export function textWidth(text: string): number {
  if (ASCII.test(text)) return text.length
  const bare = stripVTControlCharacters(text)
  if (ASCII.test(bare)) return bare.length
  let width = 0
  for (const { segment } of graphemes.segment(bare)) width += cellsOf(segment)
  return width
}

function cellsOf(grapheme: string): number {
  if (ZERO_WIDTH.test(grapheme)) return 0
  return EMOJI.test(grapheme) || WIDE.test(grapheme) ? 2 : 1
}

/** Without control characters: data must not be able to move the cursor or change colours. Line
 *  ends and the like are shown by their Unicode pictures. */
export function printable(text: string): string {
  return text.replace(CONTROL, (char) => {
    const code = char.charCodeAt(0)
    return code < 32 ? String.fromCharCode(0x2400 + code) : code === 127 ? '␡' : '�'
  })
}

/** `text`, uncoloured, cut to `width` cells; a cut text ends with …. */
export function truncate(text: string, width: number): string {
  if (text.length <= width && ASCII.test(text)) return text
  if (textWidth(text) <= width) return text
  if (width <= 0) return ''
  let out = ''
  let used = 0
  for (const { segment } of graphemes.segment(text)) {
    const cells = cellsOf(segment)
    if (used + cells > width - 1) break
    out += segment
    used += cells
  }
  return `${out}…`
}

/** Fills up with spaces to `width` cells; longer text stays as it is. */
export function pad(text: string, width: number, align: 'left' | 'right' = 'left'): string {
  const gap = ' '.repeat(Math.max(0, width - textWidth(text)))
  return align === 'left' ? text + gap : gap + text
}

/** A line with colours, cut to `width` cells without cutting a colour sequence; the colours are
 *  reset at the cut. */
export function truncateStyled(line: string, width: number): string {
  if (textWidth(line) <= width) return line
  let out = ''
  let used = 0
  // Split with a group keeps the sequences, at the odd places.
  for (const [i, part] of line.split(COLOUR).entries()) {
    if (i % 2 === 1) {
      out += part
      continue
    }
    const cells = textWidth(part)
    if (used + cells < width) {
      out += part
      used += cells
      continue
    }
    return `${out}${truncate(part, Math.max(1, width - used))}${COLOUR.test(out) ? RESET : ''}`
  }
  return out
}
