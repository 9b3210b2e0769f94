/** The columns of auctions. */

import { randomAt } from '../../engine/base/random.ts'
import { bigints, type ColumnMaker, texts, times, writeExtra } from './columns.ts'
import { below, FIRST_ID, lastAuction, lastPerson, lifeMs, price, somePerson } from './event.ts'
import { writeWords } from './letters.ts'

const QUARTER = 2 ** 30
const HOT_EVERY = 100
const CATEGORIES = 5
const FIRST_CATEGORY = 10

const SALT = {
  ...{ item: 101, description: 103, bid: 105, reserve: 106, life: 107, seller: 108 },
  ...{ category: 110, extra: 111 },
}

/** 3 to `max` - 1 characters. */
const lengthOf = (random: number, max: number): number => 3 + below(random, max - 3)
const ITEM_MAX = 20
const DESCRIPTION_MAX = 100
const NUMBERS_BYTES = 64
const BYTES = 500

const words =
  (salt: number, max: number): ColumnMaker =>
  (events, { seed }) =>
    texts(events, max, (heap, at, event) => {
      const length = lengthOf(randomAt(seed, event, salt), max)
      writeWords(heap, at, length, { seed: randomAt(seed, event, salt + 1) })
      return at + length
    })

export const AUCTION: Readonly<Record<string, ColumnMaker>> = {
  id: (events) => bigints(events, (event) => lastAuction(event) + FIRST_ID),
  itemName: words(SALT.item, ITEM_MAX),
  description: words(SALT.description, DESCRIPTION_MAX),
  initialBid: (events, { seed }) => bigints(events, (e) => price(randomAt(seed, e, SALT.bid))),
  reserve: (events, { seed }) =>
    bigints(
      events,
      (e) => price(randomAt(seed, e, SALT.bid)) + price(randomAt(seed, e, SALT.reserve)),
    ),
  dateTime: (events, settings) => times(events, settings),
  expires: (events, settings) =>
    times(events, settings, (event) =>
      lifeMs(event, settings.eventsPerSecond, randomAt(settings.seed, event, SALT.life)),
    ),
  seller: (events, { seed }) =>
    bigints(events, (event) => {
      const hot = randomAt(seed, event, SALT.seller) >= QUARTER
      const seller = hot
        ? Math.floor(lastPerson(event) / HOT_EVERY) * HOT_EVERY
        : somePerson(event, randomAt(seed, event, SALT.seller + 1))
      return seller + FIRST_ID
    }),
  category: (events, { seed }) =>
    bigints(events, (e) => FIRST_CATEGORY + below(randomAt(seed, e, SALT.category), CATEGORIES)),
  extra: (events, { seed }) =>
    texts(events, BYTES * 1.2, (heap, at, event) => {
      const item = lengthOf(randomAt(seed, event, SALT.item), ITEM_MAX)
      const description = lengthOf(randomAt(seed, event, SALT.description), DESCRIPTION_MAX)
      const missing = BYTES - NUMBERS_BYTES - item - description
      return writeExtra(heap, at, missing, { seed, event, salt: SALT.extra })
    }),
}
