/** The blackhole connector as data. */

import type { ConnectorSpec } from '../../engine/source/connector-spec.ts'

export const blackhole: ConnectorSpec = {
  name: 'blackhole',
  doc: 'Takes every result and keeps none: for measuring a query without its sink.',
  options: {},
  sink: { delivery: 'exactly-once' },
}
