/** The dataflow as the engine's configuration asks for it. */

import type { EpochClock } from '../base/clock.ts'
import { Dataflow } from './dataflow.ts'
import type { EngineContext } from './engine.ts'

const BATCH_ROWS_MAX = 16_384
const RESULT_SEGMENT_BYTES = 16 << 20

/** `onReady` is called whenever a source may have new records. */
export function engineDataflow(
  { config, disk, clock, connectors, lookups, appended }: EngineContext,
  epochClock: EpochClock,
  onReady: () => void,
): Dataflow {
  const { dataFolder, durability, epochRowsMax, resultRetentionBytesMax } = config
  return new Dataflow({
    ...{ disk, dataFolder, connectors, appended, durability, onReady },
    clock: epochClock,
    batchRowsMax: Math.min(BATCH_ROWS_MAX, epochRowsMax),
    results: {
      segmentBytesMax: Math.min(RESULT_SEGMENT_BYTES, resultRetentionBytesMax),
      retentionBytesMax: resultRetentionBytesMax,
    },
    monotonicMs: () => clock.monotonicMs(),
    lookups: { connectors: lookups ?? new Map(), clock, onReady },
  })
}
