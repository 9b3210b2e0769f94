/** How a table is read, of its options. */

import { compileRegex } from '../../engine/expr/regex/regex.ts'
import { messageKeyColumns, valueHasKey } from '../../engine/source/keyed-messages.ts'
import type { TableSpec } from '../../engine/source/table.ts'
import { wantedParts } from './metadata.ts'
import { type Bound, startBound, stopBound } from './offset-lists.ts'
import type { WantedParts } from './record-rows.ts'

export interface ReadSettings {
  readonly bootstrapServers: string
  readonly clientId: string
  /** For committed offsets. */
  readonly group: string | undefined
  /** Names, or what names must match. */
  readonly topics: readonly string[] | ((name: string) => boolean)
  readonly start: Bound
  /** undefined: the table has no end. */
  readonly stop: Bound | undefined
  /** What happens when the broker does not have an offset that is wanted. */
  readonly reset: 'none' | 'earliest' | 'latest'
  /** How often to look for partitions; 0: once. */
  readonly discoveryMs: number
  readonly readsCommitted: boolean
  readonly checksCrc: boolean
  readonly maxWaitMs: number
  readonly minBytes: number
  readonly maxBytes: number
  readonly partitionMaxBytes: number
  readonly metadataKeys: ReadonlySet<string>
  readonly wanted: WantedParts
}

export function readSettings(table: TableSpec): ReadSettings {
  const { options, metadata = [], connector } = table
  const property = (name: string) => options[`properties.${name}`]
  const isUpsert = connector === 'upsert-kafka'
  const metadataKeys = new Set(metadata.map(({ key }) => key))
  const keys = isUpsert || (messageKeyColumns(table).length > 0 && !valueHasKey(options))
  return {
    bootstrapServers: property('bootstrap.servers'),
    clientId: property('client.id'),
    group: property('group.id'),
    topics: topicsOf(options),
    start: isUpsert ? { kind: 'earliest' } : startBound(options),
    stop: stopBound(options),
    reset: (property('auto.offset.reset') ?? 'none') as ReadSettings['reset'],
    discoveryMs: Number(options['scan.topic-partition-discovery.interval'] ?? 0),
    readsCommitted: property('isolation.level') === 'read_committed',
    checksCrc: property('check.crcs') === 'true',
    maxWaitMs: Number(property('fetch.max.wait.ms')),
    minBytes: Number(property('fetch.min.bytes')),
    maxBytes: Number(property('fetch.max.bytes')),
    partitionMaxBytes: Number(property('max.partition.fetch.bytes')),
    metadataKeys,
    wanted: wantedParts(metadataKeys, { keys, tombstones: isUpsert }),
  }
}

function topicsOf(options: TableSpec['options']): ReadSettings['topics'] {
  const pattern = options['topic-pattern']
  if (pattern === undefined) return topicNames(options.topic)
  const regex = topicRegex(pattern)
  return (name) => regex.testText(name)
}

/** INVALID_ARGUMENT for what is no regular expression. */
export const topicRegex = (pattern: string) => compileRegex(`^(?:${pattern})$`, undefined)

export const topicNames = (list: string): string[] =>
  list
    .split(';')
    .map((name) => name.trim())
    .filter((name) => name !== '')
