/** The columns of persons. */

import { randomAt } from '../../engine/base/random.ts'
import { bigints, type ColumnMaker, texts, times, writeExtra } from './columns.ts'
import { below, FIRST_ID, lastPerson } from './event.ts'
import { writeLetters } from './letters.ts'

const FIRST_NAMES = 'Peter Paul Luke John Saul Vicky Kate Julie Sarah Deiter Walter'.split(' ')
const LAST_NAMES = 'Shultz Abrams Spencer White Bartels Walton Smith Jones Noris'.split(' ')
const CITIES = [
  ...['Phoenix', 'Los Angeles', 'San Francisco', 'Boise', 'Portland', 'Bend', 'Redmond'],
  ...['Seattle', 'Kent', 'Cheyenne'],
]
const STATES = ['AZ', 'CA', 'ID', 'OR', 'WA', 'WY']

const SALT = { name: 201, email: 203, card: 207, city: 209, state: 210, extra: 211 }
const NAME_MAX = 32
const EMAIL_MAX = 16
const CARD_BYTES = 19
const BYTES = 200

const pick = (list: readonly string[], random: number): string => list[below(random, list.length)]

function nameOf(event: number, seed: number): string {
  const first = pick(FIRST_NAMES, randomAt(seed, event, SALT.name))
  return `${first} ${pick(LAST_NAMES, randomAt(seed, event, SALT.name + 1))}`
}

const cityOf = (event: number, seed: number): string =>
  pick(CITIES, randomAt(seed, event, SALT.city))

/** Texts are ASCII. */
function writeAscii(heap: Uint8Array, at: number, text: string): number {
  for (let i = 0; i < text.length; i++) heap[at + i] = text.charCodeAt(i)
  return at + text.length
}

/** 3 to 6 letters, 3 to 4 letters. */
const userLength = (event: number, seed: number): number =>
  3 + below(randomAt(seed, event, SALT.email), 4)
const hostLength = (event: number, seed: number): number =>
  3 + below(randomAt(seed, event, SALT.email + 1), 2)

function writeEmail(heap: Uint8Array, at: number, event: number, seed: number): number {
  const user = userLength(event, seed)
  const host = hostLength(event, seed)
  writeLetters(heap, at, user, randomAt(seed, event, SALT.email + 2))
  heap[at + user] = 64
  writeLetters(heap, at + user + 1, host, randomAt(seed, event, SALT.email + 3))
  return writeAscii(heap, at + user + 1 + host, '.com')
}

/** `dddd dddd dddd dddd` */
function cardOf(event: number, seed: number): string {
  const digits = [0, 1].map((half) =>
    String(below(randomAt(seed, event, SALT.card + half), 1e8)).padStart(8, '0'),
  )
  return digits.map((half) => `${half.slice(0, 4)} ${half.slice(4)}`).join(' ')
}

const text =
  (of: (event: number, seed: number) => string, max: number): ColumnMaker =>
  (events, { seed }) =>
    texts(events, max, (heap, at, event) => writeAscii(heap, at, of(event, seed)))

export const PERSON: Readonly<Record<string, ColumnMaker>> = {
  id: (events) => bigints(events, (event) => lastPerson(event) + FIRST_ID),
  name: text(nameOf, NAME_MAX),
  emailAddress: (events, { seed }) =>
    texts(events, EMAIL_MAX, (heap, at, event) => writeEmail(heap, at, event, seed)),
  creditCard: text(cardOf, CARD_BYTES),
  city: text(cityOf, NAME_MAX),
  state: text((event, seed) => pick(STATES, randomAt(seed, event, SALT.state)), 2),
  dateTime: (events, settings) => times(events, settings),
  extra: (events, { seed }) =>
    texts(events, BYTES * 1.2, (heap, at, event) => {
      const email = userLength(event, seed) + hostLength(event, seed) + 5
      const others = nameOf(event, seed).length + cityOf(event, seed).length + CARD_BYTES
      const missing = BYTES - 8 - email - others - 2 - 8
      return writeExtra(heap, at, missing, { seed, event, salt: SALT.extra })
    }),
}
