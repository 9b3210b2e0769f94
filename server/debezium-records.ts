/** Debezium's events in the body of a request, as the rows that come and go: one event, an array,
 *  or one a line. They are read as messages of a connector are. */

import { recordsOf } from '../connectors/http-body.ts'
import { ALL_GONE } from '../engine/batch/batch.ts'
import { badRecord, refuseRecord } from '../engine/format/bad-record.ts'
import type { Format } from '../engine/format/format.ts'
import { skipSpace } from '../engine/format/json-scan.ts'
import { DebeziumMessages } from '../engine/source/debezium-messages.ts'
import type { TableSpec } from '../engine/source/table.ts'

/** As `?format=…` names it. */
export const DEBEZIUM = 'debezium-json'

const OPEN_ARRAY = 91

/** The format of events for a table. `lines`: one a line. Raises BAD_RECORD for the first event
 *  that does not fit, and for one that says that all rows are gone. */
export const debeziumFormat = ({ name, options: given }: TableSpec, lines: boolean): Format => ({
  name: DEBEZIUM,
  mediaTypes: [],
  decodeRows(body, schema, options) {
    const schemaInclude = given['debezium-json.schema-include'] === 'true'
    const decoder = new DebeziumMessages(schema, { ...options, schemaInclude, metadata: [] })
    const records = eventsOf(body, lines)
    const { batch, rows, bad } = decoder.decode({
      bytes: body,
      starts: Int32Array.from(records, ({ start }) => start),
      ends: Int32Array.from(records, ({ end }) => end),
    })
    for (const { index, error } of bad) badRecord({ index, ...partsOf(error.details) })
    const truncate = batch.weights?.indexOf(ALL_GONE) ?? -1
    if (truncate >= 0) {
      const index = rows?.[truncate] ?? truncate
      badRecord({ index, reason: `"op" is "t": ${name} keeps every row until it is told its key` })
    }
    return { batch }
  },
})

function eventsOf(body: Uint8Array, lines: boolean): ReturnType<typeof recordsOf> {
  const isArray = body[skipSpace(body, 0)] === OPEN_ARRAY
  try {
    return recordsOf(body, { body: lines ? 'lines' : isArray ? 'array' : 'record' })
  } catch (error) {
    return refuseRecord(error, { index: 0 })
  }
}

/** Of a message's error, which names no place among others. */
const partsOf = ({ column, reason }: Readonly<Record<string, unknown>> = {}) => ({
  ...(typeof column === 'string' && { column }),
  reason: String(reason),
})
