/** Arrow IPC streams and files into a batch. */

import { emptyBatch } from '../batch/batch.ts'
import { concat } from '../batch/concat.ts'
import { fromArrowStream } from '../batch/ipc.ts'
import type { Format } from './format.ts'

export const arrow: Format = {
  name: 'arrow',
  mediaTypes: ['application/vnd.apache.arrow.stream', 'application/vnd.apache.arrow.file'],
  decodeRows(body, schema, options) {
    const batches = fromArrowStream(body, schema, options)
    return { batch: concat([emptyBatch(schema), ...batches]) }
  },
}
