/** What a connector promises, in words for people: DESCRIBE and the documentation say the same. */

import {
  type ConnectorSpec,
  deliveryOf,
  lookupOf,
  type SinkSpec,
  type SourceSpec,
  sinkOf,
  sourceOf,
} from './connector-spec.ts'
import type { LookupSpec } from './lookup.ts'

/** One way of using a table, and how often a record or a result then counts. */
export interface Guarantee {
  readonly way: 'read' | 'looked up' | 'written'
  readonly text: string
}

/** What a table with these options can be used for. */
export function guaranteesOf(
  spec: ConnectorSpec,
  options: Readonly<Record<string, string>>,
): Guarantee[] {
  const source = sourceOf(spec, options)
  const lookup = lookupOf(spec, options)
  const sink = sinkOf(spec, options)
  return [
    ...(source === undefined ? [] : [readText(source)]),
    ...(lookup === undefined ? [] : [lookupText(lookup)]),
    ...(sink === undefined ? [] : [writeText(sink)]),
  ]
}

export function readText(source: SourceSpec): Guarantee {
  const how = source.replay === 'offset' ? 'by offset' : 'through the embedded log'
  return { way: 'read', text: `${deliveryOf(source)}, ${how}` }
}

export const lookupText = ({ keys }: LookupSpec): Guarantee => ({
  way: 'looked up',
  text: keys === 'primary' ? 'by the PRIMARY KEY' : 'by any columns',
})

export const writeText = ({ delivery }: SinkSpec): Guarantee => ({ way: 'written', text: delivery })
