/** The datagen connector as data; the names are Flink's. */

import type { ConnectorSpec } from '../../engine/source/connector-spec.ts'
import { checkDatagen } from './plan.ts'

export const datagen: ConnectorSpec = {
  name: 'datagen',
  doc: 'Makes rows up: random values or sequences, the same ones for the same seed in every run. The columns of TIMESTAMP type advance with the row number, at the pace of rows-per-second.',
  options: {
    'rows-per-second': {
      kind: 'integer',
      default: '10000',
      min: 0,
      doc: 'Rows a second over all splits; 0: as fast as they are read.',
    },
    'number-of-rows': {
      kind: 'integer',
      min: 0,
      doc: 'The table ends after so many rows. Absent: never, unless a sequence ends.',
    },
    seed: { kind: 'integer', default: '1', doc: 'Another seed gives other random values.' },
    'start-time': {
      kind: 'string',
      default: '2025-01-01 00:00:00',
      doc: 'What the TIMESTAMP columns of the first row show.',
    },
    splits: { kind: 'integer', default: '1', min: 1, max: 64, doc: 'Rows take turns over them.' },
    'fields.#.kind': {
      kind: 'enum',
      values: ['random', 'sequence'],
      doc: 'random (the default), or sequence: whole numbers from start to end.',
    },
    'fields.#.min': { kind: 'string', doc: 'The least random number.' },
    'fields.#.max': { kind: 'string', doc: 'The greatest random number.' },
    'fields.#.start': { kind: 'integer', doc: "A sequence's first number." },
    'fields.#.end': { kind: 'integer', doc: "A sequence's last number; the table ends with it." },
    'fields.#.length': {
      kind: 'integer',
      min: 0,
      max: 100_000,
      doc: 'Characters of a random string, bytes of random bytes. Default: 100.',
    },
    'fields.#.null-rate': { kind: 'string', doc: 'The share of NULLs, 0 (the default) to 1.' },
    'fields.#.max-past': {
      kind: 'duration',
      doc: 'A TIMESTAMP is up to so much earlier, at random. Default: 0.',
    },
  },
  source: { replay: 'offset' },
  check: checkDatagen,
}
