/** The columns of bids. Half of all bids go to one auction of each hundred, three quarters come
 *  from one person of each hundred: keys are as skewed as they get, and the hot ones move. */

import { randomAt } from '../../engine/base/random.ts'
import { COLD_CHANNELS, channels, HOT_CHANNELS } from './channels.ts'
import {
  bigints,
  type ColumnMaker,
  type Events,
  picked,
  texts,
  times,
  writeExtra,
} from './columns.ts'
import {
  below,
  FIRST_ID,
  lastAuction,
  lastPerson,
  price,
  someAuction,
  somePerson,
} from './event.ts'

const HALF = 2 ** 31
const QUARTER = 2 ** 30
const HOT_EVERY = 100

/** Tells the columns' random numbers apart. */
const SALT = { auction: 1, bidder: 3, price: 5, channel: 6, extra: 8 }

const EXTRA_MISSING = 68
const EXTRA_MAX = 82

export const BID: Readonly<Record<string, ColumnMaker>> = {
  auction: (events, { seed }) =>
    bigints(events, (event) => {
      const hot = randomAt(seed, event, SALT.auction) < HALF
      const auction = hot
        ? Math.floor(lastAuction(event) / HOT_EVERY) * HOT_EVERY
        : someAuction(event, randomAt(seed, event, SALT.auction + 1))
      return auction + FIRST_ID
    }),
  bidder: (events, { seed }) =>
    bigints(events, (event) => {
      const hot = randomAt(seed, event, SALT.bidder) >= QUARTER
      const bidder = hot
        ? Math.floor(lastPerson(event) / HOT_EVERY) * HOT_EVERY + 1
        : somePerson(event, randomAt(seed, event, SALT.bidder + 1))
      return bidder + FIRST_ID
    }),
  price: (events, { seed }) => bigints(events, (event) => price(randomAt(seed, event, SALT.price))),
  channel: (events, { seed }) => picked(events, channels().names, (e) => channelOf(e, seed)),
  url: (events, { seed }) => picked(events, channels().urls, (e) => channelOf(e, seed)),
  dateTime: (events, settings) => times(events, settings),
  extra: (events: Events, { seed }) =>
    texts(events, EXTRA_MAX, (heap, at, event) =>
      writeExtra(heap, at, EXTRA_MISSING, { seed, event, salt: SALT.extra }),
    ),
}

/** Half of the bids come through a hot channel. */
function channelOf(event: number, seed: number): number {
  const random = randomAt(seed, event, SALT.channel)
  const choice = randomAt(seed, event, SALT.channel + 1)
  return random < HALF ? below(choice, HOT_CHANNELS) : HOT_CHANNELS + below(choice, COLD_CHANNELS)
}
