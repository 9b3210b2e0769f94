/** The print connector as data. */

import type { ConnectorSpec } from '../../engine/source/connector-spec.ts'

export const print: ConnectorSpec = {
  name: 'print',
  doc: 'Writes every result as a line to the output of the server: `+I[1, a]`, `-D[1, a]`.',
  options: {
    'print-identifier': {
      kind: 'string',
      default: '',
      doc: 'Stands before every line, with `> `.',
    },
    'standard-error': {
      kind: 'boolean',
      default: 'false',
      doc: 'Whether the lines go to standard error.',
    },
  },
  sink: { delivery: 'at-least-once' },
}
