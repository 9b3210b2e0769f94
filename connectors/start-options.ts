/** Where the reading of a table begins and ends, as options that several connectors have. The names
 *  are Flink's. */

import { fail } from '../engine/base/errors.ts'
import type { OptionTable } from '../engine/source/option.ts'
import type { TableSpec } from '../engine/source/table.ts'

export const START_OPTIONS: OptionTable = {
  'scan.startup.mode': {
    kind: 'enum',
    values: ['earliest-offset', 'latest-offset', 'timestamp', 'specific-offset'],
    default: 'earliest-offset',
    doc: 'Where a query begins: with the oldest message, behind the newest, at a time, or at an offset. It goes on from its checkpoint afterwards.',
  },
  'scan.startup.timestamp-millis': {
    kind: 'integer',
    min: 0,
    doc: 'For the mode timestamp: the first message that is not older, in milliseconds since 1970.',
  },
  'scan.bounded.mode': {
    kind: 'enum',
    values: ['unbounded', 'latest-offset'],
    default: 'unbounded',
    doc: 'latest-offset: the table ends with the last message that is there when a query begins.',
  },
}

/** INVALID_OPTION if the mode lacks what it needs; `offsetOption` says which message to begin
 *  with. */
export function checkStart({ options }: TableSpec, offsetOption: string): void {
  const mode = options['scan.startup.mode']
  const needs = { timestamp: 'scan.startup.timestamp-millis', 'specific-offset': offsetOption }
  for (const [wanted, option] of Object.entries(needs)) {
    if ((mode === wanted) === (options[option] !== undefined)) continue
    fail('INVALID_OPTION', `'${option}' belongs to 'scan.startup.mode' = '${wanted}'`, {
      hint: mode === wanted ? `Add '${option}'.` : `The mode is '${mode}'.`,
    })
  }
}
