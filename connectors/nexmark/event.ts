/** The order of Nexmark's events and the ids they refer to: of every 50 events the first is a
 *  person, the next three are auctions, the others bids. Ids count from 0 here; `FIRST_ID` is added
 *  once, where they are written. */

export type EventKind = 'bid' | 'auction' | 'person'

const BLOCK = 50
const AUCTIONS = 3
const BIDS = 46
const FIRST_BID = 4

export const FIRST_ID = 1000

/** The number of the event that row `row` of a kind is. */
export function eventOf(kind: EventKind, row: number): number {
  if (kind === 'person') return row * BLOCK
  const [each, first] = kind === 'bid' ? [BIDS, FIRST_BID] : [AUCTIONS, 1]
  const block = Math.floor(row / each)
  return block * BLOCK + first + (row - block * each)
}

/** How many of the first `events` events are of the kind. */
export function eventCount(kind: EventKind, events: number): number {
  const blocks = Math.floor(events / BLOCK)
  const rest = events - blocks * BLOCK
  if (kind === 'person') return blocks + (rest > 0 ? 1 : 0)
  const [each, first] = kind === 'bid' ? [BIDS, FIRST_BID] : [AUCTIONS, 1]
  return blocks * each + Math.min(Math.max(rest - first, 0), each)
}

/** The row in place of `row` when `rowCount` rows are shuffled in groups: 953 is a prime above the
 *  largest group, so each row of a group comes once. A last group that is not full stays as it
 *  is. */
export function shuffled(row: number, group: number, rowCount: number): number {
  if (group === 1) return row
  const first = Math.floor(row / group) * group
  if (first + group > rowCount) return row
  return first + (((row - first) * 953) % group)
}

/** The last person at the time of an event. */
export const lastPerson = (event: number): number => Math.floor(event / BLOCK)

/** The last auction at the time of an event; -1 before the first. */
export function lastAuction(event: number): number {
  const block = Math.floor(event / BLOCK)
  const offset = event - block * BLOCK
  if (offset === 0) return block * AUCTIONS - 1
  return block * AUCTIONS + Math.min(offset - 1, AUCTIONS - 1)
}

const PERSONS_ACTIVE = 1000
const AUCTIONS_IN_FLIGHT = 100
/** Ids that do not exist yet: a join has to wait for them. */
const LEAD = 10

/** A person among the active ones; `random`: a uint32. */
export function somePerson(event: number, random: number): number {
  const people = lastPerson(event) + 1
  const active = Math.min(people, PERSONS_ACTIVE)
  return people - active + below(random, active + LEAD)
}

/** An auction among those in flight; `random`: a uint32. */
export function someAuction(event: number, random: number): number {
  const last = lastAuction(event)
  const first = Math.max(last - AUCTIONS_IN_FLIGHT, 0)
  return first + below(random, last - first + 1 + LEAD)
}

/** A whole number in [0, bound) from a uint32. */
export const below = (random: number, bound: number): number =>
  Math.floor((random / 4294967296) * bound)

/** Milliseconds of event time from the first event to this one. */
export const eventMs = (event: number, eventsPerSecond: number): number =>
  Math.floor((event * 1000) / eventsPerSecond)

/** How long an auction lasts at most, half: the time of so many further events. */
const HORIZON_EVENTS = Math.floor((AUCTIONS_IN_FLIGHT * BLOCK) / AUCTIONS)

/** Milliseconds from an auction's begin to its end. At 10 million events a second the horizon
 *  rounds to nothing, and every auction ends after one millisecond. */
export function lifeMs(event: number, eventsPerSecond: number, random: number): number {
  const begin = eventMs(event, eventsPerSecond)
  const horizon = eventMs(event + HORIZON_EVENTS, eventsPerSecond) - begin
  return 1 + below(random, Math.max(horizon * 2, 1))
}

/** Cents: between 100 and 10^8, evenly over the orders of magnitude; `random`: a uint32. */
export const price = (random: number): number => Math.round(10 ** ((random / 4294967296) * 6) * 100)
