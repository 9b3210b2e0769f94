/** The Nexmark generator as data. */

import type { ConnectorSpec } from '../../engine/source/connector-spec.ts'
import { checkNexmark } from './settings.ts'

export const nexmark: ConnectorSpec = {
  name: 'nexmark',
  doc: 'The auction site of the Nexmark benchmark: persons, auctions and bids on one line of time, 1 to 3 to 46 of 50 events. Every event is a function of the seed and its number. A table has any of the columns of its kind, by name: bid (auction, bidder, price, channel, url, dateTime, extra), auction (id, itemName, description, initialBid, reserve, dateTime, expires, seller, category, extra), person (id, name, emailAddress, creditCard, city, state, dateTime, extra).',
  options: {
    'nexmark.table': {
      kind: 'enum',
      values: ['bid', 'auction', 'person'],
      required: true,
      doc: 'Which events the rows are.',
    },
    'nexmark.profile': {
      kind: 'enum',
      values: ['flood', 'steady'],
      default: 'steady',
      doc: 'How dense event time is: flood has 10 million events a second, steady 100 thousand.',
    },
    'nexmark.events-per-second': {
      kind: 'integer',
      min: 1,
      doc: 'Events a second of event time, instead of what the profile says.',
    },
    'nexmark.events': {
      kind: 'integer',
      min: 0,
      doc: 'Events of all three kinds together, after which the tables end. Absent: never.',
    },
    'nexmark.seed': { kind: 'integer', default: '1', doc: 'Another seed gives other events.' },
    'nexmark.base-time': {
      kind: 'string',
      default: '2025-01-01 00:00:00',
      doc: 'The time of the first event.',
    },
    'nexmark.out-of-order-group': {
      kind: 'integer',
      default: '1',
      min: 1,
      max: 900,
      doc: 'Rows are shuffled within groups of so many; 1: they come in order of time.',
    },
    'rows-per-second': {
      kind: 'integer',
      default: '10000',
      min: 0,
      doc: 'Rows a second of the clock on the wall, over all splits; 0: as fast as they are read.',
    },
    splits: { kind: 'integer', default: '1', min: 1, max: 64, doc: 'Rows take turns over them.' },
  },
  source: { replay: 'offset' },
  check: checkNexmark,
}
