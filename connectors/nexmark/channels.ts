/** The channels that bids come through and their URLs: four hot ones and ten thousand others, made
 *  once. Columns of bids are views on them. */

import { randomAt } from '../../engine/base/random.ts'
import { writeWords } from './letters.ts'

export const HOT_CHANNELS = 4
export const COLD_CHANNELS = 10_000

/** Texts one after the other in one heap. */
export interface Texts {
  readonly heap: Uint8Array
  readonly starts: Int32Array
  readonly ends: Int32Array
}

export interface Channels {
  readonly names: Texts
  readonly urls: Texts
}

const HOT = ['Google', 'Facebook', 'Baidu', 'Apple']
const URL_SEED = 7
const UNDERSCORE = 95

let made: Channels | undefined

/** Hot channels first, then the cold ones. */
export function channels(): Channels {
  made ??= {
    names: textsOf((i) => (i < HOT_CHANNELS ? HOT[i] : `channel-${i - HOT_CHANNELS}`)),
    urls: textsOf((i) => {
      const base = `https://www.nexmark.com/${path(i)}/item.htm?query=1`
      const cold = i - HOT_CHANNELS
      const tagged = cold >= 0 && cold % 10 !== 0
      return tagged ? `${base}&channel_id=${Math.abs(reversedBits(cold))}` : base
    }),
  }
  return made
}

function textsOf(textAt: (i: number) => string): Texts {
  const count = HOT_CHANNELS + COLD_CHANNELS
  const texts = Array.from({ length: count }, (_, i) => textAt(i))
  const starts = new Int32Array(count)
  const ends = new Int32Array(count)
  let at = 0
  for (const [i, text] of texts.entries()) {
    starts[i] = at
    at += text.length
    ends[i] = at
  }
  return { heap: new Uint8Array(Buffer.from(texts.join(''), 'latin1')), starts, ends }
}

/** Three parts of three to four characters. */
function path(i: number): string {
  const parts = [0, 1, 2].map((part) => {
    const seed = randomAt(URL_SEED, i, part)
    const bytes = new Uint8Array(3 + (seed & 1))
    writeWords(bytes, 0, bytes.length, { seed, gap: UNDERSCORE })
    return Buffer.from(bytes).toString('latin1')
  })
  return parts.join('/')
}

/** The 32 bits of a number in opposite order, as a signed number. */
function reversedBits(value: number): number {
  let from = value
  let to = 0
  for (let bit = 0; bit < 32; bit++) {
    to = (to << 1) | (from & 1)
    from >>>= 1
  }
  return to
}
